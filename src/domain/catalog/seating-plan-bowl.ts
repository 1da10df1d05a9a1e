import type { Point } from './seating-plan.ts';

/**
 * The geometry of a stadium bowl: an ellipse around the pitch and the curves that run parallel to it further out.
 * Only + - * / and the square root are used, which IEEE 754 defines to the last bit, so that the bowl is the same on
 * every machine. Sine and cosine of a mathematics library do not guarantee that.
 */
export type Bowl = { readonly samples: readonly BowlSample[] };

type BowlSample = {
  /** On the innermost ellipse, around its centre; y grows downwards. */
  readonly at: Point;
  /** Unit vector away from the pitch. */
  readonly outward: Point;
};

/** A closed curve at a fixed distance from the innermost ellipse. */
export type Ring = {
  readonly points: readonly Point[];
  /** Distance along the ring from its start (the middle of the lower long side, clockwise) to each point. */
  readonly travelled: readonly number[];
  /** The length of one full turn. */
  readonly length: number;
};

const TURN = 2048;
/** The table begins a quarter turn before its start, so that a section across the start needs no special case. */
const BEFORE = TURN / 4;

export function bowl(semiAxisX: number, semiAxisY: number): Bowl {
  const samples = Array.from({ length: BEFORE + TURN + 1 }, (_, index): BowlSample => {
    const { sin, cos } = sinCos((2 * Math.PI * (index - BEFORE)) / TURN);
    const normal: Point = [-semiAxisY * sin, semiAxisX * cos];
    const length = Math.sqrt(normal[0] * normal[0] + normal[1] * normal[1]);
    return { at: [-semiAxisX * sin, semiAxisY * cos], outward: [normal[0] / length, normal[1] / length] };
  });
  return { samples };
}

/** The ring that runs `distance` units outside of the innermost ellipse. */
export function ringAt({ samples }: Bowl, distance: number): Ring {
  const points = samples.map(
    ({ at, outward }): Point => [at[0] + distance * outward[0], at[1] + distance * outward[1]],
  );
  const travelled = [0];
  for (let index = 1; index < points.length; index++) {
    travelled.push((travelled[index - 1] ?? 0) + distanceBetween(points[index - 1], points[index]));
  }
  const start = travelled[BEFORE] ?? 0;
  return { points, travelled: travelled.map((length) => length - start), length: (travelled.at(-1) ?? 0) - start };
}

/** The direction of a distance along a ring: a position on the bowl that is the same for all rings. */
export function directionAt(ring: Ring, travelled: number): number {
  let low = 0;
  let high = ring.travelled.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((ring.travelled[middle] ?? 0) <= travelled) low = middle;
    else high = middle;
  }
  const from = ring.travelled[low] ?? 0;
  const to = ring.travelled[high] ?? 0;
  return low + (travelled - from) / (to - from);
}

export function travelledAt(ring: Ring, direction: number): number {
  const { low, share } = between(ring, direction);
  const from = ring.travelled[low] ?? 0;
  return from + share * ((ring.travelled[low + 1] ?? 0) - from);
}

export function pointAt(ring: Ring, direction: number): Point {
  const { low, share } = between(ring, direction);
  const [fromX, fromY] = ring.points[low] ?? [0, 0];
  const [toX, toY] = ring.points[low + 1] ?? [0, 0];
  return [fromX + share * (toX - fromX), fromY + share * (toY - fromY)];
}

function between(ring: Ring, direction: number): { low: number; share: number } {
  const low = Math.min(Math.max(Math.floor(direction), 0), ring.points.length - 2);
  return { low, share: direction - low };
}

function distanceBetween(from: Point = [0, 0], to: Point = [0, 0]): number {
  const x = to[0] - from[0];
  const y = to[1] - from[1];
  return Math.sqrt(x * x + y * y);
}

/** Taylor series, halved until the angle is small and doubled back: exact to about 1e-14, and equal everywhere. */
function sinCos(angle: number): { sin: number; cos: number } {
  const small = angle / 16;
  const square = small * small;
  let sin = small * (1 - (square / 6) * (1 - (square / 20) * (1 - (square / 42) * (1 - square / 72))));
  let cos = 1 - (square / 2) * (1 - (square / 12) * (1 - (square / 30) * (1 - square / 56)));
  for (let doubled = 0; doubled < 4; doubled++) {
    const doubleSin = 2 * sin * cos;
    cos = 1 - 2 * sin * sin;
    sin = doubleSin;
  }
  return { sin, cos };
}
