import { rowsOf, type SeatPositions } from './adjacency-rules.ts';
import { seatFlags } from './seat-features-rules.ts';

const known = new WeakMap<SeatPositions, ReadonlyMap<number, number>>();

/**
 * By companion seat, the wheelchair place to which it belongs: the nearest one of its row, else the one of its section
 * with the nearest number. A companion seat of a section without one is not in the map. Computed once for each plan.
 */
export function companionPlaces(plan: SeatPositions): ReadonlyMap<number, number> {
  const before = known.get(plan);
  if (before) return before;
  const places = findPlaces(plan);
  known.set(plan, places);
  return places;
}

function findPlaces(plan: SeatPositions): Map<number, number> {
  const companions = seatsWith(plan, seatFlags.companion);
  if (companions.length === 0) return new Map();
  const { placeOf, rowAt } = rowsOf(plan);
  const wheelchairPlaces = seatsWith(plan, seatFlags.accessible);
  const byRow = Map.groupBy(wheelchairPlaces, (seatNo) => rowAt[placeOf[seatNo] ?? 0]);
  const bySection = Map.groupBy(wheelchairPlaces, (seatNo) => plan.sectionOf[seatNo]);
  const found = new Map<number, number>();
  for (const seatNo of companions) {
    const inRow = byRow.get(rowAt[placeOf[seatNo] ?? 0]);
    const place = inRow ? nearestOf(plan, seatNo, inRow) : nearestNumber(seatNo, bySection.get(plan.sectionOf[seatNo]));
    if (place !== undefined) found.set(seatNo, place);
  }
  return found;
}

function seatsWith({ flags, seatCount }: SeatPositions, bit: number): number[] {
  const found: number[] = [];
  if (flags)
    for (let seatNo = 0; seatNo < seatCount; seatNo++) if (((flags[seatNo] ?? 0) & bit) !== 0) found.push(seatNo);
  return found;
}

function nearestOf({ x, y }: SeatPositions, seatNo: number, places: readonly number[]): number | undefined {
  const apart = (place: number) => Math.hypot((x[place] ?? 0) - (x[seatNo] ?? 0), (y[place] ?? 0) - (y[seatNo] ?? 0));
  let nearest: number | undefined;
  for (const place of places) if (nearest === undefined || apart(place) < apart(nearest)) nearest = place;
  return nearest;
}

/** `numbers` ascend. */
function nearestNumber(seatNo: number, numbers: readonly number[] = []): number | undefined {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) < seatNo) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [numbers[low - 1], numbers[low]];
  if (before === undefined || after === undefined) return before ?? after;
  return seatNo - before <= after - seatNo ? before : after;
}
