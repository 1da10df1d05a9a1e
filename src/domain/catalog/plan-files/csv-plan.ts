import type { SeatingPlanDraft } from '../layout.ts';
import { featuresOf } from '../seat-features-rules.ts';
import type { Point } from '../seating-plan.ts';
import { type CsvSeat, columns, readHeader, readLine } from './csv-columns.ts';
import { csvField, parseCsv, separatorOf } from './csv-text.ts';
import { boxOf, rectangle } from './outlines.ts';
import { allPositions, draftOf, type RowContent, type SeatContent, type SectionContent } from './plan-content.ts';
import type { PlanProblems } from './plan-problems.ts';

/** The tier of seats for which the file names neither a category nor a level. */
const NO_CATEGORY = 'Standard';

/** Where seats without positions are put, in units of 10 cm. */
const SEAT_PITCH = 5;
const ROW_DEPTH = 8;
const GAP = 24;
const MARGIN = 20;

type Lines = { label: string; seats: CsvSeat[] };

/**
 * Reads a spreadsheet, `section,row,seat,x,y,level,features` and optionally `category`. The order of columns is free,
 * and those after `seat` may be missing. Without positions the rows are laid out below each other. Undefined when there
 * are problems.
 */
export function readCsvPlan(text: string, problems: PlanProblems): SeatingPlanDraft | undefined {
  const separator = separatorOf(text);
  const lines = parseCsv(text, separator, problems);
  const header = lines.next().value;
  if (!header) return problems.add({ path: 'the file' }, 'it is empty');
  const at = readHeader(header, problems);
  if (!at) return undefined;
  const context = { columns: at, problems, hasDecimalComma: separator === ';' };
  // Line by line: the fields of all lines of a stadium would need more memory than its seats.
  const seats: CsvSeat[] = [];
  for (const line of lines) {
    const seat = readLine(line, context);
    if (seat) seats.push(seat);
  }
  const groups = groupBy(seats, (seat) => seat.section);
  const bottom = seats.reduce((most, { position }) => Math.max(most, position?.y ?? -Infinity), -Infinity);
  const layout = { top: bottom > -Infinity ? bottom + GAP : MARGIN };
  const sections = groups.map((group) => sectionOf(group, layout, problems));
  return draftOf({ ...sizeOf(sections), sections }, problems);
}

function groupBy(seats: readonly CsvSeat[], keyOf: (seat: CsvSeat) => string): Lines[] {
  const groups = new Map<string, Lines>();
  for (const seat of seats) {
    const key = keyOf(seat);
    const group = groups.get(key);
    if (group) group.seats.push(seat);
    else groups.set(key, { label: key, seats: [seat] });
  }
  return [...groups.values()];
}

function sectionOf({ label, seats }: Lines, layout: { top: number }, problems: PlanProblems): SectionContent {
  const at = seats[0]?.at ?? { path: 'the file' };
  const withoutRow = seats.filter(({ row }) => row === '').length;
  if (withoutRow > 0 && withoutRow < seats.length)
    problems.add(at, `section "${label}" has seats with a row and places without one`);
  const unplaced = seats.find(({ position }) => !position);
  if (unplaced && seats.some(({ position }) => position))
    problems.add(unplaced.at, `no position, but other seats of section "${label}" have one`);
  const level = seats.every((seat) => seat.level === seats[0]?.level) ? seats[0]?.level : undefined;
  const common = { label, at, ...(level !== undefined && { level }) };
  return withoutRow > 0
    ? { ...common, ...areaOf(seats, layout, problems) }
    : { ...common, rows: unplaced ? laidOut(seats, layout) : groupBy(seats, ({ row }) => row).map(placedRow) };
}

const tierOf = ({ category, level }: CsvSeat): string => category ?? level ?? NO_CATEGORY;

const contentOf = (seat: CsvSeat, x: number, y: number): SeatContent => ({
  label: seat.label,
  at: seat.at,
  x,
  y,
  flags: seat.flags,
  tier: tierOf(seat),
});

function placedRow({ label, seats }: Lines): RowContent {
  return {
    label,
    at: seats[0]?.at ?? { path: 'the file' },
    seats: seats.map((seat) => contentOf(seat, seat.position?.x ?? 0, seat.position?.y ?? 0)),
  };
}

/** Rows below each other, each from left to right in the order of the file. */
function laidOut(seats: readonly CsvSeat[], layout: { top: number }): RowContent[] {
  const rows = groupBy(seats, ({ row }) => row).map(({ label, seats: own }, index) => ({
    label,
    at: own[0]?.at ?? { path: 'the file' },
    seats: own.map((seat, place) => contentOf(seat, MARGIN + place * SEAT_PITCH, layout.top + index * ROW_DEPTH)),
  }));
  layout.top += rows.length * ROW_DEPTH + GAP;
  return rows;
}

/** Places without a row: all have the same position, the middle of their area. */
function areaOf(
  seats: readonly CsvSeat[],
  layout: { top: number },
  problems: PlanProblems,
): Pick<SectionContent, 'kind' | 'outline' | 'rows'> {
  const given = seats[0]?.position;
  const stray = seats.find(({ position }) => position?.x !== given?.x || position?.y !== given?.y);
  if (stray) problems.add(stray.at, 'places without a row have one position, the middle of their section');
  const side = Math.ceil(Math.sqrt(seats.length)) * SEAT_PITCH;
  const middle: Point = given ? [given.x, given.y] : [MARGIN + side / 2, layout.top + side / 2];
  if (!given) layout.top += side + GAP;
  const places = seats.map((seat) => contentOf(seat, middle[0], middle[1]));
  return {
    kind: 'GENERAL_ADMISSION',
    outline: rectangle(middle, [side, side]),
    rows: [{ label: '', at: seats[0]?.at ?? { path: 'the file' }, seats: places }],
  };
}

function sizeOf(sections: readonly SectionContent[]): { width: number; height: number } {
  const box = boxOf(cornersOf(sections));
  return { width: Math.max(1, Math.ceil(box.right + MARGIN)), height: Math.max(1, Math.ceil(box.bottom + MARGIN)) };
}

function* cornersOf(sections: readonly SectionContent[]): Generator<Point> {
  for (const { outline = [] } of sections) yield* outline;
  yield* allPositions(sections);
}

/** Writes a plan as a spreadsheet. The column `category` is left out when every seat's category is its level. */
export function writeCsvPlan({ sections, tiers = [], seats }: SeatingPlanDraft): string {
  const lines = seats.x.map((x, seatNo) => {
    const section = sections[seats.section[seatNo] ?? -1];
    const own = seats.tier?.[seatNo] ?? 0;
    const category = (own > 0 ? tiers[own - 1] : section?.tierLabel) ?? '';
    return {
      known: [
        section?.label ?? '',
        seats.row[seatNo] ?? '',
        seats.label[seatNo] ?? '',
        `${x}`,
        `${seats.y[seatNo]}`,
        section?.level ?? '',
        featuresOf(seats.flags[seatNo] ?? 0).join(' '),
      ],
      category,
      implied: section?.level ?? NO_CATEGORY,
    };
  });
  const needsCategory = lines.some(({ category, implied }) => category !== implied);
  const header = needsCategory ? columns : columns.slice(0, -1);
  const rows = lines.map(({ known, category }) => (needsCategory ? [...known, category] : known));
  return [header, ...rows].map((fields) => `${fields.map(csvField).join(',')}\r\n`).join('');
}
