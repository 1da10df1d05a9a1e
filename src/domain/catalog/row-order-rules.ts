type Positions = { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> };

/** A longer row that is bent and numbered from its middle is ordered along its axis: the tree costs its square. */
const MOST_FOR_TREE = 128;
/** The order of the file wins over one that is shorter by less than this. */
const TOLERANCE = 1.001;

/**
 * The seats `from` to `to - 1`, which are one row, in the order in which they stand, from left to right. A file may
 * number a row from either end, from its middle, or odd and even seats after each other, and a row may be bent. So three
 * walks along the row are compared, and the shortest is taken: the order of the file, the order along the axis of the
 * row, and from one end of the row to the other over the nearest seats.
 */
export function orderAlongRow(plan: Positions, from: number, to: number): number[] {
  const asInFile = Array.from({ length: to - from }, (_, index) => from + index);
  if (asInFile.length < 2 || goesOn(plan, from, to)) return isBackwards(plan, asInFile) ? asInFile.reverse() : asInFile;
  const walks = [alongAxis(plan, asInFile)];
  const overTree = asInFile.length <= MOST_FOR_TREE ? alongTree(plan, asInFile) : undefined;
  if (overTree) walks.push(overTree);
  let best = asInFile;
  let shortest = lengthOf(plan, asInFile) / TOLERANCE;
  for (const walk of walks) {
    const length = lengthOf(plan, walk);
    if (length >= shortest) continue;
    best = walk;
    shortest = length;
  }
  return isBackwards(plan, best) ? best.reverse() : best;
}

/** Cosine of the largest angle between a step along a plain row and the line from its first seat to its last. */
const PLAIN = 0.7;

/** True when each step leads on towards the last seat, as in most rows: then no other walk is shorter. */
function goesOn(plan: Positions, from: number, to: number): boolean {
  const { x, y } = plan;
  const dx = (x[to - 1] ?? 0) - (x[from] ?? 0);
  const dy = (y[to - 1] ?? 0) - (y[from] ?? 0);
  const whole = Math.sqrt(dx * dx + dy * dy);
  for (let seatNo = from + 1; seatNo < to; seatNo++) {
    const along = ((x[seatNo] ?? 0) - (x[seatNo - 1] ?? 0)) * dx + ((y[seatNo] ?? 0) - (y[seatNo - 1] ?? 0)) * dy;
    if (along <= PLAIN * whole * distance(plan, seatNo - 1, seatNo)) return false;
  }
  return true;
}

function distance({ x, y }: Positions, one: number, other: number): number {
  const dx = (x[one] ?? 0) - (x[other] ?? 0);
  const dy = (y[one] ?? 0) - (y[other] ?? 0);
  return Math.sqrt(dx * dx + dy * dy);
}

function lengthOf(plan: Positions, walk: readonly number[]): number {
  let length = 0;
  for (let index = 1; index < walk.length; index++) length += distance(plan, walk[index - 1] ?? 0, walk[index] ?? 0);
  return length;
}

/** Left to right; a row that runs straight up or down begins at its top. */
function isBackwards({ x, y }: Positions, walk: readonly number[]): boolean {
  const [first, last] = [walk[0] ?? 0, walk.at(-1) ?? 0];
  const [dx, dy] = [(x[last] ?? 0) - (x[first] ?? 0), (y[last] ?? 0) - (y[first] ?? 0)];
  return Math.abs(dx) * 1_000 > Math.abs(dy) ? dx < 0 : dy < 0;
}

/** Sorted by position on the straight line that fits the seats best. */
function alongAxis({ x, y }: Positions, seatNos: readonly number[]): number[] {
  const mean = (column: ArrayLike<number>) =>
    seatNos.reduce((sum, seatNo) => sum + (column[seatNo] ?? 0), 0) / seatNos.length;
  const [middleX, middleY] = [mean(x), mean(y)];
  let [xx, xy, yy] = [0, 0, 0];
  for (const seatNo of seatNos) {
    const [dx, dy] = [(x[seatNo] ?? 0) - middleX, (y[seatNo] ?? 0) - middleY];
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  const angle = Math.atan2(2 * xy, xx - yy) / 2;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const along = (seatNo: number) => (x[seatNo] ?? 0) * cos + (y[seatNo] ?? 0) * sin;
  return seatNos.toSorted((a, b) => along(a) - along(b));
}

/** The shortest tree over all seats, when it is a line: then it follows the row, however bent. */
function alongTree(plan: Positions, seatNos: readonly number[]): number[] | undefined {
  const links = shortestTree(plan, seatNos);
  const end = links?.findIndex((seats) => seats.length === 1);
  if (!links || end === undefined || end < 0) return undefined;
  const walk = [end];
  for (let at = end, before = -1; walk.length < seatNos.length; ) {
    const next = links[at]?.find((index) => index !== before);
    if (next === undefined) return undefined;
    walk.push(next);
    before = at;
    at = next;
  }
  return walk.map((index) => seatNos[index] ?? 0);
}

/** Prim's algorithm. By index of each seat, the seats to which it is linked; undefined when one has three links. */
function shortestTree(plan: Positions, seatNos: readonly number[]): number[][] | undefined {
  const links = seatNos.map((): number[] => []);
  /** For each seat outside of the tree its distance to the tree, and the nearest seat of the tree. */
  const outside = new Map(
    seatNos.map((seatNo, index) => [index, { apart: distance(plan, seatNos[0] ?? 0, seatNo), to: 0 }]),
  );
  outside.delete(0);
  while (outside.size > 0) {
    const next = nearestOf(outside);
    const before = outside.get(next)?.to ?? 0;
    if ((links[before]?.push(next) ?? 0) > 2) return undefined;
    links[next]?.push(before);
    outside.delete(next);
    for (const [index, link] of outside) {
      const apart = distance(plan, seatNos[next] ?? 0, seatNos[index] ?? 0);
      if (apart < link.apart) outside.set(index, { apart, to: next });
    }
  }
  return links;
}

function nearestOf(outside: ReadonlyMap<number, { apart: number }>): number {
  let nearest = -1;
  let shortest = Infinity;
  for (const [index, { apart }] of outside) if (apart < shortest) [nearest, shortest] = [index, apart];
  return nearest;
}
