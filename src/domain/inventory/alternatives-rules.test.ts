import fc from 'fast-check';
import { expect, test } from 'vitest';
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

test('returns the nearest blocks first', () => {
  const blocks = alternativesTo([14, 15], everywhere, plan, (seatNo) => seatNo !== 14 && seatNo !== 15);
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
      const blocks = alternativesTo(wanted, everywhere, plan, isFree);
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

test('the neighbourhood ends where the plan ends', () => {
  expect(neighbourhood([5], 60, 10)).toEqual({ from: 0, to: 15 });
  expect(neighbourhood([55], 60, 10)).toEqual({ from: 45, to: 59 });
});
