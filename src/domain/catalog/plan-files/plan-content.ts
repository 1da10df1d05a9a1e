import type { SeatingPlanDraft } from '../layout.ts';
import { seatFlags } from '../seat-features-rules.ts';
import type { Point } from '../seating-plan.ts';
import { MAX_SEATS } from './file-values.ts';
import { outlineAround } from './outlines.ts';
import type { Place, PlanProblems } from './plan-problems.ts';

/** What a file says of its plan, before it is checked as a whole. Labels are normal already. */
export type PlanContent = {
  width: number;
  height: number;
  focalPoint?: Point | undefined;
  sections: SectionContent[];
};

export type SectionContent = {
  label: string;
  at: Place;
  kind?: 'GENERAL_ADMISSION';
  level?: string | undefined;
  /** The section's own tier in the file; otherwise the tier of most of its seats. */
  tier?: string | undefined;
  /** Drawn around the seats when the file has none. */
  outline?: Point[] | undefined;
  focalPoint?: Point | undefined;
  rows: RowContent[];
};

/** The places of a general admission area are one row whose label is empty. */
export type RowContent = { label: string; at: Place; seats: SeatContent[] };

export type SeatContent = { label: string; at: Place; x: number; y: number; flags: number; tier: string };

const MAX_SECTIONS = 65_535;
const MAX_OWN_TIERS = 255;
/** The distance between an outline and the seats in it, in the units of the file: less than the pitch of seats. */
const MARGIN = 5;

/** The places of a general admission area, all at its middle. */
export function placesOf(capacity: number, seat: Omit<SeatContent, 'label'>): SeatContent[] {
  return Array.from({ length: capacity }, (_, index) => ({ ...seat, label: `${index + 1}` }));
}

/**
 * Checks the content as a whole and puts it into columns. Undefined when there are problems, now or before. Seats keep
 * the order of the content: section by section, row by row.
 */
export function draftOf(content: PlanContent, problems: PlanProblems): SeatingPlanDraft | undefined {
  checkSections(content.sections, problems);
  for (const section of content.sections) checkRows(section, problems);
  if (!problems.isEmpty) return undefined;
  const tiers = content.sections.map(commonTier);
  const own = ownTiers(content.sections, tiers);
  if (own.length > MAX_OWN_TIERS)
    return problems.add({ path: 'the file' }, `${own.length} categories; at most ${MAX_OWN_TIERS} can be stored`);
  const seats = columnsOf(content.sections);
  if (own.length > 0) seats.tier = ownTierOfSeats(content.sections, tiers, own);
  return {
    width: content.width,
    height: content.height,
    ...(content.focalPoint && { focalPoint: content.focalPoint }),
    sections: content.sections.map((section, index) => ({
      label: section.label,
      ...(section.level && { level: section.level }),
      tierLabel: tiers[index] ?? '',
      ...(section.kind && { kind: section.kind }),
      outline: section.outline ?? outlineAround(positionsOf(section), MARGIN),
      ...(section.focalPoint && { focalPoint: section.focalPoint }),
    })),
    ...(own.length > 0 && { tiers: own }),
    seats,
  };
}

function checkSections(sections: readonly SectionContent[], problems: PlanProblems): void {
  const file = { path: 'the file' };
  const seats = sections.reduce((sum, { rows }) => sum + rows.reduce((inner, row) => inner + row.seats.length, 0), 0);
  if (seats === 0 && problems.isEmpty) problems.add(file, 'it has no seat');
  if (seats > MAX_SEATS) problems.add(file, `${seats} seats; at most ${MAX_SEATS} can be stored`);
  if (sections.length > MAX_SECTIONS) problems.add(file, `${sections.length} sections; at most ${MAX_SECTIONS}`);
  refuseRepeats(sections, problems, (label) => `the section label "${label}" appears twice`);
}

function checkRows(section: SectionContent, problems: PlanProblems): void {
  if (section.rows.every((row) => row.seats.length === 0)) problems.add(section.at, 'a section without seats');
  refuseRepeats(
    section.rows,
    problems,
    (label) => `the row label "${label}" appears twice in section "${section.label}"`,
  );
  let hasWheelchairPlace = false;
  for (const row of section.rows) {
    const where = `in row "${row.label}" of section "${section.label}"`;
    refuseRepeats(row.seats, problems, (label) => `the seat label "${label}" appears twice ${where}`);
    if (!section.kind) refuseSamePlace(row, where, problems);
    hasWheelchairPlace ||= row.seats.some((seat) => (seat.flags & seatFlags.accessible) !== 0);
  }
  if (hasWheelchairPlace) return;
  for (const { seats } of section.rows)
    for (const seat of seats)
      if ((seat.flags & seatFlags.companion) !== 0)
        problems.warn(seat.at, 'a companion seat, but its section has no wheelchair place');
}

function refuseRepeats(
  things: readonly { label: string; at: Place }[],
  problems: PlanProblems,
  message: (label: string) => string,
): void {
  const seen = new Map<string, Place>();
  for (const { label, at } of things) {
    const first = seen.get(label);
    if (first) problems.add(at, `${message(label)}, first at ${first.path}`);
    else seen.set(label, at);
  }
}

/** Two seats of a row in one place have no order, so their neighbours would be arbitrary. */
function refuseSamePlace(row: RowContent, where: string, problems: PlanProblems): void {
  const seen = new Map<string, Place>();
  for (const { x, y, at } of row.seats) {
    const place = `${x}, ${y}`;
    const first = seen.get(place);
    if (first) problems.add(at, `two seats at the same place (${place}) ${where}, the first at ${first.path}`);
    else seen.set(place, at);
  }
}

/** The positions of all seats, one after the other: a list of them would be as large as the plan. */
export function* allPositions(sections: readonly SectionContent[]): Generator<Point, undefined> {
  for (const section of sections) for (const { x, y } of seatsOf(section)) yield [x, y];
}

function* seatsOf(section: SectionContent): Generator<SeatContent> {
  for (const row of section.rows) yield* row.seats;
}

const positionsOf = (section: SectionContent): Point[] => Array.from(seatsOf(section), ({ x, y }): Point => [x, y]);

/** The tier of most seats of a section; the section's own tier, if as many seats have it. */
function commonTier(section: SectionContent): string {
  const counts = new Map<string, number>();
  for (const { tier } of seatsOf(section)) counts.set(tier, (counts.get(tier) ?? 0) + 1);
  let common = section.tier !== undefined && counts.has(section.tier) ? section.tier : undefined;
  for (const [tier, count] of counts) if (count > (counts.get(common ?? '') ?? 0)) common = tier;
  return common ?? '';
}

function ownTiers(sections: readonly SectionContent[], tiers: readonly string[]): string[] {
  const own = new Set<string>();
  for (const [index, section] of sections.entries())
    for (const { tier } of seatsOf(section)) if (tier !== tiers[index]) own.add(tier);
  return [...own];
}

function ownTierOfSeats(
  sections: readonly SectionContent[],
  tiers: readonly string[],
  own: readonly string[],
): number[] {
  const numbers = new Map(own.map((tier, index) => [tier, index + 1]));
  return sections.flatMap((section, index) =>
    Array.from(seatsOf(section), ({ tier }) => (tier === tiers[index] ? 0 : (numbers.get(tier) ?? 0))),
  );
}

function columnsOf(sections: readonly SectionContent[]): SeatingPlanDraft['seats'] {
  const seats: SeatingPlanDraft['seats'] = { section: [], row: [], label: [], x: [], y: [], flags: [] };
  for (const [index, section] of sections.entries()) {
    for (const row of section.rows) {
      for (const seat of row.seats) {
        seats.section.push(index);
        seats.row.push(row.label);
        seats.label.push(seat.label);
        seats.x.push(seat.x);
        seats.y.push(seat.y);
        seats.flags.push(seat.flags);
      }
    }
  }
  return seats;
}
