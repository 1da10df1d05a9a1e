import { fromLeftToRight, rowsOf, type SeatRows } from '../catalog/adjacency-rules.ts';
import { focalPointOf, type Hall, type PlaceRange } from './block-search-rules.ts';
import { fitting, fittingWithoutSingle } from './free-seats-rules.ts';
import { ordinaryPlacesOf, placesOf } from './hall-places-rules.ts';
import { hasBlockWithoutSingle } from './orphan-rules.ts';
import { nearestPlaces, rowPairsOf } from './row-pairs-rules.ts';
import type { Search } from './seat-search-rules.ts';

/**
 * The best ordinary free seats for a party that finds no room in one row: two blocks in two rows of a section that
 * follow each other, of which the second has the seat of its row that is nearest to a seat of the first. Seats of the first row come
 * first, each row from left to right. Undefined when there are none that the search's policy accepts. Slower than the
 * search in one row: it runs only when no row has room. Only the pairs of rows that have room are looked at, from the
 * nearest to the furthest, until none can have a nearer choice.
 */
export function blockInAdjacentRows(hall: Hall, search: Search): number[] | undefined {
  const stretchesOf = stretchesByRow(hall, search);
  const found = nearestPair({ hall, search, stretchesOf, maySingle: false });
  return found || search.policy === 'STRICT' ? found : nearestPair({ hall, search, stretchesOf, maySingle: true });
}

type Nearest = { seatNos: readonly number[]; distance: number };
/** `maySingle`: whether a choice may leave a seat single. */
type Context = {
  readonly hall: Hall;
  readonly search: Search;
  readonly stretchesOf: (row: number) => readonly PlaceRange[];
  readonly maySingle: boolean;
};

function nearestPair(context: Context): number[] | undefined {
  const { hall, search, maySingle } = context;
  const { byRow } = search.free.lengthsIn(hall);
  const { size } = search.party;
  const room = Array.from({ length: size }, (_, count) => (maySingle ? fitting(count) : fittingWithoutSingle(count)));
  const best: Nearest = { seatNos: [], distance: Infinity };
  for (const { row, nearest } of rowPairsOf(hall).pairs) {
    if (nearest > best.distance) break;
    const [upper, lower] = [byRow[row - 1] ?? 0, byRow[row] ?? 0];
    for (let count = 1; count < size; count++) {
      const hasRoom = (upper & (room[count] ?? 0)) !== 0 && (lower & (room[size - count] ?? 0)) !== 0;
      if (hasRoom) improve(best, { row, count }, context);
    }
  }
  return best.seatNos.length > 0 ? [...best.seatNos] : undefined;
}

/** `count` seats of the row before `row`, and the others of `row`. */
type Split = { readonly row: number; readonly count: number };

/** Compares the choices of so many seats of each row with the nearest one so far. */
function improve(best: Nearest, { row, count }: Split, context: Context): void {
  const { hall, search } = context;
  const { size } = search.party;
  const ones = blocksOf(context, { row: row - 1, count });
  const others = ones.length > 0 ? blocksOf(context, { row, count: size - count }) : [];
  if (others.length === 0) return;
  const { sumX, sumY } = placesOf(hall);
  const nearestOf = nearestPlaces(hall, row);
  const sumOf = (sums: Float64Array, at: number, seats: number) => (sums[at + seats] ?? 0) - (sums[at] ?? 0);
  for (const one of ones) {
    const x = sumOf(sumX, one + row - 1, count);
    const y = sumOf(sumY, one + row - 1, count);
    for (const other of others) {
      const about =
        ((x + sumOf(sumX, other + row, size - count)) / size) ** 2 +
        ((y + sumOf(sumY, other + row, size - count)) / size) ** 2;
      if (about > best.distance + ROUNDING * (1 + best.distance)) continue;
      if (!touches(nearestOf, { from: one, to: one + count }, { from: other, to: other + size - count })) continue;
      take(best, hall, [placesFrom(one, count), placesFrom(other, size - count)]);
    }
  }
}

/** A distance from sums over rows differs a little from that of the seats, which decides between choices. */
const ROUNDING = 1e-6;

const placesFrom = (from: number, count: number): PlaceRange => ({ from, to: from + count });

/** Takes the seats of both blocks when they are nearer. */
function take(best: Nearest, hall: Hall, blocks: readonly PlaceRange[]): void {
  const { order } = rowsOf(hall);
  const seatNos = blocks.flatMap(({ from, to }) => fromLeftToRight(hall, Array.from(order.subarray(from, to))));
  const distance = distanceOfAll(hall, seatNos);
  if (distance >= best.distance) return;
  best.seatNos = seatNos;
  best.distance = distance;
}

/** The stretches of free ordinary seats next to each other of a row. Each row is looked at once. */
function stretchesByRow(hall: Hall, { free }: Search): Context['stretchesOf'] {
  const isOrdinary = ordinaryPlacesOf(hall);
  const { order } = rowsOf(hall);
  const isOpen = (place: number) => isOrdinary[place] === 1 && free.isFree(order[place] ?? 0);
  const known = new Map<number, readonly PlaceRange[]>();
  return (row) => {
    const before = known.get(row);
    if (before) return before;
    const stretches = stretchesOfRow(rowsOf(hall), row, isOpen);
    known.set(row, stretches);
    return stretches;
  };
}

/** A plain loop, because a search may look at all rows of a hall. */
function stretchesOfRow({ rowStarts, runAt }: SeatRows, row: number, isOpen: (place: number) => boolean): PlaceRange[] {
  const end = rowStarts[row + 1] ?? 0;
  const stretches: PlaceRange[] = [];
  for (let from = rowStarts[row] ?? 0; from < end; ) {
    let to = from;
    while (to < end && runAt[to] === runAt[from] && isOpen(to)) to++;
    if (to > from) stretches.push({ from, to });
    from = to === from ? from + 1 : to;
  }
  return stretches;
}

/** The first places of the blocks of so many wanted free seats of a row that the policy accepts, from left to right. */
function blocksOf({ hall, search, stretchesOf, maySingle }: Context, { row, count }: Split): number[] {
  const { policy, free, isWanted } = search;
  const { order } = rowsOf(hall);
  const withSingles = maySingle && (policy !== 'LENIENT' || !hasBlockWithoutSingle(hall, free, row, count));
  const firsts: number[] = [];
  for (const { from, to } of stretchesOf(row)) {
    let wanted = 0;
    for (let place = from; place < to; place++) {
      wanted = isWanted(order[place] ?? 0) ? wanted + 1 : 0;
      const first = place - count + 1;
      const leavesSingle = first - from === 1 || to - place === 2;
      if (wanted >= count && (withSingles || !leavesSingle)) firsts.push(first);
    }
  }
  return firsts;
}

/** Whether the lower block has the nearest seat to a seat of the upper one. */
function touches(nearestOf: (place: number) => number, upper: PlaceRange, lower: PlaceRange): boolean {
  for (let place = upper.from; place < upper.to; place++) {
    const nearest = nearestOf(place);
    if (nearest >= lower.from && nearest < lower.to) return true;
  }
  return false;
}

/** Squared, from the middle of all seats to what they face. */
function distanceOfAll(hall: Hall, seatNos: readonly number[]): number {
  const [focusX, focusY] = focalPointOf(hall, seatNos[0] ?? 0);
  const mean = (column: ArrayLike<number>) =>
    seatNos.reduce((sum, seatNo) => sum + (column[seatNo] ?? 0), 0) / seatNos.length;
  return (mean(hall.x) - focusX) ** 2 + (mean(hall.y) - focusY) ** 2;
}
