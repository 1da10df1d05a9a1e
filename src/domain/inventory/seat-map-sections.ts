import { rowsOf } from '#domain/catalog/adjacency-rules.ts';
import type { SeatingPlan } from '#domain/catalog/seating-plan.ts';
import type { PageWindow, WindowOf } from '../page-window.ts';
import { type PackedStatuses, statusAt } from './packed-statuses-rules.ts';
import type { SeatStatus } from './seat-status.ts';

export type SectionCounts = {
  readonly available: number;
  readonly held: number;
  readonly booked: number;
  readonly blocked: number;
  /** The longest run of available seats next to each other in one row; of a general admission section, all of them. */
  readonly largestAdjacentBlock: number;
};

const counts = new WeakMap<PackedStatuses, readonly SectionCounts[]>();

/**
 * One entry per section of the plan, in its order. Counted once per `packed` array, so the array must not be changed.
 */
export function countSections(plan: SeatingPlan, packed: PackedStatuses): readonly SectionCounts[] {
  const known = counts.get(packed);
  if (known) return known;
  const sections = plan.sections.map(() => ({ AVAILABLE: 0, HELD: 0, BOOKED: 0, BLOCKED: 0, block: 0 }));
  const { order, runAt } = rowsOf(plan);
  let run = 0;
  for (let place = 0; place < plan.seatCount; place++) {
    const seatNo = order[place] ?? 0;
    const section = sections[plan.sectionOf[seatNo] ?? 0];
    if (!section) continue;
    const status = statusAt(packed, seatNo);
    section[status]++;
    if (run > 0 && runAt[place] !== runAt[place - 1]) run = 0;
    run = status === 'AVAILABLE' ? run + 1 : 0;
    if (run > section.block) section.block = run;
  }
  const counted = sections.map(({ AVAILABLE, HELD, BOOKED, BLOCKED, block }, index) => ({
    available: AVAILABLE,
    held: HELD,
    booked: BOOKED,
    blocked: BLOCKED,
    largestAdjacentBlock: plan.sections[index]?.kind ? AVAILABLE : block,
  }));
  counts.set(packed, counted);
  return counted;
}

export type SeatFilter = {
  /** Raw section id; a section of another plan matches nothing. */
  sectionId?: string | undefined;
  status?: SeatStatus | undefined;
  /** By seat number. */
  window: PageWindow<number>;
};

/** The numbers of the seats in the window, in order. */
export function pageOfSeats(plan: SeatingPlan, packed: PackedStatuses, filter: SeatFilter): WindowOf<number> {
  const { size, from, after = -1, before = plan.seatCount } = filter.window;
  const section =
    filter.sectionId === undefined ? undefined : plan.sections.findIndex((s) => s.id === filter.sectionId);
  const first = Math.max(0, after + 1);
  const last = Math.min(plan.seatCount, before) - 1;
  const items: number[] = [];
  let hasMore = false;
  for (let step = 0; step <= last - first && !hasMore; step++) {
    const seatNo = from === 'end' ? last - step : first + step;
    if (section !== undefined && plan.sectionOf[seatNo] !== section) continue;
    if (filter.status && statusAt(packed, seatNo) !== filter.status) continue;
    hasMore = items.length === size;
    if (!hasMore) items.push(seatNo);
  }
  return { items: from === 'end' ? items.reverse() : items, hasMore };
}
