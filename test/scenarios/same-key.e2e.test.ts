import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { bookingWhen, createBooking, decideAt, type Fan, signInAsGuest } from '#test/fans/fan.ts';
import { expectAllInvariants } from '#test/support/databases/all-invariants.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { openCommitProxy } from '#test/support/databases/commit-proxy.ts';
import { startSystem } from '#test/support/system/system.ts';

// At first nothing runs behind the API, so that no payment changes a booking between two answers.
const system = await startSystem({ processes: ['api', 'api-2'], env: { LOG_LEVEL: 'warn' } });
const db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

const book = (fan: Fan, event: SeededEvent, seatNos: readonly number[], key: string) => {
  const seatIds = event.seatIds(...seatNos).map((id) => encodeGlobalId('Seat', id));
  return createBooking(fan, encodeGlobalId('Event', event.eventId), seatIds, key);
};
const stateOf = async ({ eventId }: SeededEvent) => {
  const [row] = await db.execute<{ version: number; held: number; bookings: number; messages: number }>(sql`
    select version::int, held, (select count(*)::int from bookings where event_id = ${eventId}) as bookings,
      (select count(*)::int from outbox where event_id = ${eventId}) as messages
    from seat_inventories where event_id = ${eventId}`);
  return row;
};

test('the same key fifty times at once, through two processes: one booking and fifty equal answers', async () => {
  const event = await seedEvent(db, { seats: 10 });
  const fan = await signInAsGuest(system.apiUrl);
  const key = randomUUID();
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => book(index % 2 ? fan.at(system.secondApiUrl) : fan, event, [4, 5], key)),
  );
  expect(answers.map(({ __typename }) => __typename)).toEqual(Array(50).fill('CreateBookingSuccess'));
  expect(new Set(answers.map(({ booking }) => JSON.stringify(booking))).size).toBe(1);
  expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
  expect(await stateOf(event)).toEqual({ version: 1, held: 2, bookings: 1, messages: 1 });
});

test('the same key for other seats, or for another event, is refused and changes nothing', async () => {
  const event = await seedEvent(db, { seats: 10 });
  const other = await seedEvent(db, { seats: 10, like: event });
  const fan = await signInAsGuest(system.apiUrl);
  const first = await book(fan, event, [0, 1], 'one key');
  const before = [await stateOf(event), await stateOf(other)];
  for (const [which, seatNos] of [
    [event, [2]],
    [event, [0]],
    [event, [0, 1, 2]],
    [other, [0, 1]],
  ] as const) {
    expect(await book(fan, which, seatNos, 'one key')).toMatchObject({
      __typename: 'IdempotencyKeyReused',
      code: 'IDEMPOTENCY_KEY_REUSED',
      retry: { advice: 'NEW_KEY' },
    });
  }
  expect([await stateOf(event), await stateOf(other)]).toEqual(before);
  expect(await book(fan, event, [1, 0], 'one key')).toEqual({ ...first, replayed: true });
});

test('one key at two events and many seats at once makes one booking; the others are refused as reused', async () => {
  const event = await seedEvent(db, { seats: 10 });
  const other = await seedEvent(db, { seats: 10, like: event });
  const fan = await signInAsGuest(system.apiUrl);
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      book(index % 3 ? fan.at(system.secondApiUrl) : fan, index % 2 ? event : other, [index], 'shared'),
    ),
  );
  const named = Object.groupBy(answers, ({ __typename }) => String(__typename));
  expect(named.CreateBookingSuccess).toHaveLength(1);
  expect(named.IdempotencyKeyReused).toHaveLength(9);
});

test('one key of two fans makes a booking for each of them', async () => {
  const event = await seedEvent(db, { seats: 2 });
  const [one, two] = [await signInAsGuest(system.apiUrl), await signInAsGuest(system.apiUrl)];
  const [mine, theirs] = [await book(one, event, [0], 'same'), await book(two, event, [1], 'same')];
  expect([mine.replayed, theirs.replayed]).toEqual([false, false]);
  expect(mine.booking.id).not.toBe(theirs.booking.id);
});

test('the answer to a COMMIT is lost, or the COMMIT itself: the fan gets the one booking, now and with the same key', async () => {
  const proxy = await openCommitProxy(system.bookingUrl);
  await system.kill('api-2', 'SIGTERM');
  await system.start('api-2', { DATABASE_URL: proxy.url });
  const fan = (await signInAsGuest(system.apiUrl)).at(system.secondApiUrl);
  for (const where of ['after', 'before', 'after', 'before'] as const) {
    const event = await seedEvent(db, { seats: 4 });
    const [key, cutsBefore] = [randomUUID(), proxy.cuts()];
    proxy.cutAt(where);
    const answer = await book(fan, event, [0, 1], key);
    expect(proxy.cuts()).toBe(cutsBefore + 1);
    expect(answer).toMatchObject({ __typename: 'CreateBookingSuccess', booking: { status: 'PENDING_PAYMENT' } });
    for (const api of [system.apiUrl, system.secondApiUrl])
      expect(await book(fan.at(api), event, [0, 1], key)).toEqual({ ...answer, replayed: true });
    expect(await stateOf(event)).toEqual({ version: 1, held: 2, bookings: 1, messages: 1 });
  }
  await system.kill('api-2', 'SIGTERM');
  proxy.close();
  await system.start('api-2');
});

test('a key returns the booking in its present state: open to pay, confirmed', async () => {
  for (const name of ['gateway-sandbox', 'payments', 'relay', 'worker'] as const) await system.start(name);
  const event = await seedEvent(db, { seats: 10 });
  const fan = await signInAsGuest(system.apiUrl);
  const { booking } = await book(fan, event, [7], 'my key');
  const ready = await bookingWhen(fan, booking.id, ({ status }) => status === 'PAYMENT_READY');
  const again = await book(fan, event, [7], 'my key');
  expect(again).toMatchObject({ replayed: true, booking: { id: booking.id, status: 'PAYMENT_READY' } });
  await decideAt(ready.payment.url, 'pay');
  await bookingWhen(fan, booking.id, ({ status }) => status === 'CONFIRMED');
  const later = await book(fan, event, [7], 'my key');
  expect(later).toMatchObject({ replayed: true, booking: { id: booking.id, status: 'CONFIRMED' } });
  // Bookings that were made while nothing else ran have one payment each by now.
  await expectAllInvariants(system);
});
