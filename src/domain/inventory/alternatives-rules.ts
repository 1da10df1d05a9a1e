import { fromLeftToRight, isArea, rowsOf, type SeatPositions, type SeatRows } from '../catalog/adjacency-rules.ts';
import { openRuns, type PlaceRange } from './block-search-rules.ts';
import { partyOf, suitsParty } from './party-rules.ts';

export type SeatRange = { readonly from: number; readonly to: number };

const BLOCKS = 3;

/**
 * Usually covers the rest of the section and the neighbouring ones: a thousand index rows instead of the whole event.
 */
const REACH = 500;

/** The range of seats around the first of `seatNos` that is searched for alternatives. */
export function neighbourhood(seatNos: readonly number[], seatCount: number, reach = REACH): SeatRange {
  const first = seatNos[0] ?? 0;
  return { from: Math.max(0, first - reach), to: Math.min(seatCount - 1, first + reach) };
}

/** The same seats in ranges that do not overlap. */
export function mergedRanges(ranges: readonly SeatRange[]): SeatRange[] {
  const merged: SeatRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && range.from <= last.to) merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    else merged.push(range);
  }
  return merged;
}

/**
 * Up to three blocks of adjacent free seats, each as large as the wanted set, nearest first (by the distance between
 * the middles of the blocks), each from left to right. Blocks do not overlap each other, and have as many wheelchair
 * places as the wanted set. For places of a general admission section: its lowest free places.
 */
export function alternativesTo(
  wanted: readonly number[],
  within: SeatRange,
  plan: SeatPositions,
  isFree: (seatNo: number) => boolean,
): number[][] {
  if (isArea(plan, wanted[0] ?? 0)) return lowestPlaces(wanted, within, plan, isFree);
  return blocksNear(wanted, within, plan, { isFree });
}

type BlockSearch = {
  readonly isFree: (seatNo: number) => boolean;
  /** What else is asked of a block. */
  readonly isRight?: (block: readonly number[]) => boolean;
};

/** The blocks of `alternativesTo` for seats in rows. */
export function blocksNear(
  wanted: readonly number[],
  within: SeatRange,
  plan: SeatPositions,
  search: BlockSearch,
): number[][] {
  const candidates = adjacentBlocks(wanted, within, plan, search);
  return nearestApart(candidates, wanted.length).map((first) => {
    const { order } = rowsOf(plan);
    return fromLeftToRight(plan, Array.from(order.subarray(first, first + wanted.length)));
  });
}

/** `first` is a place of the plan's rows. */
type Candidate = { first: number; distance: number };

function adjacentBlocks(
  wanted: readonly number[],
  within: SeatRange,
  plan: SeatPositions,
  { isFree, isRight }: BlockSearch,
): Candidate[] {
  const rows = rowsOf(plan);
  const size = wanted.length;
  const party = partyOf(plan, wanted);
  const middle = middleOf(plan, wanted);
  const isOpen = (seatNo: number) =>
    seatNo >= within.from && seatNo <= within.to && isFree(seatNo) && !isArea(plan, seatNo);
  const candidates: Candidate[] = [];
  for (const run of openRuns(rows, isOpen, rowsAround(rows, within))) {
    for (let first = run.from; first + size <= run.to; first++) {
      const block = rows.order.subarray(first, first + size);
      if (!suitsParty(plan, block, party) || (isRight && !isRight(Array.from(block)))) continue;
      candidates.push({ first, distance: distanceTo(middle, plan, [block[0] ?? 0, block[size - 1] ?? 0]) });
    }
  }
  return candidates;
}

/** The places of all rows that have a seat in the range. */
function rowsAround({ placeOf, rowAt, rowStarts, order }: SeatRows, { from, to }: SeatRange): PlaceRange {
  const rowOf = (seatNo: number) => rowAt[placeOf[seatNo] ?? 0] ?? 0;
  return { from: rowStarts[rowOf(from)] ?? 0, to: rowStarts[rowOf(to) + 1] ?? order.length };
}

function middleOf({ x, y }: SeatPositions, seatNos: readonly number[]): [number, number] {
  const mean = (column: ArrayLike<number>) =>
    seatNos.reduce((sum, seatNo) => sum + (column[seatNo] ?? 0), 0) / seatNos.length;
  return [mean(x), mean(y)];
}

/** Squared. The seats of a block are in a line, so its middle is halfway between its ends. */
function distanceTo([x, y]: [number, number], plan: SeatPositions, ends: [number, number]): number {
  const [blockX, blockY] = middleOf(plan, ends);
  return (blockX - x) ** 2 + (blockY - y) ** 2;
}

function lowestPlaces(
  wanted: readonly number[],
  within: SeatRange,
  plan: SeatPositions,
  isFree: (seatNo: number) => boolean,
): number[][] {
  const section = plan.sectionOf[wanted[0] ?? 0];
  const places: number[] = [];
  for (let seatNo = within.from; seatNo <= within.to && places.length < wanted.length; seatNo++)
    if (plan.sectionOf[seatNo] === section && isFree(seatNo)) places.push(seatNo);
  return places.length === wanted.length ? [places] : [];
}

function nearestApart(candidates: readonly Candidate[], size: number): number[] {
  const chosen: number[] = [];
  while (chosen.length < BLOCKS) {
    let best: Candidate | undefined;
    for (const candidate of candidates) {
      if (chosen.some((first) => Math.abs(first - candidate.first) < size)) continue;
      if (!best || candidate.distance < best.distance) best = candidate;
    }
    if (!best) break;
    chosen.push(best.first);
  }
  return chosen;
}
