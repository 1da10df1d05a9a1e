import { z } from 'zod';
import type { SeatingPlanDraft } from '../layout.ts';
import { type Point, seatFlags } from '../seating-plan.ts';
import { describeIssues, type ImportProblem, ImportRefused, parseFile } from './import-refused.ts';
import { coordinate, label } from './text-fields.ts';

const position = z.object({ x: coordinate, y: coordinate });

const chartFile = z.object({
  name: label,
  categories: z.object({ list: z.array(z.object({ key: z.union([z.number(), z.string()]), label })) }),
  zones: z.object({ list: z.array(z.object({ key: z.string(), focalPoint: position.nullish() })) }).optional(),
  subChart: z.object({
    width: coordinate.positive(),
    height: coordinate.positive(),
    focalPoint: position.nullish(),
    sections: z.array(z.unknown()).min(1, 'a chart without sections'),
  }),
});
type Chart = z.infer<typeof chartFile>;

const seatShape = position.extend({
  label,
  restrictedView: z.boolean().default(false),
  accessible: z.boolean().default(false),
});
const sectionShape = z.object({
  label,
  zone: z.string().nullish(),
  categoryKey: z.union([z.number(), z.string()]),
  points: z.array(position).min(3, 'an outline needs at least three points'),
  topLeft: position,
  subChart: z.object({
    rows: z.array(z.object({ label, seats: z.array(seatShape) })),
  }),
});
type Section = z.infer<typeof sectionShape>;

/**
 * Reads a seating chart with sections, as seats.io exports it. Outlines and focal points are in the chart's own
 * coordinates; the seats of a section are relative to its `topLeft`. A section's category is its price tier, its zone
 * is what it faces. Seats keep the file's order, in which neighbours follow each other. Throws ImportRefused with all
 * problems of the file.
 */
export function parseSeatingChart(file: string, text: string): { name: string; plan: SeatingPlanDraft } {
  const chart = parseFile(file, text, chartFile);
  const problems: ImportProblem[] = [];
  const sections = chart.subChart.sections.flatMap((value, index) => {
    const named = z.object({ label }).safeParse(value).data?.label;
    const record = `section ${named ?? `number ${index + 1}`}`;
    const parsed = sectionShape.safeParse(value);
    if (!parsed.success) problems.push(...describeIssues(parsed.error, record));
    else problems.push(...sectionProblems(parsed.data, chart, record));
    return parsed.success ? [parsed.data] : [];
  });
  for (const label of duplicates(sections.map((section) => section.label))) {
    problems.push({ record: `section ${label}`, reason: 'the section label appears twice' });
  }
  if (problems.length > 0) throw new ImportRefused(file, problems);
  return { name: chart.name, plan: planOf(chart, sections) };
}

function sectionProblems(section: Section, chart: Chart, record: string): ImportProblem[] {
  const problems: ImportProblem[] = [];
  const { rows } = section.subChart;
  if (!chart.categories.list.some((category) => category.key === section.categoryKey)) {
    problems.push({ record, reason: `unknown category ${section.categoryKey}` });
  }
  if (section.zone && !chart.zones?.list.some((zone) => zone.key === section.zone)) {
    problems.push({ record, reason: `unknown zone ${section.zone}` });
  }
  if (rows.every((row) => row.seats.length === 0)) problems.push({ record, reason: 'a section without seats' });
  for (const label of duplicates(rows.map((row) => row.label))) {
    problems.push({ record: `${record}, row ${label}`, reason: 'the row label appears twice' });
  }
  const places: string[] = [];
  for (const row of rows) {
    for (const label of duplicates(row.seats.map((seat) => seat.label))) {
      problems.push({ record: `${record}, row ${row.label}, seat ${label}`, reason: 'the seat label appears twice' });
    }
    places.push(...row.seats.map(({ x, y }) => `${x}, ${y}`));
  }
  for (const place of duplicates(places)) problems.push({ record, reason: `two seats at the same place (${place})` });
  return problems;
}

function planOf(chart: Chart, sections: readonly Section[]): SeatingPlanDraft {
  const { width, height, focalPoint } = chart.subChart;
  const tiers = new Map(chart.categories.list.map(({ key, label }) => [key, label]));
  const looksAt = new Map(chart.zones?.list.map((zone) => [zone.key, zone.focalPoint]));
  const seats: SeatingPlanDraft['seats'] = { section: [], row: [], label: [], x: [], y: [], flags: [] };
  for (const [index, { topLeft, subChart }] of sections.entries()) {
    for (const row of subChart.rows) {
      for (const seat of row.seats) {
        seats.section.push(index);
        seats.row.push(row.label);
        seats.label.push(seat.label);
        seats.x.push(hundredth(topLeft.x + seat.x));
        seats.y.push(hundredth(topLeft.y + seat.y));
        seats.flags.push(
          (seat.accessible ? seatFlags.accessible : 0) | (seat.restrictedView ? seatFlags.restrictedView : 0),
        );
      }
    }
  }
  return {
    width,
    height,
    ...(focalPoint && { focalPoint: pointOf(focalPoint) }),
    sections: sections.map((section) => {
      const focus = section.zone ? looksAt.get(section.zone) : undefined;
      return {
        label: section.label,
        tierLabel: tiers.get(section.categoryKey) ?? '',
        outline: section.points.map(pointOf),
        ...(focus && { focalPoint: pointOf(focus) }),
      };
    }),
    seats,
  };
}

const pointOf = ({ x, y }: { x: number; y: number }): Point => [x, y];
/** The precision of the file, without the rounding error of adding two of its numbers. */
const hundredth = (value: number): number => Math.round(value * 100) / 100;

function duplicates(values: readonly string[]): string[] {
  const seen = new Set<string>();
  return [...new Set(values.filter((value) => seen.size === seen.add(value).size))];
}
