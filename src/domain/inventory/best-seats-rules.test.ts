import { expect, test } from 'vitest';
import { after, empty, hold, NOW, rules, SEATS, sale } from '#test/support/inventory/allocation.ts';
import { allocate } from './allocate-rules.ts';
import { FreeSeats } from './free-seats-rules.ts';
import type { HoldBestCommand, InventoryOutcome } from './inventory-command.ts';

/** Two rows of six seats in front of the stage. */
const hall = {
  seatCount: SEATS,
  width: 6,
  sectionOf: new Uint16Array(SEATS),
  rowOf: Array.from({ length: SEATS }, (_, seatNo) => (seatNo < 6 ? 'A' : 'B')),
  labelOf: Array.from({ length: SEATS }, (_, seatNo) => String((seatNo % 6) + 1)),
  x: Float32Array.from({ length: SEATS }, (_, seatNo) => (seatNo % 6) + 0.5),
  y: Float32Array.from({ length: SEATS }, (_, seatNo) => (seatNo < 6 ? 1 : 2)),
  flags: new Uint8Array(SEATS),
};
const inHall = { ...rules, hall };
const holdBest = (size: number, of: Partial<HoldBestCommand> = {}): HoldBestCommand => {
  const { seatNos: _, ...command } = hold([]);
  return { ...command, kind: 'holdBest', party: { size, wheelchairPlaces: 0 }, requestHash: `best ${size}`, ...of };
};
const seatNosOf = (outcome: InventoryOutcome | undefined) =>
  outcome?.kind === 'held' ? outcome.booking.seats.map(({ seatNo }) => seatNo) : outcome?.kind;

test('each command of a batch gets the best seats that those before it have left', () => {
  const commands = [hold([2, 3]), holdBest(2), holdBest(2), holdBest(4), holdBest(3), holdBest(3)];
  const { outcomes } = allocate(commands, empty, inHall);
  expect(outcomes.map(seatNosOf)).toEqual([[2, 3], [8, 9], [0, 1], [4, 5, 10, 11], 'noBestSeats', 'noBestSeats']);
});

test('wheelchair places and companion seats are only for those who need them, until their time is over', () => {
  const flags = Uint8Array.from({ length: SEATS }, (_, seatNo) => ({ 2: 1, 3: 4 })[seatNo] ?? (seatNo < 6 ? 0 : 32));
  const inPool = { ...rules, hall: { ...hall, flags } };
  const accessible = holdBest(2, { party: { size: 2, wheelchairPlaces: 1 } });
  const choose = (accessibleReleaseAtMs: number | null, ...commands: HoldBestCommand[]) =>
    allocate(commands, { ...empty, sale: { ...sale, accessibleReleaseAtMs } }, inPool).outcomes.map(seatNosOf);
  for (const kept of [null, NOW + 1]) {
    expect(choose(kept, holdBest(2), holdBest(2), holdBest(2))).toEqual([[0, 1], [4, 5], 'noBestSeats']);
    expect(choose(kept, accessible)).toEqual([[2, 3]]);
  }
  expect(choose(NOW, holdBest(2), accessible)).toEqual([[2, 3], 'noBestSeats']);
  expect(choose(NOW, accessible, holdBest(4))).toEqual([[2, 3], 'noBestSeats']);
  expect(choose(NOW, holdBest(4))).toEqual([[0, 1, 2, 3]]);
});

test('a party that wants general admission gets the lowest free places of one section', () => {
  const [standing, lawn] = [{ kind: 'GENERAL_ADMISSION' }, { kind: 'GENERAL_ADMISSION' }] as const;
  const sectionOf = Uint16Array.from([0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2]);
  const mixed = { ...rules, hall: { ...hall, sectionOf, sections: [{}, standing, lawn] } };
  const areas = new Set([1, 2]);
  const commands = [
    holdBest(2, { sections: areas }),
    holdBest(2, { sections: areas }),
    holdBest(2, { sections: new Set([1]) }),
    holdBest(1, { sections: new Set([1]) }),
    holdBest(1, { sections: areas, party: { size: 1, wheelchairPlaces: 1 } }),
    holdBest(2),
  ];
  const { outcomes } = allocate(commands, empty, mixed);
  expect(outcomes.map(seatNosOf)).toEqual([[6, 7], [9, 10], 'noBestSeats', [8], 'noBestSeats', [2, 3]]);
  const field = { ...rules, hall: { ...hall, sections: [standing] } };
  expect(allocate([holdBest(3), holdBest(3)], empty, field).outcomes.map(seatNosOf)).toEqual([
    [0, 1, 2],
    [3, 4, 5],
  ]);
});

test('the best seats are none of those that are taken', () => {
  const taken = Uint8Array.from({ length: SEATS }, (_, seatNo) => (seatNo < 6 || seatNo === 8 ? 1 : 0));
  const { outcomes } = allocate([holdBest(3), holdBest(2)], { ...empty, free: new FreeSeats(taken) }, inHall);
  expect(outcomes.map(seatNosOf)).toEqual([
    [9, 10, 11],
    [6, 7],
  ]);
});

test('a repeated command for the best seats returns its booking, and the refusals are those of a hold', () => {
  const command = holdBest(2);
  const done = allocate([command], empty, inHall);
  const again = allocate([{ ...command, bookingId: 'another' }], after(empty, done), inHall);
  expect(again.outcomes).toMatchObject([{ kind: 'held', replayed: true, booking: { id: command.bookingId } }]);
  const other = { ...command, requestHash: 'another' };
  expect(allocate([other], after(empty, done), inHall).outcomes).toEqual([{ kind: 'keyReused' }]);
  const full = { ...empty, free: new FreeSeats(new Uint8Array(SEATS).fill(1)) };
  const closed = { ...full, sale: { ...sale, offSaleAtMs: 1 } };
  expect(allocate([holdBest(2)], full, inHall).outcomes).toEqual([{ kind: 'noBestSeats', version: 7 }]);
  expect(allocate([holdBest(2, { quoteHash: 'old' })], full, inHall).outcomes).toEqual([
    { kind: 'noBestSeats', version: 7 },
  ]);
  expect(allocate([holdBest(2)], closed, inHall).outcomes).toMatchObject([{ kind: 'notOnSale' }]);
  expect(allocate([holdBest(2, { quoteHash: 'old' })], empty, inHall).outcomes).toMatchObject([
    { kind: 'priceChanged' },
  ]);
  expect(allocate([holdBest(5)], empty, inHall).outcomes).toEqual([{ kind: 'tooManySeats', limit: 4 }]);
});
