import { orderAlongRow } from './row-order-rules.ts';

/** The part of a seating plan that says where seats are. Position i of each column is seat number i. */
export type SeatPositions = {
  readonly seatCount: number;
  readonly sectionOf: ArrayLike<number>;
  readonly rowOf: ArrayLike<string>;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Bits of `seatFlags`; without it no seat has a feature. */
  readonly flags?: ArrayLike<number>;
  /** Without it every section has seats. */
  readonly sections?: readonly { readonly kind?: 'GENERAL_ADMISSION' }[];
};

/** The seats of a plan as they stand next to each other. A place is an index into `order`. */
export type SeatRows = {
  /** All seat numbers, row by row, those of a row from left to right. */
  readonly order: Uint32Array;
  /** The place of each seat number. */
  readonly placeOf: Uint32Array;
  /** The first place of each row, in the order of seat numbers, and after the last one the number of seats. */
  readonly rowStarts: Uint32Array;
  /** The row of each place. */
  readonly rowAt: Uint32Array;
  /** The first place of each run of neighbours, and after the last one the number of seats. */
  readonly runStarts: Uint32Array;
  /** The run of each place. */
  readonly runAt: Uint32Array;
};

/** A gap between two seats of a row that is wider than so many times its median pitch is an aisle. */
const AISLE = 1.6;
/** Positions are kept with seven digits, so a gap of exactly 1.6 pitches must not become an aisle by rounding. */
const ROUNDING = 1.001;

const known = new WeakMap<SeatPositions, SeatRows>();

/**
 * Which seats of a plan are next to each other: the one function that every rule about neighbours asks. Neighbours are
 * in one row, follow each other by position, and have no aisle between them. Labels and numbers do not matter. The
 * places of a general admission section are one run. Computed once for each plan, which must not be changed.
 */
export function rowsOf(plan: SeatPositions): SeatRows {
  const before = known.get(plan);
  if (before) return before;
  const rows = findRows(plan);
  known.set(plan, rows);
  return rows;
}

/** Lets a copy of a plan have the rows of the plan. Both must have the same seats at the same positions. */
export function shareRows(plan: SeatPositions, copy: SeatPositions): void {
  known.set(copy, rowsOf(plan));
}

function findRows(plan: SeatPositions): SeatRows {
  const { seatCount } = plan;
  const order = new Uint32Array(seatCount);
  const rowStarts: number[] = [];
  const runStarts: number[] = [];
  for (let from = 0; from < seatCount; ) {
    let to = from + 1;
    while (to < seatCount && isSameRow(plan, from, to)) to++;
    rowStarts.push(from);
    for (const place of fillRow(plan, order, { from, to })) runStarts.push(place);
    from = to;
  }
  const placeOf = new Uint32Array(seatCount);
  for (let place = 0; place < seatCount; place++) placeOf[order[place] ?? 0] = place;
  return {
    order,
    placeOf,
    rowStarts: Uint32Array.from([...rowStarts, seatCount]),
    rowAt: indexAt(rowStarts, seatCount),
    runStarts: Uint32Array.from([...runStarts, seatCount]),
    runAt: indexAt(runStarts, seatCount),
  };
}

const isSameRow = (plan: SeatPositions, one: number, other: number): boolean =>
  plan.sectionOf[one] === plan.sectionOf[other] && plan.rowOf[one] === plan.rowOf[other];

/** Writes the seats `from` to `to - 1`, which are one row, from left to right. Returns where its runs start. */
function fillRow(plan: SeatPositions, order: Uint32Array, { from, to }: { from: number; to: number }): number[] {
  if (isArea(plan, from)) {
    for (let seatNo = from; seatNo < to; seatNo++) order[seatNo] = seatNo;
    return [from];
  }
  const seatNos = orderAlongRow(plan, from, to);
  order.set(seatNos, from);
  const gaps = seatNos.slice(1).map((seatNo, index) => distance(plan, seatNos[index] ?? 0, seatNo));
  const widest = AISLE * ROUNDING * median(gaps);
  return [from, ...gaps.flatMap((gap, index) => (gap > widest ? [from + index + 1] : []))];
}

/** True for a place of a general admission section. */
export const isArea = (plan: SeatPositions, seatNo: number): boolean =>
  plan.sections?.[plan.sectionOf[seatNo] ?? -1]?.kind === 'GENERAL_ADMISSION';

function distance({ x, y }: SeatPositions, one: number, other: number): number {
  return Math.hypot((x[one] ?? 0) - (x[other] ?? 0), (y[one] ?? 0) - (y[other] ?? 0));
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

function indexAt(starts: readonly number[], seatCount: number): Uint32Array {
  const index = new Uint32Array(seatCount);
  for (const [number, start] of starts.entries()) index.fill(number, start, starts[number + 1] ?? seatCount);
  return index;
}

/** The seat to the left (-1) or to the right (1) of a seat; undefined at an aisle and at the end of a row. */
export function neighbourOf(plan: SeatPositions, seatNo: number, side: -1 | 1): number | undefined {
  const { order, placeOf, runAt } = rowsOf(plan);
  const place = placeOf[seatNo] ?? 0;
  return runAt[place + side] === runAt[place] ? order[place + side] : undefined;
}

/** These seats with the leftmost first; of seats above each other the uppermost. */
export function fromLeftToRight({ x, y }: SeatPositions, seatNos: readonly number[]): number[] {
  const [first, last] = [seatNos[0] ?? 0, seatNos.at(-1) ?? 0];
  const across = (x[last] ?? 0) - (x[first] ?? 0);
  const isBackwards = across < 0 || (across === 0 && (y[last] ?? 0) < (y[first] ?? 0));
  return isBackwards ? seatNos.toReversed() : [...seatNos];
}
