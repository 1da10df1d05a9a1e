import { fromLeftToRight, isArea, rowsOf, type SeatRows } from '../catalog/adjacency-rules.ts';
import { blockInAdjacentRows } from './adjacent-rows-rules.ts';
import {
  distanceOf,
  type Hall,
  isBetter,
  openRuns,
  type PlaceRange,
  type Score,
  type Search,
} from './block-search-rules.ts';
import { singleSeatsLeft } from './orphan-rules.ts';
import { isOrdinary, suitsParty } from './party-rules.ts';

/**
 * The best free seats for the party, from left to right: next to each other in one row, otherwise in two adjacent rows;
 * the nearest to the focal point of those that leave no seat single, if there are any. Undefined when there are none.
 * Wheelchair places are only offered to a party that asks for them.
 */
export function bestAvailable(hall: Hall, search: Search): number[] | undefined {
  const { order } = rowsOf(hall);
  const { size, wheelchairPlaces } = search.party;
  const first = wheelchairPlaces > 0 ? bestSpecialBlock(hall, search) : bestPlainBlock(hall, search);
  if (first !== undefined) return fromLeftToRight(hall, Array.from(order.subarray(first, first + size)));
  return wheelchairPlaces > 0 ? undefined : blockInAdjacentRows(hall, search);
}

/** The first place of the best block of ordinary seats. One pass over the plan: an event's lock waits for it. */
function bestPlainBlock(hall: Hall, search: Search): number | undefined {
  const rows = rowsOf(hall);
  let best: (Score & { first: number }) | undefined;
  const isOpen = (seatNo: number) => search.isFree(seatNo) && isOrdinary(hall, seatNo) && !isArea(hall, seatNo);
  for (const run of openRuns(rows, isOpen)) {
    for (const first of wantedBlocks(rows, run, search)) {
      const end = first + search.party.size;
      const leavesSingle = first - run.from === 1 || run.to - end === 1;
      const distance = distanceOf(hall, rows.order[first] ?? 0, rows.order[end - 1] ?? 0);
      if (isBetter({ leavesSingle, distance }, best)) best = { leavesSingle, distance, first };
    }
  }
  return best?.first;
}

/** The first places of the blocks of wanted seats within a run. */
function* wantedBlocks({ order }: SeatRows, run: PlaceRange, { party, isWanted }: Search): Generator<number> {
  let wanted = 0;
  for (let place = run.from; place < run.to; place++) {
    wanted = isWanted(order[place] ?? 0) ? wanted + 1 : 0;
    if (wanted >= party.size) yield place - party.size + 1;
  }
}

/** Blocks with wheelchair places are few, so each is checked by the rules for all seats. */
function bestSpecialBlock(hall: Hall, { party, isFree, isWanted }: Search): number | undefined {
  const rows = rowsOf(hall);
  let best: (Score & { first: number }) | undefined;
  const isOpen = (seatNo: number) => isFree(seatNo) && isWanted(seatNo) && !isArea(hall, seatNo);
  for (const { from, to } of openRuns(rows, isOpen)) {
    for (let first = from; first + party.size <= to; first++) {
      const block = rows.order.subarray(first, first + party.size);
      if (!suitsParty(hall, block, party)) continue;
      const leavesSingle = singleSeatsLeft(hall, Array.from(block), isFree).length > 0;
      const distance = distanceOf(hall, block[0] ?? 0, block[party.size - 1] ?? 0);
      if (isBetter({ leavesSingle, distance }, best)) best = { leavesSingle, distance, first };
    }
  }
  return best?.first;
}
