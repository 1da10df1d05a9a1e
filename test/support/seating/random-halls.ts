import type { Hall } from '#domain/inventory/block-search-rules.ts';
import { seededRandom } from '#test/fans/random.ts';

/** The same sequence of numbers for the same seed. */
export const randomOf = (seed: number): Random => seededRandom((seed * 0x9e3779b1) >>> 0).next;

type Random = () => number;
const below = (random: Random, limit: number): number => Math.floor(random() * limit);
const between = (random: Random, from: number, to: number): number => from + random() * (to - from);

/** A hall, and what is known of it because it was built: the seat numbers of each run of neighbours, along the row. */
export type BuiltHall = {
  readonly hall: Hall & { flags: Uint8Array };
  /** By row: its runs of neighbours, each along the row. */
  readonly rows: readonly { readonly section: number; readonly runs: readonly (readonly number[])[] }[];
};

type Row = { positions: [number, number][]; gaps: number[] };

/**
 * A hall of one to three sections with rows of one to twelve seats: straight in any direction or bent by up to 300
 * degrees, with aisles, numbered from either end, from the middle, or odd and even seats after each other.
 */
export function randomHall(seed: number): BuiltHall {
  const random = randomOf(seed);
  const columns = { sectionOf: [] as number[], rowOf: [] as string[], x: [] as number[], y: [] as number[] };
  const rows: { section: number; runs: number[][] }[] = [];
  const sections = 1 + below(random, 3);
  for (let section = 0; section < sections; section++) {
    const shape = shapeOf(random);
    for (let row = 0, count = 1 + below(random, 4); row < count; row++) {
      let built = rowOf(random, shape, { x: section * 5_000, y: row * shape.depth });
      while (isDoubtful(built.gaps)) built = rowOf(random, shape, { x: section * 5_000, y: row * shape.depth });
      const first = columns.x.length;
      const numbers = numbering(random, built.positions.length);
      for (const along of numbers) {
        columns.sectionOf.push(section);
        columns.rowOf.push(String.fromCharCode(65 + row));
        columns.x.push(built.positions[along]?.[0] ?? 0);
        columns.y.push(built.positions[along]?.[1] ?? 0);
      }
      const seatNoAlong = built.positions.map((_, along) => first + numbers.indexOf(along));
      rows.push({ section, runs: runsOf(seatNoAlong, built.gaps) });
    }
  }
  const seatCount = columns.x.length;
  const hall = {
    seatCount,
    width: 1_000,
    sectionOf: columns.sectionOf,
    rowOf: columns.rowOf,
    x: Float32Array.from(columns.x),
    y: Float32Array.from(columns.y),
    flags: new Uint8Array(seatCount),
    ...(random() < 0.7 && { focalPoint: [between(random, -500, 3_000), between(random, -500, 500)] as const }),
  };
  return { hall, rows };
}

type Shape = { pitch: number; depth: number; bend: number; angle: number };

function shapeOf(random: Random): Shape {
  const pitch = between(random, 0.6, 40);
  const kind = random();
  return {
    pitch,
    depth: pitch * between(random, 1.2, 2.5),
    bend: kind < 0.5 ? 0 : between(random, 0.3, kind < 0.8 ? 2 : 5.2),
    angle: kind < 0.25 ? 0 : between(random, 0, 2 * Math.PI),
  };
}

/** Gaps between seats; an aisle is at least 1.75 pitches wide, and other gaps differ by 8 % at most. */
function rowOf(random: Random, { pitch, bend, angle }: Shape, at: { x: number; y: number }): Row {
  const count = random() < 0.12 ? 1 : 2 + below(random, 11);
  const along = Array.from({ length: Math.max(0, count - 1) }, () =>
    random() < 0.15 ? pitch * between(random, 1.75, 4) : pitch * between(random, 0.96, 1.04),
  );
  const distances = [0];
  for (const gap of along) distances.push((distances.at(-1) ?? 0) + gap);
  const length = distances.at(-1) ?? 0;
  // The ends of a bent row are further apart than its widest aisle, as in a hall whose stage is between them.
  const radius = bend === 0 ? 0 : Math.max(length / bend, 3 * Math.max(pitch, ...along));
  const positions = distances.map((distance): [number, number] => {
    const [x, y] =
      radius === 0 ? [distance, 0] : [radius * Math.sin(distance / radius), radius * (1 - Math.cos(distance / radius))];
    return [at.x + x * Math.cos(angle) - y * Math.sin(angle), at.y + x * Math.sin(angle) + y * Math.cos(angle)];
  });
  const gaps = positions.slice(1).map(([x, y], index) => {
    const [beforeX, beforeY] = positions[index] ?? [0, 0];
    return Math.hypot(x - beforeX, y - beforeY);
  });
  return { positions, gaps };
}

/** The positions along the row in the order of the file. */
function numbering(random: Random, count: number): number[] {
  const along = Array.from({ length: count }, (_, index) => index);
  const way = below(random, 4);
  if (way === 0) return along;
  if (way === 1) return along.toReversed();
  if (way === 2) return [...along.filter((index) => index % 2 === 0), ...along.filter((index) => index % 2 === 1)];
  const middle = count >> 1;
  return [...along.slice(middle), ...along.slice(0, middle).toReversed()];
}

function medianOf(gaps: readonly number[]): number {
  const sorted = gaps.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

/** The positions of plans are rounded, so a gap of just 1.6 pitches may be on either side of the limit. */
const isDoubtful = (gaps: readonly number[]): boolean => {
  const median = medianOf(gaps);
  return gaps.some((gap) => gap > 1.58 * median && gap < 1.62 * median);
};

/** By the definition: a gap wider than 1.6 times the median of the row is an aisle. */
function runsOf(seatNos: readonly number[], gaps: readonly number[]): number[][] {
  const median = medianOf(gaps);
  const runs: number[][] = [[seatNos[0] ?? 0]];
  for (const [index, gap] of gaps.entries()) {
    if (gap > 1.6 * median) runs.push([]);
    runs.at(-1)?.push(seatNos[index + 1] ?? 0);
  }
  return runs;
}
