import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { begin, type Tx } from '#db/client.ts';
import { onceFor } from '#db/inbox.ts';
import { postgresError } from '#db/pg-errors.ts';
import { openBox } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import type { BookingState, SeatState } from './inventory-command.ts';
import { lockInventories, readSeats } from './inventory-read-statements.ts';
import {
  changeSeats,
  insertBookings,
  insertInbox,
  StaleRead,
  takeSeats,
  updateInventories,
} from './inventory-write-statements.ts';
import { AVAILABLE } from './seat-state-rules.ts';

// Each guard is tested alone: without seat lock or queue, and without the guards that the other tests of this file
// check.
const box = await openBox();
let event: SeededEvent;
beforeAll(async () => {
  event = await seedEvent(box.reader, { seats: 50 });
});
afterAll(() => box.close());

const heldBy = (bookingId: string): SeatState => ({ status: 'HELD', bookingId, holdExpiresAtMs: 4_000_000_000_000 });

const atOnce = async (count: number, work: (tx: Tx, index: number) => Promise<unknown>) =>
  await Promise.allSettled(Array.from({ length: count }, (_, index) => begin(box.reader, (tx) => work(tx, index))));

const won = (results: readonly PromiseSettledResult<unknown>[]): number =>
  results.filter(({ status }) => status === 'fulfilled').length;

const reasons = (results: readonly PromiseSettledResult<unknown>[]): unknown[] =>
  results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));

test('the guarded seat write alone: of twenty writers that saw the seat free, one gets it', async () => {
  const results = await atOnce(20, (tx) =>
    takeSeats(tx, [{ eventId: event.eventId, seatNo: 0, from: AVAILABLE, to: heldBy(randomUUIDv7()) }]),
  );
  expect(won(results)).toBe(1);
  for (const reason of reasons(results)) expect(reason).toBeInstanceOf(StaleRead);
});

test('the guarded seat write alone: a booking gets all of its seats or none', async () => {
  const [mine, other] = [randomUUIDv7(), randomUUIDv7()];
  await begin(box.reader, (tx) =>
    takeSeats(tx, [{ eventId: event.eventId, seatNo: 3, from: AVAILABLE, to: heldBy(other) }]),
  );
  const pair = [2, 3].map((seatNo) => ({ eventId: event.eventId, seatNo, from: AVAILABLE, to: heldBy(mine) }));
  expect(won(await atOnce(1, (tx) => takeSeats(tx, pair)))).toBe(0);
  const seats = await begin(box.reader, (tx) =>
    readSeats(tx, [{ eventId: event.eventId, seatNos: [2, 3], bookingIds: [] }]),
  );
  expect([...(seats.get(event.eventId) ?? [])].map(([seatNo, seat]) => [seatNo, seat.bookingId])).toEqual([[3, other]]);
});

test('the guarded release alone: releases only the owner’s seat, once', async () => {
  const [owner, other] = [randomUUIDv7(), randomUUIDv7()];
  const free = (bookingId: string) => [{ eventId: event.eventId, seatNo: 5, from: heldBy(bookingId), to: AVAILABLE }];
  await begin(box.reader, (tx) =>
    takeSeats(tx, [{ eventId: event.eventId, seatNo: 5, from: AVAILABLE, to: heldBy(owner) }]),
  );
  expect(won(await atOnce(1, (tx) => changeSeats(tx, free(other))))).toBe(0);
  expect(won(await atOnce(10, (tx) => changeSeats(tx, free(owner))))).toBe(1);
});

test('the event’s lock alone: no update is lost when writers read, wait and write without any other guard', async () => {
  const counted = await seedEvent(box.reader, { seats: 50, like: event });
  const results = await atOnce(40, async (tx) => {
    const rows = await lockInventories(tx, [counted.eventId], { lockTimeoutMs: 2000, skipsLocked: false });
    await tx.execute(sql`select pg_sleep(0.001)`);
    const version = (rows.get(counted.eventId)?.version ?? 0) + 1;
    await tx.execute(sql`update seat_inventories set version = ${version} where event_id = ${counted.eventId}`);
  });
  expect(won(results)).toBe(40);
  const [row] = await box.reader.execute(sql`
    select version::int as version from seat_inventories where event_id = ${counted.eventId}`);
  expect(row).toEqual({ version: 40 });
});

test('the version alone: of twenty writers that read the same version, one writes the next', async () => {
  const fresh = await seedEvent(box.reader, { seats: 50, like: event });
  const counters = { available: -1, held: 1, booked: 0 };
  const results = await atOnce(20, (tx) =>
    updateInventories(tx, [{ eventId: fresh.eventId, from: 0, to: 1, counters }], []),
  );
  expect(won(results)).toBe(1);
});

test('the counters alone: an inventory can neither go below zero nor gain a seat', async () => {
  const fresh = await seedEvent(box.reader, { seats: 1, like: event });
  const none = { available: -51, held: 51, booked: 0 };
  const gained = { available: 0, held: 1, booked: 0 };
  for (const counters of [none, gained]) {
    const [reason] = reasons(
      await atOnce(1, (tx) => updateInventories(tx, [{ eventId: fresh.eventId, from: 0, to: 1, counters }], [])),
    );
    expect(postgresError(reason)?.code).toBe('23514');
  }
});

test('the unique key alone: of twenty bookings with one key, one is made', async () => {
  const like = { userId: randomUUIDv7(), idempotencyKey: 'key' };
  const results = await atOnce(20, (tx) => insertBookings(tx, [{ ...someBooking(), ...like }]));
  expect(won(results)).toBe(1);
  for (const reason of reasons(results)) expect(reason).toBeInstanceOf(StaleRead);
  const [row] = await box.reader.execute(
    sql`select count(*)::int as count from bookings where user_id = ${like.userId}`,
  );
  expect(row).toEqual({ count: 1 });
});

test('the unique ticket alone: a seat has at most one ticket that is not void', async () => {
  const insert = (tx: Tx, code: string) =>
    tx.execute(sql`insert into tickets (id, booking_id, event_id, seat_no, code)
      values (${randomUUIDv7()}, ${randomUUIDv7()}, ${event.eventId}, 9, ${code})`);
  expect(won(await atOnce(10, (tx, index) => insert(tx, `code ${index}`)))).toBe(1);
});

test('the inbox alone: a message has one effect, for any number of consumers', async () => {
  const mark = { consumer: 'guards', messageId: randomUUIDv7() };
  let effects = 0;
  await atOnce(20, (tx) =>
    onceFor(tx, mark, async () => {
      effects += 1;
    }),
  );
  expect(effects).toBe(1);
  const other = { consumer: 'guards', messageId: randomUUIDv7() };
  expect(won(await atOnce(20, (tx) => insertInbox(tx, [other])))).toBe(1);
});

const someBooking = (): BookingState => ({
  id: randomUUIDv7(),
  userId: randomUUIDv7(),
  eventId: event.eventId,
  status: 'PENDING_PAYMENT',
  totalMinor: 0,
  feeMinor: 0,
  charges: null,
  currency: 'USD',
  holdExpiresAtMs: 4_000_000_000_000,
  holdExtendedAtMs: null,
  idempotencyKey: 'k',
  requestHash: 'h',
  codeIds: null,
  paymentStatus: 'CREATING_SESSION',
  paymentUrl: null,
  refundedMinor: null,
  version: 1,
  createdAtMs: 0,
  confirmedAtMs: null,
  releasedAtMs: null,
  seats: [],
});
