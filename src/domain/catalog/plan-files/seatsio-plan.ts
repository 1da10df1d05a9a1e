import type { SeatingPlanDraft } from '../layout.ts';
import type { Point } from '../seating-plan.ts';
import { type JsonNode, parseJson } from './json-node.ts';
import { boxOf } from './outlines.ts';
import { allPositions, draftOf, type PlanContent, type SectionContent } from './plan-content.ts';
import type { PlanProblems } from './plan-problems.ts';
import { readCategories, type SeatsioCategories } from './seatsio-categories.ts';
import { type Drawing, pointOf, readArea, readBooth, readOutline, readRow, readTable } from './seatsio-objects.ts';

/** What a chart of seats.io says. `hasOnlyRows`: nothing but sections with rows of plain seats. */
export type SeatsioChart = { name: string; draft: SeatingPlanDraft; hasOnlyRows: boolean };

/** Kinds of objects that are drawn, and are not sold. */
const DRAWN = new Set(['texts', 'shapes', 'icons', 'imageObjects', 'images', 'lines']);
const SOLD = new Set(['rows', 'tables', 'booths', 'generalAdmissionAreas', 'sections']);

type Chart = {
  problems: PlanProblems;
  name: string;
  categories: SeatsioCategories;
  zones: ReadonlyMap<string, Point | undefined>;
  sections: SectionContent[];
  drawn: Map<string, number>;
  hasOnlyRows: boolean;
};

/** A part of the chart that has objects: the chart itself, one of its floors, or a section. */
type Part = { node: JsonNode; origin: Point; floor?: string | undefined };

/**
 * Reads a chart as seats.io exports it: sections, rows, tables, booths, general admission areas and floors. Undefined
 * when there are problems. Outlines and focal points are in the chart's own coordinates; the objects of a section are
 * relative to its `topLeft`. Seats keep the file's order.
 */
export function readSeatsioPlan(text: string, problems: PlanProblems): SeatsioChart | undefined {
  const root = parseJson(text, problems);
  if (!root?.requireObject()) return undefined;
  const chart: Chart = {
    problems,
    name: root.get('name').label() ?? '',
    categories: readCategories(root.get('categories').get('list')),
    zones: readZones(root.get('zones').get('list')),
    sections: [],
    drawn: new Map(),
    hasOnlyRows: true,
  };
  const size = readParts(chart, root);
  for (const [kind, count] of chart.drawn) problems.warn(root, `${count} ${kind} are only drawn, and are left out`);
  const focalPoint = pointOf(root.get('subChart').get('focalPoint'), [0, 0]);
  const draft = draftOf({ ...size, ...(focalPoint && { focalPoint }), sections: chart.sections }, problems);
  return draft && { name: chart.name, draft, hasOnlyRows: chart.hasOnlyRows && !draft.tiers };
}

function readZones(list: JsonNode): Map<string, Point | undefined> {
  const zones = new Map<string, Point | undefined>();
  for (const zone of list.items()) {
    const key = zone.get('key');
    if (typeof key.value !== 'string') key.problem('a text is needed');
    else zones.set(key.value, pointOf(zone.get('focalPoint'), [0, 0]));
  }
  return zones;
}

const FLOOR_GAP = 50;

/** Reads the chart and its floors. A floor with a drawing of its own is put below the drawings before it. */
function readParts(chart: Chart, root: JsonNode): Pick<PlanContent, 'width' | 'height'> {
  const floors = floorsOf(root.get('floors'));
  const names = new Map(
    floors.map((floor) => [String(floor.get('key').value ?? floor.get('name').value), nameOf(floor)]),
  );
  const size = { width: 0, height: 0 };
  const drawings = [
    { node: root.get('subChart'), floor: undefined },
    ...floors.map((floor) => ({ node: floor.get('subChart'), floor: nameOf(floor) })),
  ];
  for (const { node, floor } of drawings) {
    if (!node.exists) continue;
    if (!node.requireObject()) continue;
    const top = size.height === 0 ? 0 : size.height + FLOOR_GAP;
    readTop(chart, { node, origin: [0, top], floor }, names);
    size.width = Math.max(size.width, node.get('width').numberOr(0));
    size.height = top + node.get('height').numberOr(0);
  }
  if (!root.get('subChart').exists && floors.length === 0) root.get('subChart').problem('an object is needed');
  return size.width > 0 && size.height > 0 ? size : sizeAround(chart.sections);
}

const floorsOf = (node: JsonNode): JsonNode[] => (Array.isArray(node.value) ? node : node.get('list')).items();

const nameOf = (floor: JsonNode): string | undefined =>
  ['displayName', 'label', 'name', 'key']
    .map((key) => floor.get(key))
    .find((node) => node.exists)
    ?.label();

function sizeAround(sections: readonly SectionContent[]): { width: number; height: number } {
  const box = boxOf(allPositions(sections));
  return { width: Math.max(1, Math.ceil(box.right)), height: Math.max(1, Math.ceil(box.bottom)) };
}

/** Objects outside of sections get one section, or the section that their `sectionLabel` names. */
function readTop(chart: Chart, part: Part, floors: ReadonlyMap<string, string | undefined>): void {
  countDrawings(chart, part.node);
  const floorOf = (node: JsonNode) => floors.get(String(node.get('floor').value)) ?? part.floor;
  const loose = new Map<string, SectionContent>();
  const sectionFor = (node: JsonNode): SectionContent => {
    const own = node.get('sectionLabel');
    const level = floorOf(node);
    const label = (own.exists ? own.label() : undefined) ?? level ?? (chart.name || 'Seats');
    const known = loose.get(label);
    if (known) return known;
    const section: SectionContent = { label, at: node, level, rows: [] };
    loose.set(label, section);
    chart.sections.push(section);
    return section;
  };
  const drawing: Drawing = { origin: part.origin, categories: chart.categories };
  for (const { node, rows } of rowsOf(chart, part.node, drawing)) sectionFor(node).rows.push(...rows);
  for (const area of part.node.get('generalAdmissionAreas').items())
    addArea(chart, area, { ...drawing, level: floorOf(area) });
  for (const section of part.node.get('sections').items())
    readSection(chart, section, { origin: part.origin, level: floorOf(section) });
  if (loose.size > 0) chart.hasOnlyRows = false;
}

function readSection(
  chart: Chart,
  node: JsonNode,
  { origin, level }: { origin: Point; level: string | undefined },
): void {
  if (!node.requireObject()) return;
  const label = node.get('label').label() ?? '';
  const topLeft = node.get('topLeft').position() ?? { x: 0, y: 0 };
  const tier = chart.categories.of(node, undefined);
  const outline = readOutline(node.get('points'), origin);
  const objects = node.get('subChart');
  countDrawings(chart, objects);
  for (const inner of objects.get('sections').items()) inner.problem('a section in a section cannot be read');
  const drawing: Drawing = {
    origin: [origin[0] + topLeft.x, origin[1] + topLeft.y],
    categories: chart.categories,
    tier,
  };
  const rows = rowsOf(chart, objects, drawing).flatMap((object) => object.rows);
  const areas = objects.get('generalAdmissionAreas').items();
  const focalPoint = focusOf(chart, node.get('zone'));
  if (rows.length > 0 || areas.length === 0)
    chart.sections.push({
      label,
      at: node,
      level,
      tier,
      rows,
      ...(outline && { outline }),
      ...(focalPoint && { focalPoint }),
    });
  for (const area of areas) addArea(chart, area, { ...drawing, level, focalPoint, within: { label, outline } });
}

function focusOf(chart: Chart, zone: JsonNode): Point | undefined {
  if (!zone.exists) return undefined;
  const key = String(zone.value);
  return chart.zones.has(key) ? chart.zones.get(key) : zone.problem(`unknown zone ${key}`);
}

/** The rows of a part, then its tables and booths: each is a row of places. */
function rowsOf(chart: Chart, objects: JsonNode, drawing: Drawing): { node: JsonNode; rows: SectionContent['rows'] }[] {
  const read = (kind: string, reader: (node: JsonNode, drawing: Drawing) => SectionContent['rows'][number]) =>
    objects
      .get(kind)
      .items()
      .map((node) => ({ node, rows: node.requireObject() ? [reader(node, drawing)] : [] }));
  const others = [...read('tables', readTable), ...read('booths', readBooth)];
  if (others.length > 0) chart.hasOnlyRows = false;
  return [...read('rows', readRow), ...others];
}

type AreaContext = Drawing & {
  level: string | undefined;
  focalPoint?: Point | undefined;
  within?: { label: string; outline: Point[] | undefined };
};

function addArea(chart: Chart, node: JsonNode, { within, level, focalPoint, ...drawing }: AreaContext): void {
  chart.hasOnlyRows = false;
  if (!node.requireObject()) return;
  const area = readArea(node, drawing, within?.outline);
  const label = within ? `${within.label} ${area.label}` : area.label;
  chart.sections.push({ ...area, label, level, ...(focalPoint && { focalPoint }) });
}

/** Objects of a kind that is not known would be lost in silence, so they are refused. */
function countDrawings(chart: Chart, objects: JsonNode): void {
  for (const kind of objects.keys()) {
    const list = objects.get(kind);
    if (SOLD.has(kind) || !Array.isArray(list.value) || list.value.length === 0) continue;
    if (DRAWN.has(kind)) chart.drawn.set(kind, (chart.drawn.get(kind) ?? 0) + list.value.length);
    else list.problem(`objects of the kind "${kind}" cannot be read`);
  }
}
