import { rowsOf } from '../catalog/adjacency-rules.ts';
import { focalPointOf, type Hall } from './block-search-rules.ts';

/** `row` and the one before it. `nearest`: no choice of seats of both is nearer to what they face, squared. */
type RowPair = { readonly row: number; readonly nearest: number };
/** The nearest pair comes first. `beside`: by place, 1 + the nearest place of the next row; 0 when it was not asked for yet. */
type RowPairs = { readonly pairs: readonly RowPair[]; readonly beside: Uint32Array };
const known = new WeakMap<Hall, RowPairs>();

/** The rows of a section that follow each other. Computed once for each plan. */
export function rowPairsOf(hall: Hall): RowPairs {
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

/** The work grows with the square of the length of a row. */
const LONGEST_PREPARED_ROW = 300;

/** Finds the neighbours in the next row for all seats. Those of very long rows are found when a search asks for them. */
export function prepareRowPairs(hall: Hall): void {
  const { rowStarts } = rowsOf(hall);
  for (const { row } of rowPairsOf(hall).pairs) {
    const [from, middle, to] = [rowStarts[row - 1] ?? 0, rowStarts[row] ?? 0, rowStarts[row + 1] ?? 0];
    if (Math.max(middle - from, to - middle) > LONGEST_PREPARED_ROW) continue;
    const nearestOf = nearestPlaces(hall, row);
    for (let place = from; place < middle; place++) nearestOf(place);
  }
}

/** By place of the row before: the place in the row that is nearest to it. */
export function nearestPlaces(hall: Hall, row: number): (place: number) => number {
  const { beside } = rowPairsOf(hall);
  return (place) => {
    const before = beside[place] ?? 0;
    if (before > 0) return before - 1;
    const found = findNearest(hall, place, row);
    beside[place] = found + 1;
    return found;
  };
}

function findNearest(hall: Hall, place: number, row: number): number {
  const { order, rowStarts } = rowsOf(hall);
  const seatNo = order[place] ?? 0;
  const [x, y] = [hall.x[seatNo] ?? 0, hall.y[seatNo] ?? 0];
  let nearest = -1;
  let shortest = Infinity;
  for (let other = rowStarts[row] ?? 0; other < (rowStarts[row + 1] ?? 0); other++) {
    const beside = order[other] ?? 0;
    const [dx, dy] = [(hall.x[beside] ?? 0) - x, (hall.y[beside] ?? 0) - y];
    // The square is enough to rule out most seats.
    if ((dx * dx + dy * dy) * CERTAIN > shortest * shortest) continue;
    const apart = Math.hypot(dx, dy);
    if (apart < shortest) [nearest, shortest] = [other, apart];
  }
  return nearest;
}
