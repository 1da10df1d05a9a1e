import { fromLeftToRight, isArea, rowsOf } from '../catalog/adjacency-rules.ts';
import { blockInAdjacentRows } from './adjacent-rows-rules.ts';
import {
  distanceOf,
  focalPointOf,
  type Hall,
  isBetter,
  openRuns,
  type PlaceRange,
  type Score,
  type Search,
} from './block-search-rules.ts';
import { blocksWithoutSingles, isAccepted, singleSeatsLeft } from './orphan-rules.ts';
import { isOrdinary, suitsParty } from './party-rules.ts';

/**
 * The best free seats for the party, from left to right: next to each other in one row, otherwise in two adjacent rows;
 * the nearest to the focal point of those that leave no seat single, if there are any. Undefined when there are none.
 * Wheelchair places are only offered to a party that asks for them. Choices that the search's policy refuses do not
 * count.
 */
export function bestAvailable(hall: Hall, search: Search): number[] | undefined {
  const { order } = rowsOf(hall);
  const { size, wheelchairPlaces } = search.party;
  const first = wheelchairPlaces > 0 ? bestSpecialBlock(hall, search) : bestPlainBlock(hall, search);
  if (first !== undefined) return fromLeftToRight(hall, Array.from(order.subarray(first, first + size)));
  return wheelchairPlaces > 0 ? undefined : blockInAdjacentRows(hall, search);
}

type Best = { first: number; leavesSingle: boolean; distance: number };

/**
 * The first place of the best block of ordinary seats. The runs of neighbours are looked at from the nearest to the
 * furthest, until no run can have a better block: the sale of an event waits for this function.
 */
function bestPlainBlock(hall: Hall, search: Search): number | undefined {
  const { runStarts } = rowsOf(hall);
  const places = placesOf(hall);
  const best: Best = { first: -1, leavesSingle: true, distance: Infinity };
  const context: Context = { hall, places, search, hasBetter: new Map() };
  for (const run of places.runsByDistance) {
    if (!best.leavesSingle && (places.nearest[run] ?? 0) > best.distance) break;
    lookAt(best, { from: runStarts[run] ?? 0, to: runStarts[run + 1] ?? 0 }, context);
  }
  return best.first < 0 ? undefined : best.first;
}

/** `hasBetter`: by row, whether it has a block that leaves no seat single. */
type Context = { hall: Hall; places: HallPlaces; search: Search; hasBetter: Map<number, boolean> };

/** Looks at the free seats of one run of neighbours. */
function lookAt(best: Best, run: PlaceRange, context: Context): void {
  const { order } = rowsOf(context.hall);
  const { isOrdinary } = context.places;
  const { isFree, party } = context.search;
  for (let from = run.from; from < run.to; ) {
    let to = from;
    while (to < run.to && isOrdinary[to] === 1 && isFree(order[to] ?? 0)) to++;
    if (to - from >= party.size) improve(best, { from, to }, context);
    from = to === from ? from + 1 : to;
  }
}

/** Compares the blocks of free seats next to each other with the best one so far. */
function improve(best: Best, { from, to }: PlaceRange, context: Context): void {
  const { hall, search } = context;
  const { x, y } = context.places;
  const { order } = rowsOf(hall);
  const { size } = search.party;
  let wanted = 0;
  for (let place = from; place < to; place++) {
    wanted = search.isWanted(order[place] ?? 0) ? wanted + 1 : 0;
    if (wanted < size) continue;
    const first = place - size + 1;
    const leavesSingle = first - from === 1 || to - place === 2;
    const distance = squareOfMiddle(x, first, place) + squareOfMiddle(y, first, place);
    if (!isBetter({ leavesSingle, distance }, best)) continue;
    if (leavesSingle && isRefused(context, first)) continue;
    best.first = first;
    best.leavesSingle = leavesSingle;
    best.distance = distance;
  }
}

/** Whether the policy refuses a block of ordinary seats that leaves a seat single. */
function isRefused({ hall, search, hasBetter }: Context, first: number): boolean {
  const { policy = 'OFF', party, isFree } = search;
  if (policy !== 'LENIENT') return policy === 'STRICT';
  const row = rowsOf(hall).rowAt[first] ?? 0;
  let known = hasBetter.get(row);
  if (known === undefined) {
    known = blocksWithoutSingles(hall, { row, size: party.size }, isFree).length > 0;
    hasBetter.set(row, known);
  }
  return known;
}

const squareOfMiddle = (column: Float64Array, first: number, last: number): number =>
  (((column[first] ?? 0) + (column[last] ?? 0)) / 2) ** 2;

type HallPlaces = {
  /** By place: 1 for a seat that any fan may be offered. */
  isOrdinary: Uint8Array;
  /** By place: where the seat is from what it faces. */
  x: Float64Array;
  y: Float64Array;
  /** By run of neighbours: no block of it is nearer, squared. */
  nearest: Float64Array;
  runsByDistance: Uint32Array;
};
const known = new WeakMap<Hall, HallPlaces>();

/** Computed once for each plan. */
function placesOf(hall: Hall): HallPlaces {
  const before = known.get(hall);
  if (before) return before;
  const { order, runStarts } = rowsOf(hall);
  const x = Float64Array.from(order, (seatNo) => (hall.x[seatNo] ?? 0) - focalPointOf(hall, seatNo)[0]);
  const y = Float64Array.from(order, (seatNo) => (hall.y[seatNo] ?? 0) - focalPointOf(hall, seatNo)[1]);
  const nearest = Float64Array.from({ length: runStarts.length - 1 }, (_, run) => {
    const [from, to] = [runStarts[run] ?? 0, runStarts[run + 1] ?? 0];
    return nearestOf(x.subarray(from, to)) ** 2 + nearestOf(y.subarray(from, to)) ** 2;
  });
  const places = {
    isOrdinary: Uint8Array.from(order, (seatNo) => (isOrdinary(hall, seatNo) && !isArea(hall, seatNo) ? 1 : 0)),
    x,
    y,
    nearest,
    runsByDistance: Uint32Array.from(nearest.keys()).sort((a, b) => (nearest[a] ?? 0) - (nearest[b] ?? 0)),
  };
  known.set(hall, places);
  return places;
}

/** The distance of 0 from the range of these values. */
function nearestOf(values: Float64Array): number {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return Math.max(0, least, -most);
}

/** Blocks with wheelchair places are few, so each is checked by the rules for all seats. */
function bestSpecialBlock(hall: Hall, search: Search): number | undefined {
  const { party, isFree, isWanted } = search;
  const rows = rowsOf(hall);
  let best: (Score & { first: number }) | undefined;
  const isOpen = (seatNo: number) => isFree(seatNo) && isWanted(seatNo) && !isArea(hall, seatNo);
  for (const { from, to } of openRuns(rows, isOpen)) {
    for (let first = from; first + party.size <= to; first++) {
      const block = rows.order.subarray(first, first + party.size);
      if (!suitsParty(hall, block, party)) continue;
      const leavesSingle = singleSeatsLeft(hall, Array.from(block), isFree).length > 0;
      const distance = distanceOf(hall, block[0] ?? 0, block[party.size - 1] ?? 0);
      if (!isBetter({ leavesSingle, distance }, best)) continue;
      if (isAccepted(hall, block, search)) best = { leavesSingle, distance, first };
    }
  }
  return best?.first;
}
