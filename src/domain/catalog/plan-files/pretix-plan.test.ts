import { expect, test } from 'vitest';
import type { SeatingPlanDraft } from '../layout.ts';
import { readSeatingPlanFile, writeSeatingPlanFile } from './seating-plan-file.ts';

const read = (plan: unknown) => readSeatingPlanFile(Buffer.from(JSON.stringify(plan)), 'PRETIX');
function planOf(file: unknown): SeatingPlanDraft {
  const found = read(file);
  if ('problems' in found) throw new Error(JSON.stringify(found.problems));
  return found.plan;
}
const problemsOf = (file: unknown) => {
  const found = read(file);
  return 'problems' in found ? found.problems.map(({ path, message }) => `${path}: ${message}`) : [];
};
const placesOf = ({ sections, seats }: SeatingPlanDraft) =>
  seats.x.map(
    (x, seatNo) =>
      `${sections[seats.section[seatNo] ?? -1]?.label}/${seats.row[seatNo]}/${seats.label[seatNo]} ${x},${seats.y[seatNo]}`,
  );

const seat = (guid: string, number: string, x: number, category = 'Stalls') => ({
  seat_guid: guid,
  seat_number: number,
  position: { x, y: 0 },
  category,
});

/** The first generation: no name of a zone, no position of a row, no size. */
const first = {
  name: 'Old hall',
  categories: [{ name: 'Stalls' }, { name: 'Circle', color: 'blue' }],
  zones: [
    {
      position: { x: 100, y: 200 },
      rows: [
        { row_number: 'A', seats: [seat('A-1', '1', 0), seat('A-2', '2', 30, 'Circle')] },
        { row_number: 'B', position: { x: 5, y: 40 }, seats: [seat('B-1', '1', 0)] },
      ],
      areas: [{ width: 200, height: 40, position: { x: 0, y: -60 }, text: 'Stage' }],
    },
  ],
};

/** The second one: ids, radii, directions, and areas with shapes. */
const second = {
  name: 'New hall',
  size: { width: 900, height: 700 },
  categories: [
    { name: 'Parkett', color: '#7f4a91' },
    { name: 'Rang', color: '#4cb05b' },
  ],
  zones: [
    {
      name: 'Parkett',
      zone_id: 'p',
      uuid: '4e5a',
      position: { x: 50, y: 100 },
      rows: [
        {
          uuid: 'r1',
          row_number: '1',
          row_number_position: 'both',
          position: { x: 0, y: 0 },
          seats: [{ ...seat('p-1-1', '1', 0, 'Parkett'), uuid: 's1', radius: 10, start_direction: 'left' }],
        },
        {
          uuid: 'r2',
          row_number: '1',
          position: { x: 120, y: 0 },
          seats: [{ ...seat('p-1-2', '2', 0, 'Rang'), uuid: 's2', radius: 10 }],
        },
      ],
      areas: [
        {
          uuid: 'a1',
          shape: 'rectangle',
          color: '#eee',
          rotation: 0,
          position: { x: 0, y: 0 },
          rectangle: { width: 9, height: 9 },
        },
        { uuid: 'a2', shape: 'circle', position: { x: 0, y: 0 }, circle: { radius: 4 } },
        { uuid: 'a3', shape: 'polygon', position: { x: 0, y: 0 }, polygon: { points: [{ x: 0, y: 0 }] } },
      ],
    },
    { name: 'Rang', position: { x: 50, y: 400 }, rows: [], areas: [] },
    {
      name: 'Parkett',
      position: { x: 50, y: 130 },
      rows: [{ row_number: '2', seats: [seat('p-2-1', '1', 0, 'Parkett')] }],
    },
  ],
};

test('reads a plan of the first generation', () => {
  const plan = planOf(first);
  expect(placesOf(plan)).toEqual(['Old hall/A/1 100,200', 'Old hall/A/2 130,200', 'Old hall/B/1 105,240']);
  expect(plan).toMatchObject({ sections: [{ label: 'Old hall', tierLabel: 'Stalls' }], tiers: ['Circle'] });
  expect(plan.seats.tier).toEqual([0, 1, 0]);
  expect(plan.width).toBeGreaterThanOrEqual(130);
});

test('reads a plan of the second generation: the two halves of a row are one row, and zones of one name one section', () => {
  const found = read(second);
  expect('plan' in found && placesOf(found.plan)).toEqual([
    'Parkett/1/1 50,100',
    'Parkett/1/2 170,100',
    'Parkett/2/1 50,130',
  ]);
  expect('plan' in found && [found.plan.width, found.plan.height]).toEqual([900, 700]);
  expect('warnings' in found && found.warnings).toEqual([
    { path: 'the file', message: '3 areas are only drawn, and are left out' },
    { path: 'zones[1]', message: 'a zone without seats, which is left out' },
  ]);
});

test.each([first, second])('is the same plan after an export and another import', (file) => {
  const plan = planOf(file);
  const layout = Buffer.from(writeSeatingPlanFile(plan, 'FRONTROW'));
  expect(readSeatingPlanFile(layout, 'FRONTROW')).toEqual({ plan, warnings: [] });
  const sheet = readSeatingPlanFile(Buffer.from(writeSeatingPlanFile(plan, 'CSV')), 'CSV');
  expect('plan' in sheet && sheet.plan.seats).toEqual(plan.seats);
});

test('moves a plan into its drawing when it has seats left of it or above it', () => {
  const zone = { ...first.zones[0], position: { x: -50, y: -300 }, areas: [] };
  const plan = planOf({ ...first, zones: [zone] });
  expect(placesOf(plan)).toEqual(['Old hall/A/1 20,20', 'Old hall/A/2 50,20', 'Old hall/B/1 25,60']);
});

test('a seat without a category has the tier Standard, with a warning', () => {
  const zone = { position: { x: 0, y: 0 }, rows: [{ row_number: '1', seats: [seat('x', '1', 0, '')] }] };
  const found = read({ ...first, zones: [zone] });
  expect('plan' in found && found.plan.sections[0]?.tierLabel).toBe('Standard');
  expect('warnings' in found && found.warnings[0]?.path).toBe('zones[0].rows[0].seats[0].category');
});

const zoneOf = (rows: unknown[]) => ({ ...first, zones: [{ name: 'Z', position: { x: 0, y: 0 }, rows }] });
const rowOf = (...seats: unknown[]) => ({ row_number: '7', seats });
test.each([
  [
    'an unknown category',
    zoneOf([rowOf(seat('a', '1', 0, 'Boxes'))]),
    'zones[0].rows[0].seats[0].category: unknown category "Boxes"',
  ],
  [
    'a guid twice',
    zoneOf([rowOf(seat('a', '1', 0), seat('a', '2', 9))]),
    'zones[0].rows[0].seats[1].seat_guid: the seat_guid "a" appears twice, first at zones[0].rows[0].seats[0].seat_guid',
  ],
  [
    'a seat number twice in the halves of a row',
    zoneOf([rowOf(seat('a', '1', 0)), rowOf(seat('b', '1', 90))]),
    'the seat label "1" appears twice in row "7" of section "Z"',
  ],
  [
    'rows that look alike',
    zoneOf([rowOf(seat('a', '1', 0)), { row_number: '7 ', seats: [seat('b', '2', 9)] }]),
    'zones[0].rows[1].row_number: it looks like the number of another row, zones[0].rows[0]',
  ],
  [
    'zones that look alike',
    {
      ...first,
      zones: [
        { name: 'É', rows: [rowOf(seat('a', '1', 0))] },
        { name: 'E\u0301', rows: [rowOf(seat('b', '2', 0))] },
      ],
    },
    'zones[1].name: it looks like the name of another zone, zones[0]',
  ],
  [
    'a seat without a number',
    zoneOf([rowOf({ ...seat('a', '1', 0), seat_number: undefined })]),
    'zones[0].rows[0].seats[0].seat_number: a text is needed',
  ],
  [
    'a seat without a position',
    zoneOf([rowOf({ ...seat('a', '1', 0), position: undefined })]),
    'zones[0].rows[0].seats[0].position: a position is needed',
  ],
  [
    'an infinite position',
    zoneOf([rowOf(seat('a', '1', 1e300))]),
    'zones[0].rows[0].seats[0].position.x: 1e+300 is beyond',
  ],
  [
    'a category twice',
    { ...first, categories: [{ name: 'Stalls' }, { name: 'Stalls' }, { name: 'Circle' }] },
    'categories[1].name: the category "Stalls" appears twice',
  ],
  ['no zones', { name: 'x', categories: [] }, 'zones: a list is needed'],
  ['zones without any seat', { ...first, zones: [] }, 'the file: it has no seat'],
])('%s is refused with its path', (_what, file, problem) => {
  expect(problemsOf(file).join('\n')).toContain(problem);
});
