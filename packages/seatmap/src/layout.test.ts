import { expect, test } from 'vitest';
import { SeatGrid } from './grid.ts';
import { type LayoutDocument, readLayout } from './layout.ts';
import { neighboursOf, singlesLeft } from './neighbours.ts';
import { withTiersOf } from './pricing.ts';

/** Two rows of eight seats, 10 apart, with an aisle after the fourth, and a standing area. */
function document(): LayoutDocument {
  const seats = Array.from({ length: 16 }, (_, seatNo) => ({
    x: (seatNo % 8) * 10 + (seatNo % 8 > 3 ? 20 : 0),
    y: Math.floor(seatNo / 8) * 10,
    row: seatNo < 8 ? 'A' : 'B',
  }));
  const column = <T>(of: (seat: { x: number; y: number; row: string }) => T, standing: T) => [
    ...seats.map(of),
    standing,
  ];
  const outline = [
    [-5, -5],
    [95, -5],
    [95, 15],
    [-5, 15],
  ] as const;
  return {
    ...{ hash: 'h', width: 100, height: 100 },
    sections: [
      { id: 'Section_1', label: 'Stalls', tierLabel: 'Seats', outline },
      {
        id: 'Section_2',
        label: 'Floor',
        tierLabel: 'Floor',
        kind: 'GENERAL_ADMISSION',
        outline: [
          [0, 40],
          [40, 40],
          [40, 80],
        ],
      },
    ],
    seats: {
      id: column(() => 'Seat', 'Place').map((name, seatNo) => `${name}_${seatNo}`),
      section: column(() => 0, 1),
      row: column(({ row }) => row, ''),
      label: column(() => '1', '1'),
      x: column(({ x }) => x, 30),
      y: column(({ y }) => y, 60),
      flags: column(() => 0, 0),
    },
  };
}

test('measures seats and sections', () => {
  const layout = readLayout(document());
  expect(layout).toMatchObject({ seatCount: 17, radius: 5, tiers: ['Seats', 'Floor'] });
  expect(layout.sections.map(({ first, end, isGeneral }) => [first, end, isGeneral])).toEqual([
    [0, 16, false],
    [16, 17, true],
  ]);
});

test('columns of different lengths are refused', () => {
  const broken = document();
  expect(() => readLayout({ ...broken, seats: { ...broken.seats, x: [1] } })).toThrow('different lengths');
});

test('finds the nearest seat, and no seat where none is near', () => {
  const grid = new SeatGrid(readLayout(document()));
  expect(grid.nearest(11, 9, 5)).toBe(9);
  expect(grid.nearest(45, 5, 4)).toBeUndefined();
});

test('an aisle and the end of a row part neighbours', () => {
  const { before, after } = neighboursOf(readLayout(document()));
  const beside = [0, 3, 4, 7].map((seatNo) => [before[seatNo], after[seatNo]].filter((one) => one !== -1));
  expect(beside).toEqual([[1], [2], [5], [6]]);
});

test('names the free seat that a choice leaves single, and none where the seat beside it is free', () => {
  const layout = readLayout(document());
  const neighbours = neighboursOf(layout);
  const left = (...chosen: number[]) => singlesLeft(layout, neighbours, new Set(chosen), () => true);
  expect(left(1)).toEqual([0]);
  expect(left(0)).toEqual([]);
  expect(left(0, 1)).toEqual([]);
  expect(left(1, 2)).toEqual([0, 3]);
});

const tier = (name: string) => ({ id: name, name, price: { amountMinor: 500, currency: 'EUR', decimals: 2 } });

test('tiers of the plan hold for each seat when the event prices by them', () => {
  const { layout, isExact } = withTiersOf(readLayout(document()), [tier('Floor'), tier('Seats')]);
  expect([isExact, layout.tiers, layout.tierOf[0], layout.tierOf[16]]).toEqual([true, ['Seats', 'Floor'], 0, 1]);
});

test('no color shows a price when an organizer has set other levels', () => {
  const { layout, isExact } = withTiersOf(readLayout(document()), [tier('Standard'), tier('Premium')]);
  expect([isExact, layout.tiers, new Set(layout.tierOf)]).toEqual([false, [''], new Set([0])]);
});
