import { neighbourOf, rowsOf, type SeatPositions } from '../catalog/adjacency-rules.ts';
import type { OrphanPolicy } from '../catalog/event-life/event-values-rules.ts';
import type { Hall } from './block-search-rules.ts';
import { EXACT_UP_TO, type FreeSeats, fittingWithoutSingle } from './free-seats-rules.ts';
import { isOrdinary } from './party-rules.ts';

type IsFree = (seatNo: number) => boolean;

/**
 * The free seats that this choice leaves single: no seat beside them is free, because it is taken, chosen, beyond an
 * aisle or beyond the end of the row, and before the choice one was. Only ordinary seats count: a wheelchair place is
 * sold by other rules, and so is no company for a seat either.
 */
export function singleSeatsLeft(plan: SeatPositions, chosen: readonly number[], isFree: IsFree): number[] {
  const isChosen = new Set(chosen);
  const isOpen = (seatNo: number | undefined) => seatNo !== undefined && isFree(seatNo) && isOrdinary(plan, seatNo);
  const singles = new Set<number>();
  for (const seatNo of chosen) {
    if (!isOpen(seatNo)) continue;
    for (const side of [-1, 1] as const) {
      const beside = neighbourOf(plan, seatNo, side);
      if (beside === undefined || isChosen.has(beside) || !isOpen(beside)) continue;
      const beyond = neighbourOf(plan, beside, side);
      if (beyond === undefined || isChosen.has(beyond) || !isOpen(beyond)) singles.add(beside);
    }
  }
  return [...singles].sort((a, b) => a - b);
}

/**
 * The single seats because of which the choice is refused; empty when it is accepted. `LENIENT` refuses when the same
 * row has as many free seats next to each other that leave none single.
 */
export function refusedSingles(
  policy: OrphanPolicy,
  plan: SeatPositions,
  chosen: readonly number[],
  isFree: IsFree,
): number[] {
  if (policy === 'OFF') return [];
  const singles = singleSeatsLeft(plan, chosen, isFree);
  if (policy === 'STRICT' || singles.length === 0) return singles;
  const { placeOf, rowAt } = rowsOf(plan);
  const rowOf = (seatNo: number) => rowAt[placeOf[seatNo] ?? 0] ?? 0;
  const chosenInRow = new Map<number, number>();
  for (const seatNo of chosen) chosenInRow.set(rowOf(seatNo), (chosenInRow.get(rowOf(seatNo)) ?? 0) + 1);
  return singles.filter((seatNo) => {
    const row = rowOf(seatNo);
    return blocksWithoutSingles(plan, { row, size: chosenInRow.get(row) ?? 0 }, isFree).length > 0;
  });
}

/** True for a choice that the policy accepts. Undefined: OFF. */
export const isAccepted = (
  plan: SeatPositions,
  chosen: ArrayLike<number>,
  { policy = 'OFF', isFree }: { readonly policy?: OrphanPolicy | undefined; readonly isFree: IsFree },
): boolean => policy === 'OFF' || refusedSingles(policy, plan, Array.from(chosen), isFree).length === 0;

/** Whether the row has a block of ordinary free seats of this size that leaves no seat single. */
export function hasBlockWithoutSingle(hall: Hall, free: FreeSeats, row: number, size: number): boolean {
  const mayHave = ((free.lengthsIn(hall).byRow[row] ?? 0) & fittingWithoutSingle(size)) !== 0;
  if (!mayHave || size <= EXACT_UP_TO) return mayHave;
  return blocksWithoutSingles(hall, { row, size }, (seatNo) => free.isFree(seatNo)).length > 0;
}

/** The blocks of ordinary free seats of a row that leave no seat single, from left to right. */
export function blocksWithoutSingles(
  plan: SeatPositions,
  { row, size }: { row: number; size: number },
  isFree: IsFree,
): number[][] {
  const { order, rowStarts, runAt } = rowsOf(plan);
  const [from, to] = [rowStarts[row] ?? 0, rowStarts[row + 1] ?? 0];
  const blocks: number[][] = [];
  for (let first = from; first + size <= to; first++) {
    if (runAt[first] !== runAt[first + size - 1]) continue;
    const block = Array.from(order.subarray(first, first + size));
    if (!block.every((seatNo) => isFree(seatNo) && isOrdinary(plan, seatNo))) continue;
    if (singleSeatsLeft(plan, block, isFree).length === 0) blocks.push(block);
  }
  return blocks;
}
