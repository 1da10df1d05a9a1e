import fc from 'fast-check';
import { expect, test } from 'vitest';
import { partsOfHalls } from '#test/support/seating/hall-cases.ts';
import { blocksOf, policies, type RandomSale, randomSale, refusedByWords } from '#test/support/seating/random-sales.ts';
import type { OrphanPolicy } from '../catalog/event-life/event-values-rules.ts';
import { alternativesTo, neighbourhood } from './alternatives-rules.ts';

/** Two sections of three rows of ten seats. */
const plan = {
  seatCount: 60,
  sectionOf: Array.from({ length: 60 }, (_, seatNo) => Math.floor(seatNo / 30)),
  rowOf: Array.from({ length: 60 }, (_, seatNo) => `${Math.floor((seatNo % 30) / 10)}`),
  x: Array.from({ length: 60 }, (_, seatNo) => Math.floor(seatNo / 30) * 70 + (seatNo % 10) * 5),
  y: Array.from({ length: 60 }, (_, seatNo) => Math.floor((seatNo % 30) / 10) * 8),
};
const everywhere = { from: 0, to: 59 };
const off = (isFree: (seatNo: number) => boolean) => ({ isFree, policy: 'OFF' as const });

test('returns the nearest blocks first', () => {
  const blocks = alternativesTo(
    [14, 15],
    everywhere,
    plan,
    off((seatNo) => seatNo !== 14 && seatNo !== 15),
  );
  expect(blocks).toEqual([
    [4, 5],
    [24, 25],
    [12, 13],
  ]);
});

test('each block is free, adjacent, as large as the wanted set, and apart from the others', () => {
  const taken = fc.uniqueArray(fc.nat(59));
  fc.assert(
    fc.property(taken, fc.integer({ min: 1, max: 5 }), fc.nat(55), (list, size, first) => {
      const isFree = (seatNo: number) => !list.includes(seatNo);
      const wanted = Array.from({ length: size }, (_, i) => first + i);
      const blocks = alternativesTo(wanted, everywhere, plan, off(isFree));
      expect(blocks.length).toBeLessThanOrEqual(3);
      expect(new Set(blocks.flat()).size).toBe(blocks.length * size);
      for (const block of blocks) {
        expect(block).toHaveLength(size);
        expect(block.every(isFree)).toBe(true);
        expect(block.every((seatNo, i) => seatNo === (block[0] ?? 0) + i)).toBe(true);
        expect(new Set(block.map((seatNo) => `${plan.sectionOf[seatNo]} ${plan.rowOf[seatNo]}`)).size).toBe(1);
      }
      const exists = Array.from({ length: 60 }, (_, from) => from).some(
        (from) =>
          (from % 10) + size <= 10 &&
          Array.from({ length: size }, (_, i) => from + i).every((seatNo) => isFree(seatNo)),
      );
      expect(blocks.length > 0).toBe(exists);
    }),
  );
});

test('the neighbourhood ends with a row, at the end of the plan at the latest', () => {
  expect(neighbourhood([5], plan, 10)).toEqual({ from: 0, to: 19 });
  expect(neighbourhood([55], plan, 10)).toEqual({ from: 40, to: 59 });
});

/** A hall of rows; each seat is [x, y, flags]. Seat numbers are in the order of the rows as they are given. */
function hallOf(...rows: (readonly (readonly [number, number, number?])[])[]) {
  const seats = rows.flatMap((row, index) => row.map(([x, y, flags = 0]) => ({ row: `${index}`, x, y, flags })));
  return {
    seatCount: seats.length,
    sectionOf: seats.map(() => 0),
    rowOf: seats.map(({ row }) => row),
    x: seats.map(({ x }) => x),
    y: seats.map(({ y }) => y),
    flags: seats.map(({ flags }) => flags),
  };
}
const alternatives = (hall: ReturnType<typeof hallOf>, wanted: number[], taken = wanted) =>
  alternativesTo(
    wanted,
    { from: 0, to: hall.seatCount - 1 },
    hall,
    off((seatNo) => !taken.includes(seatNo)),
  );

test('no block goes over an aisle, and a row with odd numbers before even ones has its neighbours by position', () => {
  const withAisle = hallOf([
    [0, 0],
    [10, 0],
    [20, 0],
    [60, 0],
    [70, 0],
  ]);
  expect(alternatives(withAisle, [0, 1], [0, 1, 4])).toEqual([]);
  expect(alternatives(withAisle, [0, 1])).toEqual([[3, 4]]);
  const oddAndEven = hallOf([
    [0, 0],
    [20, 0],
    [40, 0],
    [10, 0],
    [30, 0],
  ]);
  expect(alternatives(oddAndEven, [0, 3])).toEqual([[1, 4]]);
});

test('the seats of a block are from left to right, however the row is numbered', () => {
  const backwards = hallOf([
    [50, 0],
    [40, 0],
    [30, 0],
    [20, 0],
    [10, 0],
  ]);
  expect(alternatives(backwards, [0, 1])).toEqual([[3, 2]]);
});

test('wheelchair places and companion seats are for a party that chose a wheelchair place', () => {
  const hall = hallOf(
    [
      [0, 0],
      [10, 0],
      [20, 0, 1],
      [30, 0, 4],
      [40, 0],
      [50, 0],
    ],
    [
      [0, 9, 1],
      [10, 9, 4],
      [20, 9, 4],
    ],
  );
  expect(alternatives(hall, [0, 1])).toEqual([[4, 5]]);
  expect(alternatives(hall, [2, 3])).toEqual([[6, 7]]);
  expect(alternatives(hall, [2])).toEqual([[6]]);
  expect(alternatives(hall, [7, 8])).toEqual([
    [0, 1],
    [4, 5],
  ]);
});

test('the chairs of a table that is sold as a whole are offered together or not at all', () => {
  const table = (x: number) =>
    [
      [x, 0, 32],
      [x + 5, 0, 32],
      [x + 10, 0, 32],
    ] as const;
  const hall = hallOf(table(0), table(100), [
    [200, 0],
    [210, 0],
  ]);
  expect(alternatives(hall, [6, 7])).toEqual([]);
  expect(alternatives(hall, [0, 1, 2])).toEqual([[3, 4, 5]]);
});

test('other places of a general admission section are its lowest free ones', () => {
  const places = hallOf(Array.from({ length: 8 }, () => [5, 5] as const));
  const hall = { ...places, sections: [{ kind: 'GENERAL_ADMISSION' as const }] };
  expect(alternatives(hall, [0, 1], [0, 1, 3])).toEqual([[2, 4]]);
  expect(alternatives(hall, [0, 1], [0, 1, 2, 3, 4, 5, 6])).toEqual([]);
});

const middle = (column: ArrayLike<number>, seatNos: readonly number[]) =>
  seatNos.reduce((sum, seatNo) => sum + (column[seatNo] ?? 0), 0) / seatNos.length;

type Question = { sale: RandomSale; wanted: readonly number[]; policy: OrphanPolicy };

/** The plain model looks at all blocks: each offered one is as near as any that has no seat of an earlier one. */
function expectNearest(offered: readonly (readonly number[])[], { sale, wanted, policy }: Question): void {
  const { hall, rows, isFree, seed } = sale;
  const apart = (block: readonly number[]) =>
    [hall.x, hall.y].reduce((sum, column) => {
      const ends = [block[0] ?? 0, block.at(-1) ?? 0];
      return sum + (middle(column, ends) - middle(column, wanted)) ** 2;
    }, 0);
  const nameOf = (block: readonly number[]) => block.toSorted((a, b) => a - b).join();
  let left = rows
    .flatMap(({ runs }) => blocksOf(runs, wanted.length))
    .filter((block) => block.every((seatNo) => isFree(seatNo) && hall.flags[seatNo] === 0))
    .filter((block) => refusedByWords(sale, block, policy).length === 0);
  for (const block of offered) {
    const nearest = Math.min(...left.map(apart));
    const isOffered = left.some((one) => nameOf(one) === nameOf(block));
    if (!isOffered || apart(block) > nearest * (1 + 1e-6) + 1e-6)
      expect({ seed, policy, wanted, block, distance: apart(block) }).toEqual({ isOffered, nearest });
    left = left.filter((one) => !one.some((seatNo) => block.includes(seatNo)));
  }
  if (offered.length < 3 && left.length > 0) expect({ seed, policy, wanted, offered }).toEqual(left);
}

test.each(partsOfHalls(2_000_000))(
  'alternatives are the nearest blocks that the policy accepts (part $part)',
  ({ seeds }) => {
    let others = 0;
    for (const seed of seeds) {
      const sale = randomSale(seed, 0);
      const { hall, isFree, size, random } = sale;
      const count = Math.min(size, hall.seatCount);
      const first = Math.floor(random() * (hall.seatCount - count + 1));
      const wanted = Array.from({ length: count }, (_, index) => first + index);
      const policy = policies[seed % policies.length] ?? 'OFF';
      const within = neighbourhood(wanted, hall);
      const offered = alternativesTo(wanted, within, hall, { isFree, policy });
      expectNearest(offered, { sale, wanted, policy });
      if (`${offered}` !== `${alternativesTo(wanted, within, hall, off(isFree))}`) others++;
    }
    expect(others).toBeGreaterThan(seeds.length / 20);
  },
);
