import { fromLeftToRight, isArea, rowsOf } from '../catalog/adjacency-rules.ts';
import { focalPointOf, type Hall, isBetter, openRuns, type Score, type Search } from './block-search-rules.ts';
import { isAccepted } from './orphan-rules.ts';
import { isOrdinary } from './party-rules.ts';

/** A block of free seats of one row. `first` is its first place. */
type Block = { readonly first: number; readonly leavesSingle: boolean };

/**
 * The best ordinary free seats for a party that finds no room in one row: two blocks in two rows of a section that
 * follow each other, of which the second has the seat of its row that is nearest to a seat of the first. Seats of the first row come
 * first, each row from left to right. Undefined when there are none that the search's policy accepts. Slower than the
 * search in one row: it runs only when no row has room. Pairs of rows are looked at from the nearest to the furthest, until
 * none can have a better choice.
 */
export function blockInAdjacentRows(hall: Hall, search: Search): number[] | undefined {
  const found = new Map<number, RowBlocks>();
  const blocksOf = (row: number) => {
    const blocks = found.get(row) ?? blocksOfRow(hall, search, row);
    found.set(row, blocks);
    return blocks;
  };
  let best: Best | undefined;
  for (const { row, nearest } of rowPairsOf(hall).pairs) {
    if (best && !best.leavesSingle && nearest > best.distance) break;
    const [upper, lower] = [blocksOf(row - 1), blocksOf(row)];
    if (upper.longest + lower.longest >= search.party.size)
      best = bestOfPair(hall, search, { row, upper: upper.ofSize, lower: lower.ofSize, best });
  }
  return best && [...best.seatNos];
}

type Best = Score & { readonly seatNos: readonly number[] };
type Pair = {
  readonly row: number;
  readonly upper: (size: number) => Block[];
  readonly lower: (size: number) => Block[];
  readonly best: Best | undefined;
};

/** The best blocks of a row and the one before it, if they are better than the best ones so far. */
function bestOfPair(hall: Hall, search: Search, { row, upper, lower, best: before }: Pair): Best | undefined {
  const { order } = rowsOf(hall);
  const { size } = search.party;
  let best = before;
  for (let count = 1; count < size; count++) {
    for (const [one, other] of touching(hall, { row, count, size }, upper(count), lower(size - count))) {
      const blocks = [
        order.subarray(one.first, one.first + count),
        order.subarray(other.first, other.first + size - count),
      ];
      const seatNos = blocks.flatMap((block) => fromLeftToRight(hall, Array.from(block)));
      const score = { leavesSingle: one.leavesSingle || other.leavesSingle, distance: distanceOfAll(hall, seatNos) };
      if (isBetter(score, best) && isAccepted(hall, seatNos, search)) best = { ...score, seatNos };
    }
  }
  return best;
}

/** `row` and the one before it. `nearest`: no choice of seats of both is nearer to what they face, squared. */
type RowPair = { readonly row: number; readonly nearest: number };
/** The nearest pair comes first. `beside`: by place, 1 + the nearest place of the next row; 0 when it was not asked for yet. */
type RowPairs = { readonly pairs: readonly RowPair[]; readonly beside: Uint32Array };
const known = new WeakMap<Hall, RowPairs>();

/** The rows of a section that follow each other. Computed once for each plan. */
function rowPairsOf(hall: Hall): RowPairs {
  const before = known.get(hall);
  if (before) return before;
  const { order, rowStarts } = rowsOf(hall);
  const pairs: RowPair[] = [];
  for (let row = 1; row + 1 < rowStarts.length; row++) {
    const [from, middle, to] = [rowStarts[row - 1] ?? 0, rowStarts[row] ?? 0, rowStarts[row + 1] ?? 0];
    if (hall.sectionOf[from] !== hall.sectionOf[middle]) continue;
    const seatNos = order.subarray(from, to);
    const [focusX, focusY] = focalPointOf(hall, order[from] ?? 0);
    const nearest = awayFrom(focusX, seatNos, hall.x) ** 2 + awayFrom(focusY, seatNos, hall.y) ** 2;
    pairs.push({ row, nearest: nearest * CERTAIN });
  }
  pairs.sort((one, other) => one.nearest - other.nearest);
  const found = { pairs, beside: new Uint32Array(hall.seatCount) };
  known.set(hall, found);
  return found;
}

/** The middle of some seats is computed with rounding, so it may be a little outside of the box around all of them. */
const CERTAIN = 1 - 1e-9;

/** How far a value is from the range of those of the seats. */
function awayFrom(value: number, seatNos: ArrayLike<number>, column: ArrayLike<number>): number {
  let [least, most] = [Infinity, -Infinity];
  for (let index = 0; index < seatNos.length; index++) {
    const at = column[seatNos[index] ?? 0] ?? 0;
    if (at < least) least = at;
    if (at > most) most = at;
  }
  return Math.max(0, least - value, value - most);
}

/** `longest`: of the runs of open seats. Each size is looked for once. */
type RowBlocks = { readonly longest: number; readonly ofSize: (size: number) => Block[] };

/** The blocks of a row by their size. */
function blocksOfRow(hall: Hall, { isFree, isWanted, party }: Search, row: number): RowBlocks {
  const rows = rowsOf(hall);
  const [from, to] = [rows.rowStarts[row] ?? 0, rows.rowStarts[row + 1] ?? 0];
  const isOpen = (seatNo: number) => isFree(seatNo) && isOrdinary(hall, seatNo) && !isArea(hall, seatNo);
  const runs = [...openRuns(rows, isOpen, { from, to })];
  const bySize = new Map<number, Block[]>();
  const longest = runs.reduce((most, run) => Math.max(most, run.to - run.from), 0);
  const ofSize = (size: number) => {
    const known = bySize.get(size);
    if (known || size >= party.size) return known ?? [];
    const blocks = runs.flatMap((run) => {
      const firsts = Array.from({ length: Math.max(0, run.to - run.from - size + 1) }, (_, index) => run.from + index);
      return firsts
        .filter((first) => rows.order.subarray(first, first + size).every(isWanted))
        .map((first) => ({ first, leavesSingle: first - run.from === 1 || run.to - first - size === 1 }));
    });
    bySize.set(size, blocks);
    return blocks;
  };
  return { longest, ofSize };
}

/** The pairs of a block of the row before and a block of the row that are next to each other. */
function* touching(
  hall: Hall,
  { row, count, size }: { row: number; count: number; size: number },
  upper: readonly Block[],
  lower: readonly Block[],
): Generator<[Block, Block]> {
  if (lower.length === 0) return;
  for (const one of upper) {
    const nearest = Array.from({ length: count }, (_, index) => nearestPlace(hall, one.first + index, row));
    for (const other of lower) {
      const end = other.first + size - count;
      if (nearest.some((place) => place >= other.first && place < end)) yield [one, other];
    }
  }
}

/** The place in the row that is nearest to a seat of the row before it. */
function nearestPlace(hall: Hall, place: number, row: number): number {
  const { beside } = rowPairsOf(hall);
  const before = beside[place] ?? 0;
  if (before > 0) return before - 1;
  const found = findNearest(hall, place, row);
  beside[place] = found + 1;
  return found;
}

function findNearest(hall: Hall, place: number, row: number): number {
  const { order, rowStarts } = rowsOf(hall);
  const seatNo = order[place] ?? 0;
  let nearest = -1;
  let shortest = Infinity;
  for (let other = rowStarts[row] ?? 0; other < (rowStarts[row + 1] ?? 0); other++) {
    const beside = order[other] ?? 0;
    const apart = Math.hypot(
      (hall.x[beside] ?? 0) - (hall.x[seatNo] ?? 0),
      (hall.y[beside] ?? 0) - (hall.y[seatNo] ?? 0),
    );
    if (apart < shortest) [nearest, shortest] = [other, apart];
  }
  return nearest;
}

/** Squared, from the middle of all seats to what they face. */
function distanceOfAll(hall: Hall, seatNos: readonly number[]): number {
  const [focusX, focusY] = focalPointOf(hall, seatNos[0] ?? 0);
  const mean = (column: ArrayLike<number>) =>
    seatNos.reduce((sum, seatNo) => sum + (column[seatNo] ?? 0), 0) / seatNos.length;
  return (mean(hall.x) - focusX) ** 2 + (mean(hall.y) - focusY) ** 2;
}
