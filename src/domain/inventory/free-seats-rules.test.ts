import { expect, test } from 'vitest';
import { randomOf } from '#test/support/seating/random-halls.ts';
import { freeSeatsOf, randomSale } from '#test/support/seating/random-sales.ts';
import { FreeSeats, fitting, fittingWithoutSingle } from './free-seats-rules.ts';
import { blocksWithoutSingles, singleSeatsLeft } from './orphan-rules.ts';

const CASES = 500;

test('the lengths of free stretches follow each change, and a copy keeps those of its moment', () => {
  for (let seed = 1; seed <= CASES; seed++) {
    const { hall, isFree } = randomSale(seed, 0.1);
    const random = randomOf(seed + 1_000);
    const free = freeSeatsOf(hall, isFree);
    const isFreeNow = Array.from({ length: hall.seatCount }, (_, seatNo) => isFree(seatNo));
    for (let change = 0; change < 20; change++) {
      const copy = free.fork(hall);
      const before = [...free.lengthsIn(hall).byRun];
      const seatNo = Math.floor(random() * hall.seatCount);
      isFreeNow[seatNo] = random() < 0.5;
      free.set(seatNo, isFreeNow[seatNo]);
      const { byRun, byRow } = freeSeatsOf(hall, (no) => isFreeNow[no] === true).lengthsIn(hall);
      expect({ seed, ...free.lengthsIn(hall) }).toMatchObject({ seed, byRun, byRow });
      expect({ seed, byRun: [...copy.lengthsIn(hall).byRun] }).toEqual({ seed, byRun: before });
    }
  }
});

test.each([1, 2, 7, 29, 30, 31, 32, 33, 40])('a row has room for %i seats when it has a block of them', (size) => {
  for (let length = 1; length <= 45; length++) {
    const x = Array.from({ length }, (_, seatNo) => seatNo);
    const hall = { seatCount: length, width: length, sectionOf: x.map(() => 0), rowOf: x.map(() => 'A'), x, y: x };
    const lengths = new FreeSeats(new Uint8Array(length)).lengthsIn(hall).byRow[0] ?? 0;
    const blocks = blocksWithoutSingles(hall, { row: 0, size }, () => true);
    if (length >= size) expect(lengths & fitting(size), `${size} of ${length}`).not.toBe(0);
    if (blocks.length > 0) expect(lengths & fittingWithoutSingle(size), `${size} of ${length}`).not.toBe(0);
    if (length <= 31 && size <= 30) {
      expect((lengths & fitting(size)) !== 0, `${size} of ${length}`).toBe(length >= size);
      expect((lengths & fittingWithoutSingle(size)) !== 0, `${size} of ${length}`).toBe(blocks.length > 0);
    }
    for (const block of blocks) expect(singleSeatsLeft(hall, block, () => true)).toEqual([]);
  }
});
