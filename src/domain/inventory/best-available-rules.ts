import { fromLeftToRight, isArea, rowsOf } from '../catalog/adjacency-rules.ts';
import { blockInAdjacentRows } from './adjacent-rows-rules.ts';
import { distanceOf, type Hall, isBetter, openRuns, type PlaceRange, type Score } from './block-search-rules.ts';
import { fitting, fittingWithoutSingle } from './free-seats-rules.ts';
import { ordinaryPlacesOf, placesOf } from './hall-places-rules.ts';
import { hasBlockWithoutSingle, isAccepted, singleSeatsLeft } from './orphan-rules.ts';
import { suitsParty } from './party-rules.ts';
import { prepareRowPairs } from './row-pairs-rules.ts';
import type { Search } from './seat-search-rules.ts';

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

/** Computes what is computed once for each plan, so that no search has to do it while the sale of an event waits. */
export function prepareHall(hall: Hall): void {
  ordinaryPlacesOf(hall);
  placesOf(hall);
  prepareRowPairs(hall);
}

/** The first place of the best block of ordinary seats. Blocks that leave a seat single count when there are no others. */
function bestPlainBlock(hall: Hall, search: Search): number | undefined {
  const found = nearestBlock(hall, search, { maySingle: false });
  return found !== undefined || search.policy === 'STRICT' ? found : nearestBlock(hall, search, { maySingle: true });
}

/** `maySingle`: whether a block may leave a seat single. */
type Blocks = { readonly maySingle: boolean };
type Nearest = { first: number; distance: number };

/**
 * Of the runs of neighbours only those that have room are looked at, from the nearest to the furthest, until no run can
 * have a nearer block: the sale of an event waits for this function.
 */
function nearestBlock(hall: Hall, search: Search, { maySingle }: Blocks): number | undefined {
  const { runStarts, rowAt } = rowsOf(hall);
  const { runsByDistance, nearest } = placesOf(hall);
  const { size } = search.party;
  const { byRun } = search.free.lengthsIn(hall);
  const room = maySingle ? fitting(size) : fittingWithoutSingle(size);
  const best: Nearest = { first: -1, distance: Infinity };
  // All blocks that leave a seat single, in a row that has others, are refused.
  const isRefused = (row: number) =>
    maySingle && search.policy === 'LENIENT' && hasBlockWithoutSingle(hall, search.free, row, size);
  for (const run of runsByDistance) {
    if ((nearest[run] ?? 0) > best.distance) break;
    if (((byRun[run] ?? 0) & room) === 0 || search.mayWant?.(run) === false) continue;
    const from = runStarts[run] ?? 0;
    if (isRefused(rowAt[from] ?? 0)) continue;
    lookAt(best, { from, to: runStarts[run + 1] ?? 0 }, { hall, search, maySingle });
  }
  return best.first < 0 ? undefined : best.first;
}

type Context = Blocks & { readonly hall: Hall; readonly search: Search };

/** Looks at the free seats of one run of neighbours. */
function lookAt(best: Nearest, run: PlaceRange, context: Context): void {
  const { order } = rowsOf(context.hall);
  const isOrdinary = ordinaryPlacesOf(context.hall);
  const { free, party } = context.search;
  for (let from = run.from; from < run.to; ) {
    let to = from;
    while (to < run.to && isOrdinary[to] === 1 && free.isFree(order[to] ?? 0)) to++;
    if (to - from >= party.size) improve(best, { from, to }, context);
    from = to === from ? from + 1 : to;
  }
}

/** Compares the blocks of free seats next to each other with the nearest one so far. */
function improve(best: Nearest, { from, to }: PlaceRange, { hall, search, maySingle }: Context): void {
  const { x, y } = placesOf(hall);
  const { order } = rowsOf(hall);
  const { size } = search.party;
  let wanted = 0;
  for (let place = from; place < to; place++) {
    wanted = search.isWanted(order[place] ?? 0) ? wanted + 1 : 0;
    if (wanted < size) continue;
    const first = place - size + 1;
    const leavesSingle = first - from === 1 || to - place === 2;
    if (leavesSingle && !maySingle) continue;
    const distance = squareOfMiddle(x, first, place) + squareOfMiddle(y, first, place);
    if (distance >= best.distance) continue;
    best.first = first;
    best.distance = distance;
  }
}

const squareOfMiddle = (column: Float64Array, first: number, last: number): number =>
  (((column[first] ?? 0) + (column[last] ?? 0)) / 2) ** 2;

/** Blocks with wheelchair places are few, so each is checked by the rules for all seats. */
function bestSpecialBlock(hall: Hall, search: Search): number | undefined {
  const { party, policy } = search;
  const { order } = rowsOf(hall);
  const isFree = (seatNo: number) => search.free.isFree(seatNo);
  let best: (Score & { first: number }) | undefined;
  for (const first of openBlocksWithWheelchairPlaces(hall, search)) {
    const block = order.subarray(first, first + party.size);
    if (!suitsParty(hall, block, party)) continue;
    const leavesSingle = singleSeatsLeft(hall, Array.from(block), isFree).length > 0;
    const distance = distanceOf(hall, block[0] ?? 0, block[party.size - 1] ?? 0);
    if (!isBetter({ leavesSingle, distance }, best)) continue;
    if (isAccepted(hall, block, { policy, isFree })) best = { leavesSingle, distance, first };
  }
  return best?.first;
}

/** The first places of the blocks of wanted free seats in the runs of neighbours that have a wheelchair place. */
function* openBlocksWithWheelchairPlaces(
  hall: Hall,
  { party, free, isWanted, mayWant }: Search,
): Generator<number, undefined> {
  const rows = rowsOf(hall);
  const isOpen = (seatNo: number) => free.isFree(seatNo) && isWanted(seatNo) && !isArea(hall, seatNo);
  for (const run of placesOf(hall).runsWithWheelchairPlaces) {
    if (mayWant?.(run) === false) continue;
    const within = { from: rows.runStarts[run] ?? 0, to: rows.runStarts[run + 1] ?? 0 };
    for (const { from, to } of openRuns(rows, isOpen, within))
      for (let first = from; first + party.size <= to; first++) yield first;
  }
}
