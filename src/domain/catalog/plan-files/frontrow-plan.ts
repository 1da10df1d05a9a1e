import type { SeatColumns, SeatingPlanDraft } from '../layout.ts';
import { MAX_SEAT_FLAGS } from '../seat-features-rules.ts';
import type { PlanSection, Point } from '../seating-plan.ts';
import { MAX_SEATS, problemOfCoordinate, readLabel } from './file-values.ts';
import { type JsonNode, parseJson } from './json-node.ts';
import type { PlanProblems } from './plan-problems.ts';

/** `planId`, `hash` and the ids are those of the plan that was exported. A plan that is read gets its own. */
const FIELDS = new Set(['planId', 'hash', 'width', 'height', 'focalPoint', 'sections', 'tiers', 'seats']);
const SECTION_FIELDS = new Set(['id', 'label', 'level', 'tierLabel', 'kind', 'outline', 'focalPoint']);
const SEAT_FIELDS = new Set(['id', 'section', 'row', 'label', 'x', 'y', 'flags', 'tier']);

/** Reads a layout, as `/layouts/<hash>.json` gives it. Undefined when there are problems. */
export function readFrontrowPlan(text: string, problems: PlanProblems): SeatingPlanDraft | undefined {
  const root = parseJson(text, problems);
  if (!root?.requireObject()) return undefined;
  refuseOthers(root, FIELDS);
  const focalPoint = readPoint(root.get('focalPoint'));
  const sections = root.get('sections').items().map(readSection);
  const tiers = root
    .get('tiers')
    .items()
    .map((node) => node.label() ?? '');
  const seats = readSeats(root.get('seats'), { sections, tiers });
  const [width, height] = [root.get('width').number() ?? 0, root.get('height').number() ?? 0];
  const draft: SeatingPlanDraft = {
    width,
    height,
    ...(focalPoint && { focalPoint }),
    sections,
    ...(root.get('tiers').exists && { tiers }),
    seats,
  };
  if (problems.isEmpty) checkRows(root, draft);
  return problems.isEmpty ? draft : undefined;
}

/** Writes a plan as a layout without ids. What is written is read back as it was. */
export const writeFrontrowPlan = (draft: SeatingPlanDraft): string => JSON.stringify(draft);

function refuseOthers(node: JsonNode, known: ReadonlySet<string>): void {
  for (const key of node.keys()) if (!known.has(key)) node.get(key).problem('unknown field');
}

function readSection(node: JsonNode): Omit<PlanSection, 'id'> {
  if (node.requireObject()) refuseOthers(node, SECTION_FIELDS);
  const [level, kind] = [node.get('level'), node.get('kind')];
  if (kind.exists && kind.value !== 'GENERAL_ADMISSION') kind.problem('only "GENERAL_ADMISSION" is known');
  const outline = node
    .get('outline')
    .items()
    .flatMap((point) => {
      const read = readPoint(point);
      return read ? [read] : [];
    });
  const focalPoint = readPoint(node.get('focalPoint'));
  return {
    label: node.get('label').label() ?? '',
    ...(level.exists && { level: level.label() ?? '' }),
    tierLabel: node.get('tierLabel').label() ?? '',
    ...(kind.exists && { kind: 'GENERAL_ADMISSION' as const }),
    outline,
    ...(focalPoint && { focalPoint }),
  };
}

/** A point is a list of two numbers. */
function readPoint(node: JsonNode): Point | undefined {
  if (!node.exists) return undefined;
  const [x, y, ...others] = node.items();
  if (!x || !y || others.length > 0) return node.problem('a point such as [10, 20] is needed');
  return [x.number() ?? 0, y.number() ?? 0];
}

function readSeats(
  node: JsonNode,
  { sections, tiers }: { sections: readonly unknown[]; tiers: string[] },
): SeatColumns {
  if (!node.requireObject()) return { section: [], row: [], label: [], x: [], y: [], flags: [] };
  refuseOthers(node, SEAT_FIELDS);
  const whole = (most: number) => (value: unknown) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most
      ? undefined
      : `a whole number from 0 to ${most} is needed`;
  const seats: SeatColumns = {
    section: readColumn<number>(node.get('section'), whole(sections.length - 1)),
    row: readTexts(node.get('row'), true),
    label: readTexts(node.get('label'), false),
    x: readColumn<number>(node.get('x'), problemOfCoordinate),
    y: readColumn<number>(node.get('y'), problemOfCoordinate),
    flags: readColumn<number>(node.get('flags'), whole(MAX_SEAT_FLAGS)),
    ...(node.get('tier').exists && { tier: readColumn<number>(node.get('tier'), whole(tiers.length)) }),
  };
  const count = seats.x.length;
  if (count < 1 || count > MAX_SEATS) node.problem(`${count} seats; a plan has 1 to ${MAX_SEATS}`);
  for (const [name, column] of Object.entries(seats))
    if (column.length !== count) node.get(name).problem(`${column.length} values, but "x" has ${count}`);
  return seats;
}

/** A problem costs a path, so the path is made for the value that has one. */
function readColumn<T>(node: JsonNode, problemOf: (value: unknown) => string | undefined): T[] {
  if (!Array.isArray(node.value)) {
    node.problem('a list is needed');
    return [];
  }
  for (const [index, value] of node.value.entries()) {
    const problem = problemOf(value);
    if (problem) node.at(index).problem(problem);
  }
  return node.value;
}

function readTexts(node: JsonNode, mayBeEmpty: boolean): string[] {
  return readColumn<unknown>(node, () => undefined).map((value, index) => {
    if (mayBeEmpty && value === '') return '';
    const read = readLabel(value);
    return 'label' in read ? read.label : (node.at(index).problem(read.problem) ?? '');
  });
}

/** Rows and seats are told apart by their labels, and the seats of a row follow each other. */
function checkRows(root: JsonNode, draft: SeatingPlanDraft): void {
  const { section, row, label } = draft.seats;
  const seats = root.get('seats');
  const rows = new Set<string>();
  let current = '';
  let labels = new Set<string>();
  for (const [seatNo, name] of label.entries()) {
    const key = `${section[seatNo]} ${row[seatNo]}`;
    const isArea = draft.sections[section[seatNo] ?? -1]?.kind !== undefined;
    if ((row[seatNo] === '') !== isArea)
      seats.get('row').at(seatNo).problem('only the places of a GENERAL_ADMISSION section have an empty row');
    if (key !== current) {
      if (rows.has(key)) seats.get('row').at(seatNo).problem('the seats of a row must follow each other');
      rows.add(key);
      labels = new Set();
      current = key;
    }
    if (labels.has(name)) seats.get('label').at(seatNo).problem(`the seat label "${name}" appears twice in its row`);
    labels.add(name);
  }
  checkSections(root, draft);
}

function checkSections(root: JsonNode, { sections, seats, tiers = [] }: SeatingPlanDraft): void {
  const used = new Set(seats.section);
  const labels = new Set<string>();
  for (const [index, { label }] of sections.entries()) {
    const node = root.get('sections').at(index);
    if (!used.has(index)) node.problem('a section without seats');
    if (labels.has(label)) node.get('label').problem(`the section label "${label}" appears twice`);
    labels.add(label);
  }
  if (tiers.length > 255) root.get('tiers').problem(`${tiers.length} tiers; at most 255 can be stored`);
}
