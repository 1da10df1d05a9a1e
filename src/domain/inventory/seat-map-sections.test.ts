import { expect, test } from 'vitest';
import type { SeatingPlan } from '#domain/catalog/seating-plan.ts';
import { packStatuses } from './packed-statuses-rules.ts';
import { countSections, pageOfSeats } from './seat-map-sections.ts';

/** Section a: row 1 with seats 0-3, row 2 with 4-5. Section b: row 1 with 6-9. */
const plan: SeatingPlan = {
  planId: 'plan',
  hash: 'hash',
  seatCount: 10,
  width: 1,
  height: 1,
  sections: ['a', 'b'].map((id) => ({ id, label: id, tierLabel: 'Standard', outline: [] })),
  sectionOf: Uint16Array.from([0, 0, 0, 0, 0, 0, 1, 1, 1, 1]),
  rowOf: ['1', '1', '1', '1', '2', '2', '1', '1', '1', '1'],
  labelOf: ['1', '2', '3', '4', '1', '2', '1', '2', '3', '4'],
  x: new Float32Array(10),
  y: new Float32Array(10),
  flags: new Uint8Array(10),
};

test('a block of adjacent seats ends at a taken seat, at the end of a row and at the end of a section', () => {
  const packed = packStatuses(10, { HELD: [1], BOOKED: [8, 9], BLOCKED: [0] });
  expect(countSections(plan, packed)).toEqual([
    { available: 4, held: 1, booked: 0, blocked: 1, largestAdjacentBlock: 2 },
    { available: 2, held: 0, booked: 2, blocked: 0, largestAdjacentBlock: 2 },
  ]);
  expect(countSections(plan, packStatuses(10, {})).map((s) => s.largestAdjacentBlock)).toEqual([4, 4]);
});

test('pages follow each other without repeats and the last one says so', () => {
  const packed = packStatuses(10, { HELD: [1] });
  const seen: number[] = [];
  for (let afterSeatNo: number | undefined, more = true; more; ) {
    const page = pageOfSeats(plan, packed, { status: 'AVAILABLE', first: 2, afterSeatNo });
    seen.push(...page.seatNos);
    afterSeatNo = page.seatNos.at(-1);
    more = page.hasNextPage;
  }
  expect(seen).toEqual([0, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(pageOfSeats(plan, packed, { sectionId: 'b', first: 50 })).toEqual({
    seatNos: [6, 7, 8, 9],
    hasNextPage: false,
  });
  expect(pageOfSeats(plan, packed, { sectionId: 'of another plan', first: 50 }).seatNos).toEqual([]);
});
