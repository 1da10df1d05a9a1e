import { expect, test } from 'vitest';
import type { SeatingPlan } from '#domain/catalog/seating-plan.ts';
import type { PageWindow } from '../page-window.ts';
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

test('a block ends at an aisle, also between following numbers, and all free places of a general admission section are one', () => {
  const x = Float32Array.from([0, 10, 40, 50, 0, 30, 0, 0, 0, 0]);
  const [first, second] = plan.sections;
  if (!first || !second) throw new Error('no sections');
  const hall: SeatingPlan = { ...plan, x, sections: [first, { ...second, kind: 'GENERAL_ADMISSION' }] };
  const counted = countSections(hall, packStatuses(10, { BOOKED: [7] }));
  expect(counted.map((s) => s.largestAdjacentBlock)).toEqual([2, 3]);
});

test('pages follow each other without repeats from either end, and the last page is marked as the last', () => {
  const packed = packStatuses(10, { HELD: [1] });
  const page = (window: PageWindow<number>) => pageOfSeats(plan, packed, { status: 'AVAILABLE', window });
  expect(page({ size: 4, from: 'start' })).toEqual({ items: [0, 2, 3, 4], hasMore: true });
  expect(page({ size: 4, from: 'start', after: 4 })).toEqual({ items: [5, 6, 7, 8], hasMore: true });
  expect(page({ size: 4, from: 'start', after: 8 })).toEqual({ items: [9], hasMore: false });
  expect(page({ size: 4, from: 'end' })).toEqual({ items: [6, 7, 8, 9], hasMore: true });
  expect(page({ size: 4, from: 'end', before: 6 })).toEqual({ items: [2, 3, 4, 5], hasMore: true });
  expect(page({ size: 4, from: 'end', before: 2 })).toEqual({ items: [0], hasMore: false });
  expect(page({ size: 2, from: 'end', after: 2, before: 6 })).toEqual({ items: [4, 5], hasMore: true });
  expect(page({ size: 9, from: 'start', after: 2, before: 6 })).toEqual({ items: [3, 4, 5], hasMore: false });
  const all = { size: 50, from: 'start' } as const;
  expect(pageOfSeats(plan, packed, { sectionId: 'b', window: all })).toEqual({ items: [6, 7, 8, 9], hasMore: false });
  expect(pageOfSeats(plan, packed, { sectionId: 'of another plan', window: all }).items).toEqual([]);
});
