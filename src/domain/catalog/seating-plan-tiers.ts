import { seatFlags } from './seat-features-rules.ts';
import type { Point } from './seating-plan.ts';

export type GeneratedRow = { label: string; positions: Point[] };
export type GeneratedSection = {
  label: string;
  level: string;
  levelIndex: number;
  rows: GeneratedRow[];
  outline: Point[];
};

/** By how many steps (10 cm) a level counts as further away, because it is higher up. */
const LEVEL_PENALTY = [0, 150, 250];
/** The best quarter of the seats is Category 1, the next 30 % Category 2, then 25 %, then the rest. */
const CATEGORY_ENDS = [0.25, 0.55, 0.8, 1];
const ACCESSIBLE_SHARE = 0.01;

/**
 * The price tier of each section, "Category 1" (best) to "Category 4", by level and distance to the centre spot.
 * Sections that mirror each other are equally far and get the same tier.
 */
export function tierLabelsOf(sections: readonly GeneratedSection[]): string[] {
  const ranked = sections
    .map((section, index) => ({ index, seats: seatsIn(section), far: farness(section) }))
    .sort((a, b) => a.far - b.far || a.index - b.index);
  const total = ranked.reduce((seats, section) => seats + section.seats, 0);
  const category = new Array<number>(sections.length).fill(0);
  let before = 0;
  let previous = { far: -1, category: 0 };
  for (const { index, seats, far } of ranked) {
    const reached = (before + seats / 2) / total;
    if (far !== previous.far) previous = { far, category: CATEGORY_ENDS.findIndex((end) => reached <= end) };
    category[index] = previous.category;
    before += seats;
  }
  const used = [...new Set(category)].sort((a, b) => a - b);
  return category.map((value) => `Category ${used.indexOf(value) + 1}`);
}

/**
 * Flags in `seat_no` order. Accessible seats, about one in a hundred, are where a level is entered: in the last row
 * of the lower level and in the first row of the levels above, at the end of the row. The view is restricted in the
 * front row of the corners (advertising boards) and in the two top rows behind the goals (scoreboards).
 */
export function flagsOf(sections: readonly GeneratedSection[]): number[] {
  const levels = Math.max(...sections.map((section) => section.levelIndex)) + 1;
  let before = 0;
  return sections.flatMap((section) => {
    const after = before + seatsIn(section);
    const quota = Math.round(after * ACCESSIBLE_SHARE) - Math.round(before * ACCESSIBLE_SHARE);
    before = after;
    const platform = section.levelIndex === 0 && levels > 1 ? section.rows.at(-1) : section.rows[0];
    return section.rows.flatMap((row) => {
      const accessible = row === platform ? quota : 0;
      const others = hasRestrictedView(section, row, levels) ? seatFlags.restrictedView : 0;
      return row.positions.map((_, seat) => (seat < accessible ? seatFlags.accessible : others));
    });
  });
}

/** With few rows, nothing blocks the view. */
const ROWS_WITHOUT_OBSTACLES = 8;

function hasRestrictedView(section: GeneratedSection, row: GeneratedRow, levels: number): boolean {
  if (section.rows.length <= ROWS_WITHOUT_OBSTACLES) return false;
  const sideways = sidewaysness(section);
  const isFront = section.levelIndex === 0 && row === section.rows[0];
  const isTop = section.levelIndex === levels - 1 && section.rows.slice(-2).includes(row);
  return (isFront && sideways >= 0.35 && sideways <= 0.65) || (isTop && sideways > 0.85);
}

/** 0 beside the pitch, 1 behind a goal: how far around the ellipse the section stands. */
function sidewaysness(section: GeneratedSection): number {
  const [x, y] = middleOf(section);
  return (x * x) / (x * x + 2 * y * y);
}

function farness(section: GeneratedSection): number {
  const [x, y] = middleOf(section);
  return Math.round((Math.sqrt(x * x + y * y) + (LEVEL_PENALTY[section.levelIndex] ?? 0)) / 5);
}

function middleOf(section: GeneratedSection): readonly [number, number] {
  const row = section.rows[section.rows.length >> 1];
  return row?.positions[row.positions.length >> 1] ?? [0, 0];
}

function seatsIn(section: GeneratedSection): number {
  return section.rows.reduce((seats, row) => seats + row.positions.length, 0);
}
