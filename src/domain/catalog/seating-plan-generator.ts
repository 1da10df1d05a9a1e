import type { SeatingPlanDraft } from './layout.ts';
import type { Point } from './seating-plan.ts';
import { type Bowl, bowl, directionAt, pointAt, type Ring, ringAt, travelledAt } from './seating-plan-bowl.ts';
import { flagsOf, type GeneratedSection, tierLabelsOf } from './seating-plan-tiers.ts';

/** Raise it when the same venue would get another plan: a plan that is on sale must keep its seats. */
export const SEATING_PLAN_GENERATOR = 1;

export const MAX_GENERATED_CAPACITY = 200_000;

/** Everything below is in units of 10 cm. */
const SEAT_PITCH = 5;
const ROW_DEPTH = 8;
const AISLE = 12;
const CONCOURSE = 40;
const MARGIN = 20;
const SECTION_WIDTH = 110;
/** Half axes of the front row around a football pitch of 105 by 68 m. */
const FRONT_ROW = { x: 780, y: 560 };

type Slice = { from: number; to: number };
type Level = { name: string; index: number; slices: Slice[]; rings: Ring[]; counts: number[][] };

/**
 * A stadium with exactly `capacity` seats (1 to 200,000): levels one behind the other, sections around an elliptical
 * bowl, rows that follow the bowl. A pure function of name and capacity, and bit for bit the same on every machine.
 * Seats are numbered section by section, row by row, along the row: neighbours have consecutive numbers. Throws a
 * RangeError for a capacity that is not an integer in range.
 */
export function generateSeatingPlan({ name, capacity }: { name: string; capacity: number }): SeatingPlanDraft {
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_GENERATED_CAPACITY) {
    throw new RangeError(`${name}: a capacity from 1 to ${MAX_GENERATED_CAPACITY} is needed, not ${capacity}`);
  }
  const { levels, outermost } = levelsFor(capacity);
  const sections = levels.flatMap(sectionsOf);
  return assemble(sections, outermost);
}

/** Small venues get a smaller bowl, so that they have a few rows around instead of one thin ring. */
function frontRowFor(capacity: number): { x: number; y: number } {
  const scale = Math.min(1, Math.max(0.12, Math.sqrt(capacity / 20_000)));
  return { x: FRONT_ROW.x * scale, y: FRONT_ROW.y * scale };
}

function sharesFor(capacity: number): { name: string; share: number }[] {
  if (capacity < 5_000) return [{ name: 'Lower', share: 1 }];
  const [lower, club, upper] = [
    { name: 'Lower', share: 0.45 },
    { name: 'Club', share: 0.15 },
    { name: 'Upper', share: 1 },
  ];
  return capacity < 30_000 ? [{ ...lower, share: 0.6 }, upper] : [lower, club, upper];
}

/** Whole rows from the pitch outwards until the capacity is reached; the very last row has only the remaining seats. */
function levelsFor(capacity: number): { levels: Level[]; outermost: Ring } {
  const front = frontRowFor(capacity);
  const shape = bowl(front.x, front.y);
  const shares = sharesFor(capacity);
  const levels: Level[] = [];
  let missing = capacity;
  let distance = 0;
  for (const [index, { name, share }] of shares.entries()) {
    const wanted = index === shares.length - 1 ? missing : Math.floor(capacity * share);
    const level = { name, index, slices: slicesOf(ringAt(shape, distance)), rings: [], counts: [] };
    const built = fillLevel(shape, level, { distance, wanted, missing });
    levels.push(level);
    missing -= built.seats;
    distance = built.distance + CONCOURSE;
  }
  return { levels, outermost: ringAt(shape, distance - CONCOURSE - ROW_DEPTH / 2) };
}

function fillLevel(
  shape: Bowl,
  level: Level,
  from: { distance: number; wanted: number; missing: number },
): { seats: number; distance: number } {
  let seats = 0;
  let { distance } = from;
  while (seats < from.wanted) {
    const ring = ringAt(shape, distance);
    const full = level.slices.map((slice) => seatsThatFit(ring, slice));
    const counts = atMost(full, from.missing - seats);
    level.rings.push(ring);
    level.counts.push(counts);
    seats += sum(counts);
    distance += ROW_DEPTH;
  }
  return { seats, distance };
}

/** Sections of about equal width, a multiple of four of them, the first one in the middle of the lower long side. */
function slicesOf(inner: Ring): Slice[] {
  const count = Math.min(96, Math.max(4, Math.round(inner.length / SECTION_WIDTH / 4) * 4));
  const width = inner.length / count;
  return Array.from({ length: count }, (_, index) => ({
    from: directionAt(inner, (index - 0.5) * width),
    to: directionAt(inner, (index + 0.5) * width),
  }));
}

function seatsThatFit(ring: Ring, { from, to }: Slice): number {
  return Math.max(1, Math.floor((travelledAt(ring, to) - travelledAt(ring, from) - AISLE) / SEAT_PITCH));
}

/** The same counts, evenly thinned to `limit` in total. */
function atMost(counts: number[], limit: number): number[] {
  const total = sum(counts);
  if (total <= limit) return counts;
  let before = 0;
  return counts.map((count) => {
    const kept = Math.ceil((limit * (before + count)) / total) - Math.ceil((limit * before) / total);
    before += count;
    return kept;
  });
}

function sectionsOf(level: Level): GeneratedSection[] {
  return level.slices
    .map((slice, position): GeneratedSection => {
      const rows = level.rings.flatMap((ring, row) => {
        const count = level.counts[row]?.[position] ?? 0;
        return count === 0 ? [] : [{ label: rowLabel(row), positions: seatPositions(ring, slice, count) }];
      });
      return {
        label: `${(level.index + 1) * 100 + position + 1}`,
        level: level.name,
        levelIndex: level.index,
        rows,
        outline: outlineOf(level.rings.slice(0, rows.length), slice),
      };
    })
    .filter((section) => section.rows.length > 0);
}

function seatPositions(ring: Ring, { from, to }: Slice, count: number): Point[] {
  const middle = (travelledAt(ring, from) + travelledAt(ring, to)) / 2;
  return Array.from({ length: count }, (_, seat) =>
    pointAt(ring, directionAt(ring, middle + (seat - (count - 1) / 2) * SEAT_PITCH)),
  );
}

/** Half a row in front of the first row and behind the last one; neighbours stay a quarter of an aisle apart each. */
function outlineOf(rings: readonly Ring[], { from, to }: Slice): Point[] {
  const first = rings[0];
  const last = rings.at(-1);
  if (!first || !last) return [];
  const edge = (ring: Ring, outwards: number): Point[] => {
    const start = travelledAt(ring, from) + AISLE / 4;
    const end = travelledAt(ring, to) - AISLE / 4;
    return [0, 1, 2, 3, 4].map((step) => {
      const [x, y] = pointAt(ring, directionAt(ring, start + ((end - start) * step) / 4));
      const length = Math.sqrt(x * x + y * y);
      const stretch = (length + (outwards * ROW_DEPTH) / 2) / length;
      return [x * stretch, y * stretch];
    });
  };
  return [...edge(first, -1), ...edge(last, 1).reverse()];
}

/** A, B, ... Z, AA, AB, ... */
export function rowLabel(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : rowLabel(Math.floor(index / 26) - 1) + letter;
}

function assemble(sections: GeneratedSection[], outermost: Ring): SeatingPlanDraft {
  const halfWidth = Math.ceil(Math.max(...outermost.points.map(([x]) => x)) + ROW_DEPTH + MARGIN);
  const halfHeight = Math.ceil(Math.max(...outermost.points.map(([, y]) => y)) + ROW_DEPTH + MARGIN);
  const placed = ([x, y]: Point): Point => [tenth(x + halfWidth), tenth(y + halfHeight)];
  const tierLabels = tierLabelsOf(sections);
  const seats: SeatingPlanDraft['seats'] = { section: [], row: [], label: [], x: [], y: [], flags: [] };
  for (const [index, section] of sections.entries()) {
    for (const row of section.rows) {
      for (const [seat, position] of row.positions.entries()) {
        const [x, y] = placed(position);
        seats.section.push(index);
        seats.row.push(row.label);
        seats.label.push(`${seat + 1}`);
        seats.x.push(x);
        seats.y.push(y);
      }
    }
  }
  seats.flags = flagsOf(sections);
  const severalLevels = new Set(sections.map((section) => section.level)).size > 1;
  return {
    width: 2 * halfWidth,
    height: 2 * halfHeight,
    focalPoint: [halfWidth, halfHeight],
    sections: sections.map(({ label, level, outline }, index) => ({
      label,
      ...(severalLevels && { level }),
      tierLabel: tierLabels[index] ?? '',
      outline: outline.map(placed),
    })),
    seats,
  };
}

const tenth = (value: number): number => Math.round(value * 10) / 10;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
