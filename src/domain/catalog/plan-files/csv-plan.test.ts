import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { SeatingPlanDraft } from '../layout.ts';
import { readSeatingPlanFile, writeSeatingPlanFile } from './seating-plan-file.ts';

const read = (text: string | Buffer) => readSeatingPlanFile(Buffer.from(text as string), 'CSV');
function planOf(text: string): SeatingPlanDraft {
  const found = read(text);
  if ('problems' in found) throw new Error(JSON.stringify(found.problems));
  return found.plan;
}
const problemsOf = (text: string | Buffer) => {
  const found = read(text);
  return 'problems' in found ? found.problems.map(({ path, message }) => `${path}: ${message}`) : [];
};
const HEADER = 'section,row,seat,x,y,level,features';

describe('a spreadsheet', () => {
  it('is read with positions, levels and features', () => {
    const plan = planOf(
      `${HEADER}\nStalls,A,1,10,20,Gold,wheelchair\nStalls,A,2,15.5,20,Gold,Companion AISLE\nStalls,B,1,10,28,Silver,\n`,
    );
    expect(plan.seats).toMatchObject({
      row: ['A', 'A', 'B'],
      label: ['1', '2', '1'],
      x: [10, 15.5, 10],
      y: [20, 20, 28],
      flags: [1, 20, 0],
      tier: [0, 0, 1],
    });
    expect(plan).toMatchObject({ sections: [{ label: 'Stalls', tierLabel: 'Gold' }], tiers: ['Silver'] });
  });

  it('needs no more than section, row and seat: rows are laid out below each other', () => {
    const plan = planOf('row;Section;SEAT\r\nA;Parkett;1\r\nA;Parkett;2\r\nB;Parkett;1\r\n\r\nA;Rang;1');
    expect(plan.sections.map(({ label, tierLabel }) => [label, tierLabel])).toEqual([
      ['Parkett', 'Standard'],
      ['Rang', 'Standard'],
    ]);
    const { x, y } = plan.seats;
    expect((x[1] ?? 0) - (x[0] ?? 0)).toBe(5);
    expect(y[1]).toBe(y[0]);
    expect(y[2]).toBeGreaterThan(y[1] ?? 0);
    expect(y[3]).toBeGreaterThan(y[2] ?? 0);
    expect(Math.max(...y)).toBeLessThan(plan.height);
  });

  it('keeps the seats of a section and of a row together, in the order of the file', () => {
    const plan = planOf('section,row,seat\nP,A,1\nR,A,1\nP,B,1\nP,A,2\n');
    expect(plan.seats.label.map((label, i) => `${plan.seats.section[i]} ${plan.seats.row[i]} ${label}`)).toEqual([
      '0 A 1',
      '0 A 2',
      '0 B 1',
      '1 A 1',
    ]);
  });

  it('has a general admission section where the rows are empty', () => {
    const plan = planOf(`${HEADER}\nStalls,A,1,10,20,,\nPit,,1,,,,\nPit,,2,,,,\nPit,,3,,,,\n`);
    expect(plan.sections.map(({ kind }) => kind)).toEqual([undefined, 'GENERAL_ADMISSION']);
    expect(plan.seats.row).toEqual(['A', '', '', '']);
    expect(new Set(plan.seats.x.slice(1)).size).toBe(1);
  });

  it('may have a byte order mark, quotes, decimal commas between semicolons, and blanks around fields', () => {
    const plan = planOf('\ufeffsection;row;seat;x;y\r\n"Loge; links";" A ";"1""";10,5;-2\r\n');
    expect(plan.sections[0]?.label).toBe('Loge; links');
    expect([plan.seats.row[0], plan.seats.label[0], plan.seats.x[0], plan.seats.y[0]]).toEqual(['A', '1"', 10.5, -2]);
  });
});

test.each([
  ['an empty file', '', 'the file: it is empty'],
  ['a header without seats', 'section,row,seat\n', 'the file: it has no seat'],
  ['a missing column', 'section,row\nP,A\n', 'line 1: the column "seat" is missing'],
  ['an unknown column', 'section,row,seat,price\nP,A,1,5\n', 'line 1: unknown column "price"'],
  ['a column twice', 'section,row,seat,row\nP,A,1,B\n', 'line 1: the column "row" appears twice'],
  ['x without y', 'section,row,seat,x\nP,A,1,2\n', 'line 1: the columns "x" and "y" are only read together'],
  ['a line that is too short', 'section,row,seat\nP,A\n', 'line 2: 2 fields, but the header has 3'],
  ['a line that is too long', 'section,row,seat\nP,A,1,\n', 'line 2: 4 fields, but the header has 3'],
  ['a quote that stays open', 'section,row,seat\nP,A,"1\nP,A,2\n', 'line 2: a quote is opened and never closed'],
  ['text after a quote', 'section,row,seat\nP,"A"x,1\n', 'line 2: text after a closed quote'],
  ['an empty section', 'section,row,seat\n ,A,1\n', 'line 2, column section: it has no visible character'],
  ['NUL in a seat', 'section,row,seat\nP,A,1\u00002\n', 'line 2, column seat: it has a character that is not text'],
  ['a position that is not a number', `${HEADER}\nP,A,1,left,2,,\n`, 'line 2, column x: "left" is not a number'],
  ['half a position', `${HEADER}\nP,A,1,5,,,\n`, 'line 2, column y: "" is not a number'],
  ['an infinite position', `${HEADER}\nP,A,1,1e999,2,,\n`, 'line 2, column x: Infinity is beyond'],
  ['a far position', `${HEADER}\nP,A,1,3,-1e300,,\n`, 'line 2, column y: -1e+300 is beyond'],
  ['an unknown feature', `${HEADER}\nP,A,1,3,4,,sofa\n`, 'line 2, column features: unknown feature "sofa"'],
  [
    'a feature of all objects',
    `${HEADER}\nP,A,1,3,4,,constructor\n`,
    'line 2, column features: unknown feature "constructor"',
  ],
  [
    'a seat twice',
    'section,row,seat\nP,A,1\nP,B,1\nP,A, 1\n',
    'line 4: the seat label "1" appears twice in row "A" of section "P", first at line 2',
  ],
  [
    'a section with and without rows',
    'section,row,seat\nP,A,1\nP,,2\n',
    'line 2: section "P" has seats with a row and places without one',
  ],
  [
    'a section with and without positions',
    `${HEADER}\nP,A,1,3,4,,\nP,A,2,,,,\n`,
    'line 3: no position, but other seats of section "P" have one',
  ],
  [
    'places of an area in two positions',
    `${HEADER}\nP,,1,3,4,,\nP,,2,3,5,,\n`,
    'line 3: places without a row have one position',
  ],
])('%s is refused with its line', (_what, text, problem) => {
  expect(problemsOf(text).join('\n')).toContain(problem);
});

test.each([
  ['Latin-1', Buffer.from('section,row,seat\nBühne,A,1\n', 'latin1')],
  ['UTF-16', Buffer.from('\ufeffsection,row,seat\nP,A,1\n', 'utf16le')],
  ['half a character', Buffer.from([0x73, 0xe2, 0x82])],
])('refuses a file in %s and names the encoding that it needs', (_name, bytes) => {
  expect(problemsOf(bytes)).toEqual(['the file: it is not UTF-8: save it with that encoding']);
});

const label = fc.constantFrom('A', 'B"', 'C,D', 'É', '12', 'x y', '-', '=1+1', '上');
const seatLines = fc.uniqueArray(
  fc.record({
    section: fc.constantFrom('S1', 'S 2', 'Ö'),
    row: label,
    seat: label,
    x: fc.integer({ min: -9_999, max: 9_999 }),
    level: fc.constantFrom('', 'Low', 'High'),
    category: fc.constantFrom('', 'Gold', 'Low'),
    features: fc.constantFrom('', 'WHEELCHAIR', 'companion aisle', 'RESTRICTED_VIEW Step_Free', 'SOLD_AS_A_WHOLE'),
  }),
  { minLength: 1, maxLength: 40, selector: ({ section, row, seat }) => `${section}|${row}|${seat}` },
);

test('what is exported has the same seats, tiers and levels when it is read again', () => {
  const field = (text: string) => `"${text.replaceAll('"', '""')}"`;
  fc.assert(
    fc.property(seatLines, (lines) => {
      const text = lines.map(({ section, row, seat, x, level, category, features }, y) =>
        [section, row, seat, `${x / 100}`, `${y}`, level, features, category].map(field).join(','),
      );
      const plan = planOf([`${HEADER},category`, ...text].join('\n'));
      const again = planOf(writeSeatingPlanFile(plan, 'CSV'));
      const tiers = ({ sections, tiers: own = [], seats }: SeatingPlanDraft) =>
        seats.x.map((_, i) => own[(seats.tier?.[i] ?? 0) - 1] ?? sections[seats.section[i] ?? -1]?.tierLabel);
      expect(again.seats).toEqual(plan.seats);
      expect(tiers(again)).toEqual(tiers(plan));
      expect(readSeatingPlanFile(Buffer.from(writeSeatingPlanFile(plan, 'FRONTROW')), 'FRONTROW')).toEqual({
        plan,
        warnings: [],
      });
    }),
    { numRuns: 300 },
  );
});

test('reads 200,000 seats, and refuses one more', () => {
  const lines = Array.from(
    { length: 200_001 },
    (_, i) => `S${Math.floor(i / 2_000)},R${Math.floor(i / 40) % 50},${i % 40},${i % 2_000},${Math.floor(i / 2_000)},,`,
  );
  const most = planOf([HEADER, ...lines.slice(0, -1)].join('\n'));
  expect(most.seats.x).toHaveLength(200_000);
  expect(most.sections).toHaveLength(100);
  expect(problemsOf([HEADER, ...lines].join('\n'))).toEqual(['the file: 200001 seats; at most 200000 can be stored']);
});
