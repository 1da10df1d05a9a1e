import { expect, test } from 'vitest';
import { Statuses } from './statuses.ts';

/** Four seats a byte, seat 0 in the lowest bits. */
const packed = (...codes: number[]): string => {
  const bytes = new Uint8Array(Math.ceil(codes.length / 4));
  codes.forEach((code, seatNo) => {
    bytes[seatNo >> 2] = (bytes[seatNo >> 2] ?? 0) | (code << ((seatNo & 3) * 2));
  });
  return btoa(String.fromCharCode(...bytes));
};
const delta = (fromVersion: number, toVersion: number, ...changes: [number, 'HELD' | 'BOOKED' | 'AVAILABLE'][]) => ({
  __typename: 'SeatMapDelta' as const,
  ...{ fromVersion, toVersion, changes: changes.map(([seatNo, status]) => ({ seatNo, status })) },
});

function opened() {
  const statuses = new Statuses(6);
  statuses.replace({ version: 5, stale: true, statuses: packed(0, 1, 2, 3, 0, 1) });
  return statuses;
}

test('reads two bits for each seat of a snapshot', () => {
  expect([...opened().codes]).toEqual([0, 1, 2, 3, 0, 1]);
});

test('takes a change that continues its version or overlaps it, and names the seats that look different now', () => {
  const statuses = opened();
  expect(statuses.take(delta(3, 7, [0, 'HELD'], [1, 'HELD']))).toEqual([0]);
  expect(statuses).toMatchObject({ version: 7, stale: false });
  expect(statuses.take(delta(7, 8, [4, 'BOOKED']))).toEqual([4]);
  expect([...statuses.codes]).toEqual([1, 1, 2, 3, 2, 1]);
});

test('ignores a change that it has, and asks for the map when changes are missing', () => {
  const statuses = opened();
  expect(statuses.take(delta(2, 5, [0, 'BOOKED']))).toEqual([]);
  expect(statuses.take(delta(6, 9, [0, 'BOOKED']))).toBeUndefined();
  expect(statuses.codes[0]).toBe(0);
  expect(statuses.version).toBe(5);
});

test('a reset replaces the map, with a lower version as well', () => {
  const statuses = opened();
  const seatMap = { version: 2, stale: false, statuses: packed(2, 2, 2, 2, 2, 2) };
  expect(statuses.take({ __typename: 'SeatMapReset', seatMap })).toBe('all');
  expect([...statuses.codes]).toEqual([2, 2, 2, 2, 2, 2]);
  expect(statuses.version).toBe(2);
});

test('a change about a seat that the plan does not have changes nothing', () => {
  const statuses = opened();
  expect(statuses.take(delta(5, 6, [99, 'HELD']))).toEqual([]);
});
