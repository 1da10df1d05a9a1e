import type { SeatingPlanDraft } from '../layout.ts';
import type { Point } from '../seating-plan.ts';
import { hundredth } from './file-values.ts';
import { type JsonNode, parseJson } from './json-node.ts';
import { boxOf } from './outlines.ts';
import { allPositions, draftOf, type RowContent, type SeatContent, type SectionContent } from './plan-content.ts';
import type { PlanProblems } from './plan-problems.ts';

type Plan = {
  problems: PlanProblems;
  name: string | undefined;
  /** By the name in the file. */
  categories: ReadonlyMap<string, string>;
  guids: Map<string, JsonNode>;
  sections: Map<
    string,
    { written: unknown; section: SectionContent; rows: Map<string, { written: unknown; row: RowContent }> }
  >;
  areas: number;
};

/** The tier of seats whose category is left empty. */
const NO_CATEGORY = 'Standard';
/** Space around the seats of a plan that says no size. */
const MARGIN = 20;

/**
 * Reads a seating plan of pretix, of both generations. A zone is a section, and zones of the same name are one section;
 * rows of the same number in it are one row, as pretix plans have them on both sides of an aisle. Positions are relative
 * to row and zone. Areas are drawings. Undefined when there are problems.
 */
export function readPretixPlan(text: string, problems: PlanProblems): SeatingPlanDraft | undefined {
  const root = parseJson(text, problems);
  if (!root?.requireObject()) return undefined;
  const name = root.get('name');
  const plan: Plan = {
    problems,
    name: name.exists && name.value !== '' ? name.label() : undefined,
    categories: readCategories(root.get('categories')),
    guids: new Map(),
    sections: new Map(),
    areas: 0,
  };
  const zones = root.get('zones');
  if (!zones.exists) zones.problem('a list is needed');
  for (const [index, zone] of zones.items().entries()) if (zone.requireObject()) readZone(plan, zone, index);
  if (plan.areas > 0) problems.warn(root, `${plan.areas} areas are only drawn, and are left out`);
  const sections = [...plan.sections.values()].map(({ section }) => section);
  for (const section of sections.filter(({ rows }) => rows.every((row) => row.seats.length === 0)))
    problems.warn(section.at, 'a zone without seats, which is left out');
  const seated = sections.filter(({ rows }) => rows.some((row) => row.seats.length > 0));
  for (const section of seated) section.rows = section.rows.filter((row) => row.seats.length > 0);
  return draftOf({ ...placed(seated, root.get('size')), sections: seated }, problems);
}

function readCategories(list: JsonNode): Map<string, string> {
  const categories = new Map<string, string>();
  for (const node of list.items()) {
    const name = node.get('name');
    const label = name.label();
    if (typeof name.value !== 'string' || label === undefined) continue;
    if (categories.has(name.value)) name.problem(`the category "${label}" appears twice`);
    categories.set(name.value, label);
  }
  return categories;
}

function readZone(plan: Plan, zone: JsonNode, index: number): void {
  const name = zone.get('name');
  const isNamed = name.exists && name.value !== '';
  const label = (isNamed ? name.label() : plan.name) ?? `Zone ${index + 1}`;
  const position = pointOf(zone.get('position'));
  plan.areas += zone.get('areas').items().length;
  let known = plan.sections.get(label);
  if (!known) {
    known = { written: name.value, section: { label, at: zone, rows: [] }, rows: new Map() };
    plan.sections.set(label, known);
  } else if (known.written !== name.value) {
    name.problem(`it looks like the name of another zone, ${known.section.at.path}`);
  }
  for (const [rowIndex, row] of zone.get('rows').items().entries())
    if (row.requireObject()) readRow(plan, row, { known, position, rowIndex });
}

type KnownSection = Plan['sections'] extends Map<string, infer S> ? S : never;

function readRow(plan: Plan, node: JsonNode, of: { known: KnownSection; position: Point; rowIndex: number }): void {
  const number = node.get('row_number');
  const isNamed = number.exists && number.value !== '';
  const label = isNamed ? number.label() : `${of.rowIndex + 1}`;
  if (label === undefined) return;
  const own = pointOf(node.get('position'));
  const seats = readSeats(plan, node, [of.position[0] + own[0], of.position[1] + own[1]]);
  const earlier = of.known.rows.get(label);
  if (!earlier) {
    const row = { label, at: node, seats };
    of.known.rows.set(label, { written: number.value, row });
    of.known.section.rows.push(row);
  } else if (earlier.written === number.value) {
    earlier.row.seats.push(...seats);
  } else {
    number.problem(`it looks like the number of another row, ${earlier.row.at.path}`);
  }
}

function readSeats(plan: Plan, row: JsonNode, [left, top]: Point): SeatContent[] {
  return row
    .get('seats')
    .items()
    .flatMap((node) => {
      if (!node.requireObject()) return [];
      const label = node.get('seat_number').label();
      const position = node.get('position');
      if (!position.exists) position.problem('a position is needed');
      const [x, y] = pointOf(position);
      const tier = tierOf(plan, node.get('category'));
      refuseRepeatedGuid(plan, node.get('seat_guid'));
      return label === undefined
        ? []
        : [{ label, at: node, x: hundredth(left + x), y: hundredth(top + y), flags: 0, tier }];
    });
}

function tierOf(plan: Plan, category: JsonNode): string {
  if (!category.exists || category.value === '') {
    category.warn(`no category: its seat belongs to "${NO_CATEGORY}"`);
    return NO_CATEGORY;
  }
  const known = typeof category.value === 'string' ? plan.categories.get(category.value) : undefined;
  return known ?? category.problem(`unknown category ${JSON.stringify(category.value)}`) ?? '';
}

function refuseRepeatedGuid(plan: Plan, guid: JsonNode): void {
  if (!guid.exists) return;
  const earlier = plan.guids.get(String(guid.value));
  if (earlier) guid.problem(`the seat_guid "${guid.value}" appears twice, first at ${earlier.path}`);
  else plan.guids.set(String(guid.value), guid);
}

function pointOf(node: JsonNode): Point {
  const position = node.position();
  return position ? [position.x, position.y] : [0, 0];
}

/** The size of the plan. Seats left of or above its corner move it: the seats are then shifted into the plan. */
function placed(sections: readonly SectionContent[], size: JsonNode): { width: number; height: number } {
  const seats = sections.flatMap(({ rows }) => rows.flatMap((row) => row.seats));
  const box = boxOf(allPositions(sections));
  const shift = { x: box.left < 0 ? MARGIN - box.left : 0, y: box.top < 0 ? MARGIN - box.top : 0 };
  for (const seat of seats) {
    seat.x = hundredth(seat.x + shift.x);
    seat.y = hundredth(seat.y + shift.y);
  }
  if (size.exists) size.requireObject();
  return {
    width: Math.max(size.get('width').numberOr(0), Math.ceil(box.right + shift.x + MARGIN)),
    height: Math.max(size.get('height').numberOr(0), Math.ceil(box.bottom + shift.y + MARGIN)),
  };
}
