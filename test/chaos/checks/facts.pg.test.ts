import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancelBooking } from '#domain/booking/cancel-booking.ts';
import { createBooking } from '#domain/booking/create-booking.ts';
import { openBox, someViewer } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import type { HistoryRecord } from '../history.ts';
import { endedOf, ownersOf, readBookingSide } from './facts.ts';
import { ownerOf } from './requests.ts';
import { failuresOf, runChecks } from './run-checks.ts';

const box = await openBox();
let event: SeededEvent;
const viewers = [someViewer(), someViewer()] as const;
const keys = [randomUUIDv7(), randomUUIDv7()] as const;
const bookings: string[] = [];

beforeAll(async () => {
  event = await seedEvent(box.reader, { seats: 20 });
  for (const [index, viewer] of viewers.entries()) {
    const request = { eventId: event.eventId, seatIds: event.seatIds(3, 4), idempotencyKey: keys[index] ?? '' };
    bookings.push((await createBooking(box, viewer, request)).booking.id);
    if (index === 0) await cancelBooking(box, viewer, { bookingId: bookings[0] ?? '' });
  }
});
afterAll(() => box.close());

test('the database’s bookings, versions and maps pass the checks', async () => {
  const facts = await readBookingSide(box.url);
  expect([...facts.bookings.keys()].sort()).toEqual(bookings.toSorted());
  expect(facts.transitions.get(event.eventId)?.map(({ type }) => type)).toEqual([
    'BookingCreated',
    'BookingCancelled',
    'BookingCreated',
  ]);
  const results = runChecks([], { ...facts, maxSeatsPerEvent: 16 });
  expect(failuresOf(results, ['H-LIN', 'H1', 'H2', 'H3', 'R1', 'M1'])).toEqual([]);
  expect(results.find(({ check }) => check === 'V1')?.looked).toBe(3);
});

test('a hold whose answer was lost is found by its booking', async () => {
  const facts = await readBookingSide(box.url);
  const [user, booking] = [viewers[1].userId, bookings[1] ?? ''];
  expect(ownersOf(facts.bookings).get(booking)).toBe(ownerOf(user, keys[1]));
  expect(endedOf(facts.bookings)).toEqual(new Set());
  const of = { user, event: event.eventId, seats: [3, 4] };
  const history: HistoryRecord[] = [
    { ...of, kind: 'hold', key: keys[1], outcome: 'unknown', from: 0, to: 1 },
    { ...of, kind: 'cancel', booking, outcome: 'ok', from: 2, to: 3 },
    { kind: 'seats', outcome: 'ok', event: event.eventId, seats: [3], states: ['HELD'], from: 4, to: 5 },
  ];
  const found = failuresOf(runChecks(history, facts), ['H1', 'H2', 'H3', 'R1', 'M1']);
  expect(found.map(({ check }) => check)).toEqual(['H-LIN']);
});
