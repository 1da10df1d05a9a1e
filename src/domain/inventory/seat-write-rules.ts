import type { SeatState } from './inventory-command.ts';
import { AVAILABLE } from './seat-state-rules.ts';

export type SeatDifference = { readonly seatNo: number; readonly from: SeatState; readonly to: SeatState };

const counterOf = { AVAILABLE: 'available', HELD: 'held', BOOKED: 'booked', BLOCKED: undefined } as const;

/**
 * The difference between the start and the end of a batch, even if a seat changed several times in it: `taken` were
 * AVAILABLE, `changed` were not, `allocated` have another allocation. Also how many seats each status gained or lost.
 */
export function seatWritesOf(before: ReadonlyMap<number, SeatState>, after: ReadonlyMap<number, SeatState>) {
  const taken: SeatDifference[] = [];
  const changed: SeatDifference[] = [];
  const allocated: SeatDifference[] = [];
  const counters = { available: 0, held: 0, booked: 0 };
  for (const [seatNo, to] of after) {
    const from = before.get(seatNo) ?? AVAILABLE;
    if (isSame(from, to)) continue;
    if (from.allocation !== to.allocation) allocated.push({ seatNo, from, to });
    else (from.status === 'AVAILABLE' ? taken : changed).push({ seatNo, from, to });
    const [lost, gained] = [counterOf[from.status], counterOf[to.status]];
    if (lost) counters[lost] -= 1;
    if (gained) counters[gained] += 1;
  }
  return { taken, changed, allocated, counters };
}

const isSame = (a: SeatState, b: SeatState): boolean =>
  a.status === b.status &&
  a.bookingId === b.bookingId &&
  a.holdExpiresAtMs === b.holdExpiresAtMs &&
  a.allocation === b.allocation;
