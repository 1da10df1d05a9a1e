import { fromLeftToRight, isArea, rowsOf, type SeatPositions, type SeatRows } from '../catalog/adjacency-rules.ts';
import type { OrphanPolicy } from '../catalog/event-life/event-values-rules.ts';
import { openRuns, type PlaceRange } from './block-search-rules.ts';
import { isAccepted } from './orphan-rules.ts';
import { partyOf, suitsParty } from './party-rules.ts';

export type SeatRange = { readonly from: number; readonly to: number };

const BLOCKS = 3;

/**
 * Usually covers the rest of the section and the neighbouring ones: a thousand index rows instead of the whole event.
 */
const REACH = 500;

/**
 * The range of seats around the first of `seatNos` that is searched for alternatives. Rows of seats are whole in it,
 * because a choice is judged with the other seats of its row.
 */
export function neighbourhood(seatNos: readonly number[], plan: SeatPositions, reach = REACH): SeatRange {
  const first = seatNos[0] ?? 0;
  const [low, high] = [Math.max(0, first - reach), Math.min(plan.seatCount - 1, first + reach)];
  const { from, to } = rowsAround(rowsOf(plan), { from: low, to: high });
  return { from: isArea(plan, low) ? low : from, to: isArea(plan, high) ? high : to - 1 };
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

/** `policy`: that of the event, which judges each alternative as it judges a choice of a fan. */
export type Sold = { readonly isFree: (seatNo: number) => boolean; readonly policy: OrphanPolicy };

/**
 * Up to three blocks of adjacent free seats, each as large as the wanted set, nearest first (by the distance between
 * the middles of the blocks), each from left to right. Blocks do not overlap each other, and have as many wheelchair
 * places as the wanted set. Each block alone is one that the event's policy on single seats accepts. For places of a
 * general admission section: its lowest free places.
 */
export function alternativesTo(
  wanted: readonly number[],
  within: SeatRange,
  plan: SeatPositions,
  sold: Sold,
): number[][] {
  const { isFree } = sold;
  if (isArea(plan, wanted[0] ?? 0)) return lowestPlaces(wanted, within, plan, isFree);
  return blocksNear(wanted, within, plan, { isFree, isRight: (block) => isAccepted(plan, block, sold) });
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
  const candidates = adjacentBlocks(wanted, within, plan, search.isFree);
  const { order } = rowsOf(plan);
  const blockFrom = (first: number) => Array.from(order.subarray(first, first + wanted.length));
  const isRight = ({ first }: Candidate) => search.isRight?.(blockFrom(first)) ?? true;
  return nearestApart(candidates, wanted.length, isRight).map((first) => fromLeftToRight(plan, blockFrom(first)));
}

/** `first` is a place of the plan's rows. */
type Candidate = { first: number; distance: number };

function adjacentBlocks(
  wanted: readonly number[],
  within: SeatRange,
  plan: SeatPositions,
  isFree: BlockSearch['isFree'],
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
      if (!suitsParty(plan, block, party)) continue;
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

/** Only the nearest candidates are asked whether they are right: most of the others are never offered. */
function nearestApart(
  candidates: readonly Candidate[],
  size: number,
  isRight: (candidate: Candidate) => boolean,
): number[] {
  const chosen: number[] = [];
  while (chosen.length < BLOCKS) {
    let best: Candidate | undefined;
    for (const candidate of candidates) {
      if (chosen.some((first) => Math.abs(first - candidate.first) < size)) continue;
      if (candidate.distance < (best?.distance ?? Infinity)) best = candidate;
    }
    if (!best) break;
    if (isRight(best)) chosen.push(best.first);
    else best.distance = Infinity;
  }
  return chosen;
}
