import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  applyChange,
  changedSeat,
  changedStatus,
  changesBetween,
  decodeStatuses,
  emptyStatuses,
  encodeStatuses,
  packChange,
  packedLength,
  packStatuses,
  statusAt,
} from './packed-statuses-rules.ts';
import { seatStatusCode, seatStatuses } from './seat-status.ts';

const statuses = fc.array(fc.constantFrom(...seatStatuses), { minLength: 1, maxLength: 300 });

const packOneByOne = (all: readonly (typeof seatStatuses)[number][]) => {
  const packed = emptyStatuses(all.length);
  for (const [seatNo, status] of all.entries()) applyChange(packed, packChange(seatNo, seatStatusCode[status]));
  return packed;
};

test('seat 0 is in the lowest bits of the first byte', () => {
  const packed = packStatuses(6, { HELD: [0], BOOKED: [1], BLOCKED: [2], AVAILABLE: [3] });
  expect([...packed]).toEqual([0b00_11_10_01, 0]);
  expect(encodeStatuses(packed)).toBe('OQA=');
});

test('every seat reads back as it was written, also through base64', () => {
  fc.assert(
    fc.property(statuses, (all) => {
      const packed = decodeStatuses(encodeStatuses(packOneByOne(all)), all.length);
      expect(all.map((_, seatNo) => statusAt(packed, seatNo))).toEqual(all);
      expect(packed.length).toBe(packedLength(all.length));
    }),
  );
});

test('the changes between two maps turn one into the other and name only seats that differ', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...seatStatuses), fc.constantFrom(...seatStatuses)), { minLength: 1 }),
      (pairs) => {
        const before = packOneByOne(pairs.map(([first]) => first));
        const after = packOneByOne(pairs.map(([, second]) => second));
        const changes = changesBetween(before, after);
        expect(changes.length).toBe(pairs.filter(([first, second]) => first !== second).length);
        for (const change of changes) {
          expect(changedStatus(change)).toBe(pairs[changedSeat(change)]?.[1]);
          applyChange(before, change);
        }
        expect(before).toEqual(after);
      },
    ),
  );
});

test('a seat that the event does not have cannot be written', () => {
  expect(() => applyChange(emptyStatuses(4), packChange(4, 1))).toThrow(RangeError);
});
