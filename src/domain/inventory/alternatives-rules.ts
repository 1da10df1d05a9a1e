/** The part of a seating plan that says where seats are. Position i of each column is seat number i. */
export type SeatPositions = {
  readonly seatCount: number;
  readonly sectionOf: ArrayLike<number>;
  readonly rowOf: ArrayLike<string>;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
};

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
 * the middles of the blocks). Adjacent: consecutive numbers in one row of one section. Blocks do not overlap each
 * other.
 */
export function alternativesTo(
  wanted: readonly number[],
  within: SeatRange,
  plan: SeatPositions,
  isFree: (seatNo: number) => boolean,
): number[][] {
  const size = wanted.length;
  const at = (column: ArrayLike<number>, seatNo: number) => column[seatNo] ?? 0;
  const middle = (column: ArrayLike<number>, seatNos: readonly number[]) =>
    seatNos.reduce((sum, seatNo) => sum + at(column, seatNo), 0) / seatNos.length;
  const [wantedX, wantedY] = [middle(plan.x, wanted), middle(plan.y, wanted)];
  const candidates: { first: number; distance: number }[] = [];
  let run = 0;
  for (let seatNo = within.from; seatNo <= within.to; seatNo++) {
    const continues =
      plan.sectionOf[seatNo] === plan.sectionOf[seatNo - 1] && plan.rowOf[seatNo] === plan.rowOf[seatNo - 1];
    if (isFree(seatNo)) run = continues ? run + 1 : 1;
    else run = 0;
    if (run < size) continue;
    const first = seatNo - size + 1;
    // The seats of a block are in a line, so its middle is halfway between its ends.
    const dx = (at(plan.x, first) + at(plan.x, seatNo)) / 2 - wantedX;
    const dy = (at(plan.y, first) + at(plan.y, seatNo)) / 2 - wantedY;
    candidates.push({ first, distance: dx * dx + dy * dy });
  }
  return nearestApart(candidates, size);
}

function nearestApart(candidates: { first: number; distance: number }[], size: number): number[][] {
  const chosen: number[] = [];
  while (chosen.length < BLOCKS) {
    let best: { first: number; distance: number } | undefined;
    for (const candidate of candidates) {
      if (chosen.some((first) => Math.abs(first - candidate.first) < size)) continue;
      if (!best || candidate.distance < best.distance) best = candidate;
    }
    if (!best) break;
    chosen.push(best.first);
  }
  return chosen.map((first) => Array.from({ length: size }, (_, offset) => first + offset));
}
