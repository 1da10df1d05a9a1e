import { expect, test } from 'vitest';
import { partsOfHalls } from '#test/support/seating/hall-cases.ts';
import { type BuiltHall, randomHall } from '#test/support/seating/random-halls.ts';
import { fromLeftToRight, neighbourOf, rowsOf, type SeatPositions } from './adjacency-rules.ts';
import { generateSeatingPlan } from './seating-plan-generator.ts';

const rowAlong = (positions: readonly (readonly [number, number])[]): SeatPositions => ({
  seatCount: positions.length,
  sectionOf: positions.map(() => 0),
  rowOf: positions.map(() => 'A'),
  x: positions.map(([x]) => x),
  y: positions.map(([, y]) => y),
});
/** The runs of neighbours, each from left to right. */
function runsOf(plan: SeatPositions): number[][] {
  const { order, runStarts } = rowsOf(plan);
  return Array.from(runStarts.subarray(0, -1), (start, run) => Array.from(order.subarray(start, runStarts[run + 1])));
}
const onALine = (...x: number[]) => runsOf(rowAlong(x.map((at): [number, number] => [at, 7])));

test.each([
  [
    'an aisle',
    [0, 50, 2_000, 2_050],
    [
      [0, 1],
      [2, 3],
    ],
  ],
  ['a gap of exactly 1.6 pitches, which is no aisle', [0, 10, 20, 36, 46], [[0, 1, 2, 3, 4]]],
  [
    'a gap a little wider',
    [0, 10, 20, 36.1, 46.1],
    [
      [0, 1, 2],
      [3, 4],
    ],
  ],
  ['a row from right to left', [40, 30, 20, 10], [[3, 2, 1, 0]]],
  ['odd seats before even ones', [0, 20, 40, 10, 30], [[0, 3, 1, 4, 2]]],
  ['numbers from the middle', [0, 10, 20, -10, -20], [[4, 3, 0, 1, 2]]],
  ['one seat', [5], [[0]]],
  ['two seats', [0, 900], [[0, 1]]],
])('finds the neighbours in a row with %s', (_what, x, runs) => {
  expect(onALine(...x)).toEqual(runs);
});

test('a column of seats begins at its top, and seats without positions keep their order', () => {
  expect(
    runsOf(
      rowAlong([
        [3, 20],
        [3, 10],
        [3, 0],
      ]),
    ),
  ).toEqual([[2, 1, 0]]);
  expect(
    runsOf(
      rowAlong([
        [0, 0],
        [0, 0],
        [0, 0],
      ]),
    ),
  ).toEqual([[0, 1, 2]]);
});

test('the seats around a table follow each other, and the places of a general admission section are one run', () => {
  const around = Array.from({ length: 6 }, (_, i): [number, number] => [Math.cos(i), Math.sin(i)]);
  expect(runsOf(rowAlong(around)).map((run) => run.length)).toEqual([6]);
  const area = {
    ...rowAlong([
      [5, 5],
      [5, 5],
      [5, 5],
    ]),
    sections: [{ kind: 'GENERAL_ADMISSION' as const }],
  };
  expect(runsOf(area)).toEqual([[0, 1, 2]]);
});

test('rows and sections end a run, also when they have one name', () => {
  const { draft: plan, count } = { draft: generateSeatingPlan({ name: 'x', capacity: 3_000 }), count: 3_000 };
  const positions: SeatPositions = {
    seatCount: count,
    sectionOf: plan.seats.section,
    rowOf: plan.seats.row,
    x: plan.seats.x,
    y: plan.seats.y,
  };
  const rows = new Set(plan.seats.row.map((row, seatNo) => `${plan.seats.section[seatNo]} ${row}`));
  expect(runsOf(positions)).toHaveLength(rows.size);
  expect([neighbourOf(positions, 0, -1) ?? neighbourOf(positions, 0, 1)]).toEqual([1]);
});

test('200,000 seats in rows of 400, each numbered from its middle, take no quadratic time', () => {
  const along = Array.from({ length: 400 }, (_, i) => (i < 200 ? 200 + i : 399 - i));
  const plan: SeatPositions = {
    seatCount: 200_000,
    sectionOf: new Uint16Array(200_000),
    rowOf: Array.from({ length: 200_000 }, (_, seatNo) => `${Math.floor(seatNo / 400)}`),
    x: Float32Array.from({ length: 200_000 }, (_, seatNo) => 5 * (along[seatNo % 400] ?? 0)),
    y: Float32Array.from({ length: 200_000 }, (_, seatNo) => 8 * Math.floor(seatNo / 400)),
  };
  const { order, runStarts } = rowsOf(plan);
  expect([order[0], order[199], order[200], runStarts.length]).toEqual([399, 200, 0, 501]);
});

/** By the definition, from how the hall was built, without asking any rule. */
function expectNeighbours({ hall, rows }: BuiltHall, seed: number): void {
  const beside = new Map<number, Set<number>>();
  for (const { runs } of rows)
    for (const run of runs)
      for (const [index, seatNo] of run.entries())
        beside.set(seatNo, new Set([run[index - 1], run[index + 1]].filter((other) => other !== undefined)));
  for (let seatNo = 0; seatNo < hall.seatCount; seatNo++) {
    const found = new Set(
      ([-1, 1] as const).map((side) => neighbourOf(hall, seatNo, side)).filter((n) => n !== undefined),
    );
    const wanted = beside.get(seatNo) ?? new Set();
    if (found.size !== wanted.size || ![...found].every((other) => wanted.has(other)))
      expect({ seed, seatNo, neighbours: [...found].sort() }).toEqual({ seed, seatNo, neighbours: [...wanted].sort() });
  }
}

test.each(partsOfHalls())(
  'halls have the neighbours with which they were built, in any shape and numbering (part $part)',
  ({ seeds }) => {
    for (const seed of seeds) {
      const built = randomHall(seed);
      expectNeighbours(built, seed);
      for (const run of runsOf(built.hall)) {
        const [first, last] = [run[0] ?? 0, run.at(-1) ?? 0];
        const leftmost = built.hall.x[fromLeftToRight(built.hall, run)[0] ?? 0];
        if (leftmost !== Math.min(built.hall.x[first] ?? 0, built.hall.x[last] ?? 0))
          expect({ seed, run }).toBe('reversed');
      }
    }
  },
);
