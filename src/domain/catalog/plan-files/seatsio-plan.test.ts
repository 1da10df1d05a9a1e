import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import type { SeatingPlanDraft } from '../layout.ts';
import { seatFlags } from '../seat-features-rules.ts';
import { readSeatingPlanFile, writeSeatingPlanFile } from './seating-plan-file.ts';

const data = new URL('../../../../data/', import.meta.url);
const fileOf = (name: string): Buffer => readFileSync(new URL(name, data));

function read(chart: object | Buffer) {
  const bytes = Buffer.isBuffer(chart) ? chart : Buffer.from(JSON.stringify(chart));
  return readSeatingPlanFile(bytes, 'SEATSIO');
}
function planOf(chart: object | Buffer): SeatingPlanDraft {
  const found = read(chart);
  if ('problems' in found) throw new Error(JSON.stringify(found.problems));
  return found.plan;
}
const problemsOf = (chart: object | Buffer) => {
  const found = read(chart);
  return 'problems' in found ? found.problems.map(({ path, message }) => `${path}: ${message}`) : [];
};
/** The number of places of each section. */
const countsOf = ({ sections, seats }: SeatingPlanDraft) =>
  Object.fromEntries(
    sections.map(({ label }, index) => [label, seats.section.filter((section) => section === index).length]),
  );
const tierOf = ({ sections, tiers = [], seats }: SeatingPlanDraft, seatNo: number) => {
  const own = seats.tier?.[seatNo] ?? 0;
  return own > 0 ? tiers[own - 1] : sections[seats.section[seatNo] ?? -1]?.tierLabel;
};

describe('the real charts', () => {
  it.each([
    ['race-track-seating/chart.json', { 'Goal Stand 4': 650, 'Goal Stand 3': 2215, MT1: 2418, MT3: 3614 }],
    ['seatsio-charts/sampleChart.json', { 'Sample chart': 32, GA1: 100, GA2: 100 }],
    ['seatsio-charts/sampleChartWithSections.json', { 'Section A': 36, 'Section B': 35 }],
    ['seatsio-charts/sampleChartWithTables.json', { 'Sample chart': 12 }],
  ])('%s has in each section as many places as its file says', (name, counts) => {
    expect(countsOf(planOf(fileOf(name)))).toEqual(counts);
  });

  it.each([
    'race-track-seating/chart.json',
    'seatsio-charts/sampleChart.json',
    'seatsio-charts/sampleChartWithSections.json',
    'seatsio-charts/sampleChartWithTables.json',
  ])('%s is the same plan after an export and another import, and has the same seats as a spreadsheet', (name) => {
    const plan = planOf(fileOf(name));
    const layout = Buffer.from(writeSeatingPlanFile(plan, 'FRONTROW'));
    expect(readSeatingPlanFile(layout, 'FRONTROW')).toEqual({ plan, warnings: [] });
    const sheet = readSeatingPlanFile(Buffer.from(writeSeatingPlanFile(plan, 'CSV')), 'CSV');
    if ('problems' in sheet) throw new Error(JSON.stringify(sheet.problems));
    const all = (draft: SeatingPlanDraft) => draft.seats.x.map((_, seatNo) => tierOf(draft, seatNo));
    expect(sheet.plan.seats).toEqual(plan.seats);
    expect(sheet.plan.sections.map(({ label, level, kind }) => ({ label, level, kind }))).toEqual(
      plan.sections.map(({ label, level, kind }) => ({ label, level, kind })),
    );
    expect(all(sheet.plan)).toEqual(all(plan));
  });

  it('reads the faulty chart of the vendor as its designer does: refused, each fault with its path', () => {
    expect(problemsOf(fileOf('seatsio-charts/sampleChartWithErrors.json'))).toEqual([
      'subChart.rows[0].seats[2].label: it has no label',
      'subChart.rows[0].seats[3]: it has no category',
      expect.stringMatching(/^subChart\.rows\[0\]\.seats\[1\]: the seat label "1" appears twice in row "A"/),
    ]);
  });
});

const circle = { center: { x: 100, y: 100 }, radius1: 30, radius2: 20, rotationAngle: 0 };
const seats = (...labels: string[]) => labels.map((label, i) => ({ label, x: i * 10, y: 0 }));
type Objects = Record<string, unknown>;
const chartOf = (objects: Objects, more: object = {}) => ({
  name: 'Kursaal',
  categories: {
    list: [
      { key: 'p', label: 'Parkett' },
      { key: 7, label: 'Loge' },
    ],
  },
  subChart: { width: 500, height: 400, rows: [], sections: [], ...objects },
  ...more,
});
const sectionOf = (objects: Objects, more: object = {}) => ({
  label: 'Mitte',
  categoryKey: 'p',
  topLeft: { x: 50, y: 60 },
  points: [],
  subChart: { rows: [], ...objects },
  ...more,
});
const hall = (objects: Objects, more: object = {}) => chartOf({ sections: [sectionOf(objects, more)] });

test('a section with rows, two tables, a booth and a standing area has all of them', () => {
  const plan = planOf(
    hall({
      rows: [{ label: 'A', seats: seats('1', '2', '3') }],
      tables: [
        { label: 'T1', center: { x: 0, y: 90 }, seats: seats('a', 'b').map((seat) => ({ ...seat, y: 90 })) },
        { label: 'T2', bookAsAWhole: true, seats: seats('a', 'b', 'c').map((seat) => ({ ...seat, y: 120 })) },
      ],
      booths: [{ label: 'K1', center: { x: 7, y: 200 }, width: 5, height: 5, categoryKey: 7 }],
      generalAdmissionAreas: [{ label: 'Stehplatz', capacity: 40, ...circle }],
    }),
  );
  expect(countsOf(plan)).toEqual({ Mitte: 9, 'Mitte Stehplatz': 40 });
  expect(plan.seats.row.slice(0, 9)).toEqual(['A', 'A', 'A', 'T1', 'T1', 'T2', 'T2', 'T2', 'K1']);
  expect([plan.seats.x[1], plan.seats.y[1], plan.seats.x[8], plan.seats.y[8]]).toEqual([60, 60, 57, 260]);
  expect(plan.seats.flags.map((flags) => flags & seatFlags.soldAsAWhole)).toEqual([
    ...[0, 0, 0, 0, 0, 32, 32, 32, 0],
    ...Array.from({ length: 40 }, () => 0),
  ]);
  expect(tierOf(plan, 8)).toBe('Loge');
  expect(plan.sections[1]).toMatchObject({ kind: 'GENERAL_ADMISSION', tierLabel: 'Parkett' });
  expect(plan.seats.label.slice(9, 12)).toEqual(['1', '2', '3']);
});

test('the category of a seat is before that of its row, its table and its section', () => {
  const [a, b, c] = seats('1', '2', '3');
  const plan = planOf(
    hall({
      rows: [{ label: 'A', categoryKey: 7, seats: [{ ...a, categoryKey: 'p' }, b, { ...c, categoryKey: null }] }],
    }),
  );
  expect([0, 1, 2].map((seatNo) => tierOf(plan, seatNo))).toEqual(['Parkett', 'Loge', 'Loge']);
});

test('reads the features of seats, and the category for wheelchairs of older charts', () => {
  const [a, b, c, d] = seats('1', '2', '3', '4');
  const chart = hall({
    rows: [
      {
        label: 'A',
        seats: [
          { ...a, accessible: true, restrictedView: true },
          { ...b, companionSeat: true },
          { ...c, semiAmbulatorySeat: true },
          { ...d, categoryAccessible: true },
        ],
      },
    ],
  });
  expect(planOf(chart).seats.flags).toEqual([3, 4, 8, 1]);
});

test('rows outside of sections are in the section that they name, else in one with the name of the chart', () => {
  const rows = [
    { label: 'A', categoryKey: 'p', seats: seats('1') },
    { label: 'A', categoryKey: 'p', sectionLabel: 'Rang', seats: seats('1', '2') },
    { label: 'B', categoryKey: 'p', seats: seats('1') },
  ];
  const plan = planOf(chartOf({ rows }));
  expect(countsOf(plan)).toEqual({ Kursaal: 2, Rang: 2 });
  expect(plan.sections.every(({ outline }) => outline.length >= 4)).toBe(true);
});

test('reads the floors of a chart, each below the one before, as levels of its sections', () => {
  const floor = (name: string, label: string) => ({
    name,
    subChart: {
      width: 300,
      height: 100,
      sections: [{ ...sectionOf({ rows: [{ label: 'A', seats: seats('1') }] }), label }],
    },
  });
  const { subChart: _, ...top } = chartOf({});
  const plan = planOf({ ...top, floors: [floor('1', 'Saal'), floor('2', 'Balkon')] });
  expect(plan.sections.map(({ label, level }) => [label, level])).toEqual([
    ['Saal', '1'],
    ['Balkon', '2'],
  ]);
  expect(plan.seats.y).toEqual([60, 210]);
  expect(plan.height).toBe(250);
  const named = chartOf(
    { sections: [sectionOf({ rows: [{ label: 'A', seats: seats('1') }] }, { floor: 'og' })] },
    { floors: { list: [{ key: 'og', label: 'Obergeschoss' }] } },
  );
  expect(planOf(named).sections[0]?.level).toBe('Obergeschoss');
});

test('keeps the focal points of the chart and of zones', () => {
  const chart = hall({ rows: [{ label: 'A', seats: seats('1') }] }, { zone: 'z' });
  const plan = planOf({
    ...chart,
    subChart: { ...chart.subChart, focalPoint: { x: 250, y: 3 } },
    zones: { list: [{ key: 'z', focalPoint: { x: 1, y: 2 } }] },
  });
  expect([plan.focalPoint, plan.sections[0]?.focalPoint]).toEqual([
    [250, 3],
    [1, 2],
  ]);
});

const row = { label: 'A', seats: seats('1', '2') };
test.each([
  [
    'an unknown category',
    hall({ rows: [{ ...row, categoryKey: 9 }] }),
    'subChart.sections[0].subChart.rows[0].categoryKey: unknown category 9',
  ],
  ['a seat without any category', chartOf({ rows: [row] }), 'subChart.rows[0].seats[0]: it has no category'],
  [
    'an area without a capacity',
    hall({ generalAdmissionAreas: [{ label: 'S', ...circle }] }),
    'subChart.sections[0].subChart.generalAdmissionAreas[0].capacity: a whole number from 1',
  ],
  [
    'a capacity beyond all halls',
    hall({ generalAdmissionAreas: [{ label: 'S', capacity: 1e300, ...circle }] }),
    'generalAdmissionAreas[0].capacity: a whole number from 1',
  ],
  [
    'half a place',
    hall({ generalAdmissionAreas: [{ label: 'S', capacity: 2.5, ...circle }] }),
    'generalAdmissionAreas[0].capacity: a whole number from 1',
  ],
  ['a table without chairs', hall({ tables: [{ label: 'T', seats: [] }] }), 'tables[0].seats: a table without chairs'],
  ['a booth without a position', hall({ booths: [{ label: 'K' }] }), 'booths[0].center: a position is needed'],
  [
    'objects of an unknown kind',
    hall({ rows: [row], hammocks: [{ label: 'H' }] }),
    'hammocks: objects of the kind "hammocks" cannot be read',
  ],
  [
    'a section in a section',
    hall({ rows: [row], sections: [sectionOf({})] }),
    'subChart.sections[0].subChart.sections[0]: a section in a section',
  ],
  ['an unknown zone', hall({ rows: [row] }, { zone: 'moon' }), 'subChart.sections[0].zone: unknown zone moon'],
  ['a section without seats', hall({}), 'subChart.sections[0]: a section without seats'],
  [
    'two sections of one name',
    chartOf({ sections: [sectionOf({ rows: [row] }), sectionOf({ rows: [row] }, { label: 'Mitte ' })] }),
    'subChart.sections[1]: the section label "Mitte" appears twice, first at subChart.sections[0]',
  ],
  [
    'two rows that look alike',
    hall({ rows: [row, { label: 'A\u00A0', seats: seats('3') }] }),
    'subChart.rows[1]: the row label "A" appears twice in section "Mitte"',
  ],
  [
    'two seats of a row in one place',
    hall({ rows: [{ label: 'A', seats: [...seats('1'), ...seats('2')] }] }),
    'rows[0].seats[1]: two seats at the same place (50, 60)',
  ],
  [
    'NUL in a label',
    hall({ rows: [{ label: 'A', seats: seats('4\u0000') }] }),
    'rows[0].seats[0].label: it has a character that is not text',
  ],
  [
    'a position beyond all drawings',
    hall({ rows: [{ label: 'A', seats: [{ label: '1', x: 1e300, y: 0 }] }] }),
    'rows[0].seats[0].x: 1e+300 is beyond 10,000,000',
  ],
  [
    'a position that is a text',
    hall({ rows: [{ label: 'A', seats: [{ label: '1', x: '5', y: 0 }] }] }),
    'rows[0].seats[0].x: a number is needed',
  ],
  ['a row that is a text', hall({ rows: ['A'] }), 'rows[0]: an object is needed'],
  ['rows that are an object', hall({ rows: { A: [] } }), 'rows: a list is needed'],
  ['a chart without a drawing', { name: 'x' }, 'subChart: an object is needed'],
  ['an empty chart', chartOf({}), 'the file: it has no seat'],
])('%s is refused with its path', (_what, chart, problem) => {
  expect(problemsOf(chart).join('\n')).toContain(problem);
});

test.each(['', 'null', '[]', '"x"', '{'])('refuses the broken file %j', (text) => {
  expect(problemsOf(Buffer.from(text))[0]).toMatch(/^the file: /);
});

test('lists all problems of a file, and no more than 200 of them', () => {
  const bad = Array.from({ length: 300 }, (_, i) => ({ label: `${i}`, x: null, y: 0 }));
  const problems = problemsOf(hall({ rows: [{ label: 'A', seats: bad }] }));
  expect(problems).toHaveLength(201);
  expect(problems.at(-1)).toMatch(/^the file: \d+ further problems$/);
});

test('says what is only drawn, and warns of a companion seat without a wheelchair place', () => {
  const found = read(
    hall({ rows: [{ label: 'A', seats: [{ label: '1', x: 0, y: 0, companionSeat: true }] }], texts: [{}, {}] }),
  );
  expect('warnings' in found && found.warnings).toEqual([
    { path: 'the file', message: '2 texts are only drawn, and are left out' },
    {
      path: 'subChart.sections[0].subChart.rows[0].seats[0]',
      message: 'a companion seat, but its section has no wheelchair place',
    },
  ]);
});
