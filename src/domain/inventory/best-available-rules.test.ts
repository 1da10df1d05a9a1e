import { describe, expect, it, test } from 'vitest';
import { partsOfHalls } from '#test/support/seating/hall-cases.ts';
import {
  aloneIn,
  blocksOf,
  freeSeatsOf,
  policies,
  type RandomSale,
  randomSale,
  refusedByWords,
} from '#test/support/seating/random-sales.ts';
import { neighbourOf } from '../catalog/adjacency-rules.ts';
import { companionPlaces } from '../catalog/companion-rules.ts';
import type { OrphanPolicy } from '../catalog/event-life/event-values-rules.ts';
import { bestAvailable } from './best-available-rules.ts';
import { focalPointOf, type Hall } from './block-search-rules.ts';

/** Rows above each other, 10 units apart. A blank is an aisle, x a taken seat, w a wheelchair place, c a companion seat. */
function hallOf(...drawings: string[]) {
  const kinds = drawings.flatMap((drawing, row) =>
    [...drawing].flatMap((kind, at) => (kind === ' ' ? [] : [{ kind, row: `${row}`, x: at * 10, y: row * 10 }])),
  );
  const hall: Hall = {
    seatCount: kinds.length,
    width: 60,
    sectionOf: kinds.map(() => 0),
    rowOf: kinds.map(({ row }) => row),
    x: kinds.map(({ x }) => x),
    y: kinds.map(({ y }) => y),
    flags: kinds.map(({ kind }) => ({ w: 1, c: 4 })[kind] ?? 0),
  };
  return { hall, isFree: (seatNo: number) => kinds[seatNo]?.kind !== 'x' };
}
const best = (drawings: string[], size: number, wheelchairPlaces = 0) => {
  const { hall, isFree } = hallOf(...drawings);
  return bestAvailable(hall, {
    party: { size, wheelchairPlaces },
    free: freeSeatsOf(hall, isFree),
    isWanted: () => true,
  });
};

describe('best available', () => {
  it.each([
    ['the middle of the first row', ['.......', '.......'], 3, [2, 3, 4]],
    ['no single seat, when there is another choice', ['..x.x..'], 1, [3]],
    ['a block at the end of its row rather than one that leaves a single seat', ['.....'], 2, [3, 4]],
    ['one that leaves a single seat, when there is no other choice', ['...'], 2, [1, 2]],
    ['no block over an aisle', ['x.. ..x', '......'], 3, [6, 7, 8]],
    ['no wheelchair place for a party that asked for none', ['..w..', 'xxxxx'], 3, undefined],
    ['two rows, when no row has room', ['..xxx', '..xxx'], 4, [0, 1, 2, 3]],
    ['the rows one after the other, each from left to right', ['x..x', 'x..x'], 3, [1, 4, 5]],
    ['nothing, when there is no room in two rows', ['..x', 'xxx', '..x'], 3, undefined],
  ])('is %s', (_what, drawings, size, seats) => {
    const found = best(drawings, size);
    expect(found?.length).toBe(seats?.length);
    if (seats && drawings.length === 1) expect(found).toEqual(seats);
  });

  it('gives a wheelchair place and its companion seat to a party that asks for one', () => {
    expect(best(['..wc..'], 2, 1)).toEqual([2, 3]);
    expect(best(['.....c.w'], 1, 1)).toEqual([7]);
    expect(best(['......'], 2, 1)).toBeUndefined();
  });
});

type Found = { seats: number; leavesSingle: boolean; distance: number } | undefined;

const middle = (hall: Hall, seats: readonly number[]) =>
  [hall.x, hall.y].map((column) => seats.reduce((sum, seatNo) => sum + (column[seatNo] ?? 0), 0) / seats.length);

function distance(hall: Hall, seats: readonly number[]): number {
  const [x = 0, y = 0] = middle(hall, seats);
  const [focusX, focusY] = focalPointOf(hall, seats[0] ?? 0);
  return (x - focusX) ** 2 + (y - focusY) ** 2;
}

/** All choices that the policy accepts, one by one: the plain model. */
function modelOf(
  sale: RandomSale,
  { wheelchairPlaces, policy }: { wheelchairPlaces: number; policy: OrphanPolicy },
): Found {
  const { hall, rows, isFree, isWanted, size } = sale;
  const isOpen = (seatNo: number) => isFree(seatNo) && hall.flags[seatNo] === 0;
  const all = rows.flatMap(({ runs }) => runs);
  const before = aloneIn(all, isOpen);
  const scored = (seats: readonly number[], ends: readonly number[]) => {
    const after = aloneIn(all, (seatNo) => isOpen(seatNo) && !seats.includes(seatNo));
    return {
      seats: seats.length,
      leavesSingle: [...after].some((seatNo) => !before.has(seatNo)),
      distance: distance(hall, ends),
    };
  };
  const suits = (block: readonly number[]) => {
    const companions = companionPlaces(hall);
    const has = (bit: number) => block.filter((seatNo) => ((hall.flags[seatNo] ?? 0) & bit) !== 0);
    return has(1).length === wheelchairPlaces && has(4).every((seatNo) => block.includes(companions.get(seatNo) ?? -1));
  };
  const isAccepted = (seats: readonly number[]) => refusedByWords(sale, seats, policy).length === 0;
  const inOneRow = blocksOf(all, size)
    .filter((block) => block.every((seatNo) => isFree(seatNo) && isWanted(seatNo)) && suits(block))
    .filter(isAccepted)
    .map((block) => scored(block, [block[0] ?? 0, block.at(-1) ?? 0]));
  if (inOneRow.length > 0 || wheelchairPlaces > 0) return lowest(inOneRow);
  return lowest(
    pairsOf(sale)
      .filter(isAccepted)
      .map((seats) => scored(seats, seats)),
  );
}

function pairsOf({ hall, rows, isFree, isWanted, size }: RandomSale): number[][] {
  const isUsable = (block: readonly number[]) =>
    block.every((seatNo) => isFree(seatNo) && isWanted(seatNo) && hall.flags[seatNo] === 0);
  const apart = (one: number, other: number) =>
    Math.hypot((hall.x[one] ?? 0) - (hall.x[other] ?? 0), (hall.y[one] ?? 0) - (hall.y[other] ?? 0));
  return rows.slice(1).flatMap((row, index) => {
    const upper = rows[index];
    if (upper?.section !== row.section) return [];
    const seatsOfRow = row.runs.flat();
    const sizes = Array.from({ length: size - 1 }, (_, i) => i + 1);
    return sizes.flatMap((count) =>
      blocksOf(upper.runs, count)
        .filter(isUsable)
        .flatMap((one) =>
          blocksOf(row.runs, size - count)
            .filter(isUsable)
            .filter((other) =>
              one.some((seatNo) => {
                const shortest = Math.min(...seatsOfRow.map((beside) => apart(seatNo, beside)));
                return other.some((beside) => apart(seatNo, beside) === shortest);
              }),
            )
            .map((other) => [...one, ...other]),
        ),
    );
  });
}

function lowest(found: readonly NonNullable<Found>[]): Found {
  const fewest = found.filter(({ leavesSingle }) => !leavesSingle);
  const among = fewest.length > 0 ? fewest : found;
  return among.reduce<Found>((best, one) => (!best || one.distance < best.distance ? one : best), undefined);
}

test.each(partsOfHalls(1_000_000))(
  'searches find as good seats as a search through all choices that the policy accepts (part $part)',
  ({ seeds }) => {
    const tally = { inOneRow: 0, inTwoRows: 0, none: 0 };
    for (const seed of seeds) {
      const wheelchairPlaces = seed % 5 === 0 ? 1 : 0;
      const policy = policies[seed % policies.length] ?? 'OFF';
      const sale = randomSale(seed, wheelchairPlaces === 1 ? 0.25 : 0.04);
      const seats = bestAvailable(sale.hall, {
        ...sale,
        free: freeSeatsOf(sale.hall, sale.isFree),
        policy,
        party: { size: sale.size, wheelchairPlaces },
      });
      expectAsGood(sale, seats, modelOf(sale, { wheelchairPlaces, policy }));
      if (!seats) tally.none++;
      else if (isOneRun(sale.hall, seats)) tally.inOneRow++;
      else tally.inTwoRows++;
    }
    if (seeds.length >= 1_000) expect(Math.min(...Object.values(tally))).toBeGreaterThan(5);
  },
);

const isOneRun = (hall: Hall, seats: readonly number[]) =>
  seats.slice(1).every((seatNo, i) => [-1, 1].some((side) => neighbourOf(hall, seatNo, side as -1 | 1) === seats[i]));

function expectAsGood({ hall, rows, isFree, seed }: RandomSale, seats: number[] | undefined, model: Found): void {
  if (!seats || !model) {
    if (seats || model) expect({ seed, seats }).toEqual({ seed, model });
    return;
  }
  const isOpen = (seatNo: number) => isFree(seatNo) && hall.flags[seatNo] === 0;
  const all = rows.flatMap(({ runs }) => runs);
  const before = aloneIn(all, isOpen);
  const after = aloneIn(all, (seatNo) => isOpen(seatNo) && !seats.includes(seatNo));
  const ends = isOneRun(hall, seats) ? [seats[0] ?? 0, seats.at(-1) ?? 0] : seats;
  const found = {
    seats: new Set(seats.filter(isFree)).size,
    leavesSingle: [...after].some((seatNo) => !before.has(seatNo)),
    distance: distance(hall, ends),
  };
  const isClose = Math.abs(found.distance - model.distance) <= 1e-6 * (1 + model.distance);
  if (!isClose || found.leavesSingle !== model.leavesSingle || found.seats !== model.seats)
    expect({ seed, found }).toEqual({ seed, found: model });
}
