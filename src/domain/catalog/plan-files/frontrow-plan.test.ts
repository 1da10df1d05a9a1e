import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { buildLayout, type SeatingPlanDraft } from '../layout.ts';
import { generateSeatingPlan } from '../seating-plan-generator.ts';
import { readSeatingPlanFile, writeSeatingPlanFile } from './seating-plan-file.ts';

const planId = '0190a0b0-0000-8000-8000-000000000001';
const idsOf = ({ sections }: SeatingPlanDraft) =>
  sections.map((_, i) => `0190a0b0-0000-8000-8000-${`${i}`.padStart(12, '0')}`);
const read = (file: unknown) => readSeatingPlanFile(Buffer.from(JSON.stringify(file)), 'FRONTROW');
const problemsOf = (file: unknown) => {
  const found = read(file);
  return 'problems' in found ? found.problems.map(({ path, message }) => `${path}: ${message}`) : [];
};

const small: SeatingPlanDraft = {
  width: 100,
  height: 80,
  focalPoint: [50, 0],
  sections: [
    {
      label: 'P',
      level: 'Low',
      tierLabel: 'Gold',
      outline: [
        [0, 0],
        [9.5, 0],
        [9, 9],
      ],
      focalPoint: [1, 2],
    },
    {
      label: 'Pit',
      tierLabel: 'Silver',
      kind: 'GENERAL_ADMISSION',
      outline: [
        [0, 0],
        [9, 0],
        [9, 9],
      ],
    },
  ],
  tiers: ['Bronze'],
  seats: {
    section: [0, 0, 0, 1, 1],
    row: ['A', 'A', 'B', '', ''],
    label: ['2', '1', '1', '1', '2'],
    x: [10.25, 5, 10, 50, 50],
    y: [1, 1, 2, 70, 70],
    flags: [1, 4, 63, 0, 0],
    tier: [0, 1, 0, 0, 0],
  },
};

test.each([
  ['a stadium', generateSeatingPlan({ name: 'Anywhere', capacity: 6_000 })],
  ['a hall with everything that a plan can have', small],
])('%s goes out and comes in again unchanged, also as the layout that clients fetch', async (_name, plan) => {
  expect(read(JSON.parse(writeSeatingPlanFile(plan, 'FRONTROW')))).toEqual({ plan, warnings: [] });
  const layout = await buildLayout({ planId, sectionIds: idsOf(plan), draft: plan });
  const published = readSeatingPlanFile(gunzipSync(layout.gzip), 'FRONTROW');
  expect(published).toEqual({ plan, warnings: [] });
  if ('problems' in published) throw new Error('refused');
  const again = await buildLayout({ planId, sectionIds: idsOf(plan), draft: published.plan });
  expect(again.hash).toBe(layout.hash);
});

const seats = (change: object) => ({ ...small, seats: { ...small.seats, ...change } });
const section = (change: object) => ({ ...small, sections: [{ ...small.sections[0], ...change }, small.sections[1]] });
test.each([
  ['an unknown field', { ...small, stage: {} }, 'stage: unknown field'],
  ['an unknown field of a section', section({ colour: 'red' }), 'sections[0].colour: unknown field'],
  ['an unknown column', seats({ price: [] }), 'seats.price: unknown field'],
  ['no seats', { ...small, seats: undefined }, 'seats: an object is needed'],
  ['a column that is too short', seats({ row: ['A'] }), 'seats.row: 1 values, but "x" has 5'],
  ['a section that is not there', seats({ section: [0, 0, 0, 1, 2] }), 'seats.section[4]: a whole number from 0 to 1'],
  ['a tier that is not there', seats({ tier: [0, 2, 0, 0, 0] }), 'seats.tier[1]: a whole number from 0 to 1'],
  ['flags of no feature', seats({ flags: [64, 0, 0, 0, 0] }), 'seats.flags[0]: a whole number from 0 to 63'],
  ['a position beyond all drawings', seats({ y: [1, 1, 1e300, 1, 1] }), 'seats.y[2]: 1e+300 is beyond'],
  ['a position that is a text', seats({ x: [1, 2, 3, 4, '5'] }), 'seats.x[4]: a number is needed'],
  ['NUL in a row', seats({ row: ['A', 'A', 'B\u0000', '', ''] }), 'seats.row[2]: it has a character that is not text'],
  ['a seat twice', seats({ label: ['1', ' 1', '1', '1', '2'] }), 'seats.label[1]: the seat label "1" appears twice'],
  [
    'a row in two pieces',
    seats({ row: ['A', 'B', 'A', '', ''] }),
    'seats.row[2]: the seats of a row must follow each other',
  ],
  [
    'a seat without a row',
    seats({ row: ['A', 'A', '', '', ''] }),
    'seats.row[2]: only the places of a GENERAL_ADMISSION',
  ],
  [
    'a row in an area',
    seats({ row: ['A', 'A', 'B', 'C', ''] }),
    'seats.row[3]: only the places of a GENERAL_ADMISSION',
  ],
  ['an unknown kind of section', section({ kind: 'BENCHES' }), 'sections[0].kind: only "GENERAL_ADMISSION" is known'],
  ['a section name twice', section({ label: 'Pit' }), 'sections[1].label: the section label "Pit" appears twice'],
  [
    'a section without seats',
    { ...small, sections: [...small.sections, { ...small.sections[0], label: 'Q' }] },
    'sections[2]: a section without seats',
  ],
  ['a corner that is not a point', section({ outline: [[1]] }), 'sections[0].outline[0]: a point such as [10, 20]'],
  ['a width of nothing', { ...small, width: null }, 'width: a number is needed'],
])('%s is refused with its path', (_what, file, problem) => {
  expect(problemsOf(file).join('\n')).toContain(problem);
});
