import { decodeSeatId } from '../../global-id-rules.ts';
import { hasSeat, type SeatingPlan } from '../seating-plan.ts';
import type { PriceLevelInput, PriceProblem, SeatSelection } from './price-list-input.ts';

type Painted = { readonly seatLevels: Uint8Array; readonly problems: readonly PriceProblem[] };

/** One byte a seat names its level; the last value is of a seat without a level. */
export const MOST_LEVELS = 255;
const NO_LEVEL = 255;

const labelKey = (label: string): string => label.normalize('NFC').trim();

/**
 * Paints the levels on the seats of a plan, one after the other. Pure. `seatLevels` is of use only without problems: unknown
 * sections, rows and seats, levels that no seat has in the end, and seats that no level has.
 */
export function paintSeats(plan: SeatingPlan, levels: readonly PriceLevelInput[]): Painted {
  const seatLevels = new Uint8Array(plan.seatCount).fill(NO_LEVEL);
  const seats = seatsOf(plan);
  const problems: PriceProblem[] = [];
  for (const [position, level] of levels.slice(0, MOST_LEVELS).entries()) {
    const chosen = choose(plan, seats, level.seats);
    for (const seatNo of chosen.seatNos) seatLevels[seatNo] = position;
    for (const { path, message } of chosen.problems)
      problems.push({ path: `priceLevels[${position}].seats.${path}`, message });
  }
  if (problems.length === 0) problems.push(...unused(seatLevels, levels), ...unpainted(plan, seatLevels));
  return { seatLevels, problems };
}

type Seats = {
  readonly bySection: ReadonlyMap<string, readonly number[]>;
  readonly byRow: ReadonlyMap<string, readonly number[]>;
};

const rowKey = (sectionId: string, row: string): string => `${sectionId} ${labelKey(row)}`;

function seatsOf(plan: SeatingPlan): Seats {
  const bySection = new Map<string, number[]>(plan.sections.map(({ id }) => [id, []]));
  const byRow = new Map<string, number[]>();
  for (let seatNo = 0; seatNo < plan.seatCount; seatNo++) {
    const sectionId = plan.sections[plan.sectionOf[seatNo] ?? -1]?.id ?? '';
    bySection.get(sectionId)?.push(seatNo);
    const key = rowKey(sectionId, plan.rowOf[seatNo] ?? '');
    const row = byRow.get(key);
    if (row) row.push(seatNo);
    else byRow.set(key, [seatNo]);
  }
  return { bySection, byRow };
}

/** Returns the seats of a selection, by number, each once; and what the plan does not have. Pure. */
export function chooseSeats(plan: SeatingPlan, selection: SeatSelection) {
  const { seatNos, problems } = choose(plan, seatsOf(plan), selection);
  return { seatNos: [...new Set(seatNos)].sort((a, b) => a - b), problems };
}

function choose(plan: SeatingPlan, { bySection, byRow }: Seats, selection: SeatSelection) {
  const seatNos: number[] = [];
  const problems: PriceProblem[] = [];
  const take = (path: string, found: readonly number[] | undefined, message: string) => {
    if (!found) problems.push({ path, message });
    else for (const seatNo of found) seatNos.push(seatNo);
  };
  for (const [index, id] of (selection.sectionIds ?? []).entries())
    take(`sectionIds[${index}]`, bySection.get(id), 'The seating plan of the event has no such section.');
  for (const [index, { sectionId, row }] of (selection.rows ?? []).entries())
    if (bySection.has(sectionId))
      take(`rows[${index}].row`, byRow.get(rowKey(sectionId, row)), `The section has no row ${row}.`);
    else take(`rows[${index}].sectionId`, undefined, 'The seating plan of the event has no such section.');
  for (const [index, id] of (selection.seatIds ?? []).entries())
    take(`seatIds[${index}]`, seatOf(plan, id), 'The seating plan of the event has no such seat.');
  return { seatNos, problems };
}

function seatOf(plan: SeatingPlan, seatId: string): [number] | undefined {
  const seat = decodeSeatId(seatId);
  return seat?.planId === plan.planId && hasSeat(plan, seat.seatNo) ? [seat.seatNo] : undefined;
}

function unused(seatLevels: Uint8Array, levels: readonly PriceLevelInput[]): PriceProblem[] {
  const used = new Set(seatLevels);
  return levels.flatMap((_, position) =>
    position >= MOST_LEVELS || used.has(position)
      ? []
      : [
          {
            path: `priceLevels[${position}].seats`,
            message: 'No seat has this level: choose seats, and mind that later levels overwrite earlier ones.',
          },
        ],
  );
}

/** One problem for each section with seats that have no level. */
function unpainted(plan: SeatingPlan, seatLevels: Uint8Array): PriceProblem[] {
  const missing = new Map<number, { first: number; count: number }>();
  for (const [seatNo, level] of seatLevels.entries()) {
    if (level !== NO_LEVEL) continue;
    const section = plan.sectionOf[seatNo] ?? -1;
    const known = missing.get(section);
    if (known) known.count += 1;
    else missing.set(section, { first: seatNo, count: 1 });
  }
  return [...missing].map(([section, { first, count }]) => {
    const label = plan.sections[section]?.label ?? '';
    const seat = `row ${plan.rowOf[first] ?? ''}, seat ${plan.labelOf[first] ?? ''}`;
    const seats = count === 1 ? `One seat of section ${label} has` : `${count} seats of section ${label} have`;
    return {
      path: 'priceLevels',
      message: `${seats} no price level: ${count === 1 ? '' : 'the first is '}${seat}.`,
    };
  });
}
