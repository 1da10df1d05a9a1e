import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { type BoxProcess, NO_REDIS, openBox, someViewer } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { DomainError } from '../errors.ts';
import { rebuildSeatLocks } from '../inventory/rebuild-seat-locks.ts';
import type { Viewer } from '../viewer.ts';
import { cancelBooking } from './cancel-booking.ts';
import { createBooking, createBookingRefusals } from './create-booking.ts';
import { SeatsUnavailable } from './errors.ts';

const redisUrl = await testRedisUrl();
const box = await openBox({ redisUrl });
await rebuildSeatLocks(box);
afterAll(() => box.close());
afterEach(async () => {
  expect(await findViolations(box.url)).toEqual([]);
});

type Attempt = { viewer?: Viewer; key?: string; process?: BoxProcess };

async function book(event: SeededEvent, seatNos: readonly number[], attempt: Attempt = {}) {
  const { viewer = someViewer(), key = randomUUIDv7(), process = box } = attempt;
  try {
    return await createBooking(process, viewer, {
      eventId: event.eventId,
      seatIds: event.seatIds(...seatNos),
      idempotencyKey: key,
    });
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

const held = (answers: readonly Awaited<ReturnType<typeof book>>[]) =>
  answers.flatMap((answer) => (answer instanceof DomainError ? [] : [answer]));

const isUnavailable = (answer: unknown): boolean => answer instanceof SeatsUnavailable;

describe.each([
  { name: 'with Redis', redis: redisUrl },
  { name: 'with Redis away: PostgreSQL alone decides', redis: NO_REDIS },
])('$name', ({ redis }) => {
  const processes = [box.process({ redisUrl: redis }), box.process({ redisUrl: redis })];
  const nth = (index: number) => processes[index % 2] ?? box;
  beforeAll(async () => {
    const expected = redis === NO_REDIS ? 'skipped' : 'locked';
    for (const { seatLocks } of processes) {
      const lock = { eventId: randomUUIDv7(), owner: 'warm-up', seatNos: [0] };
      await vi.waitFor(async () => expect((await seatLocks.acquire(lock)).kind).toBe(expected));
    }
  });

  test('a thousand buyers of one seat through two processes: exactly one booking', async () => {
    const event = await seedEvent(box.reader, { seats: 1 });
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => book(event, [0], { process: nth(index) })),
    );
    expect(held(answers)).toHaveLength(1);
    expect(answers.filter(isUnavailable)).toHaveLength(999);
  });

  test('a thousand buyers of overlapping pairs on 200 seats: no seat twice, no booking half', async () => {
    const event = await seedEvent(box.reader, { seats: 200, rows: 10 });
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => {
        const first = (index * 7) % 199;
        return book(event, [first, first + 1], { process: nth(index) });
      }),
    );
    const won = held(answers).length;
    expect(won).toBeGreaterThanOrEqual(66);
    expect(answers.filter(isUnavailable)).toHaveLength(1000 - won);
    const [row] = await box.reader.execute(sql`
      select count(*)::int as seats, count(distinct seat_no)::int as different from booking_seats s
      where s.event_id = ${event.eventId}`);
    expect(row).toEqual({ seats: 2 * won, different: 2 * won });
  });

  test('the same key fifty times at once returns one booking fifty times', async () => {
    const event = await seedEvent(box.reader, { seats: 4 });
    const attempt = { viewer: someViewer(), key: 'my key' };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => book(event, [1, 2], { ...attempt, process: nth(index) })),
    );
    const bookings = held(answers);
    expect(bookings).toHaveLength(50);
    for (const { booking } of bookings) expect(booking).toStrictEqual(bookings[0]?.booking);
    expect(bookings.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await book(event, [1], attempt)).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await book(event, [0, 3], attempt)).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    const other = await seedEvent(box.reader, { seats: 4 });
    expect(await book(other, [1, 2], attempt)).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(held([await book(event, [0]), await book(event, [3]), await book(other, [1])])).toHaveLength(3);
  });

  test('one key at two events at once makes one booking', async () => {
    const events = [await seedEvent(box.reader, { seats: 1 }), await seedEvent(box.reader, { seats: 1 })];
    const attempt = { viewer: someViewer(), key: 'one key' };
    const answers = await Promise.all(
      events.map((event, index) => book(event, [0], { ...attempt, process: nth(index) })),
    );
    expect(held(answers)).toHaveLength(1);
    expect(answers.filter((answer) => answer instanceof DomainError)).toMatchObject([
      { code: 'IDEMPOTENCY_KEY_REUSED' },
    ]);
  });

  test('a refused request holds nothing, and returns which seats are taken and which are near', async () => {
    const event = await seedEvent(box.reader, { seats: 20, rows: 2 });
    await book(event, [4], { process: nth(0) });
    const refusal = await book(event, [4, 5], { process: nth(1) });
    expect(refusal).toMatchObject({ code: 'SEATS_UNAVAILABLE', seatNos: [4], version: 1 });
    expect((refusal as SeatsUnavailable).alternatives).toHaveLength(3);
    expect((refusal as SeatsUnavailable).alternatives).not.toContainEqual([4, 5]);
    expect(held([await book(event, [5])])).toHaveLength(1);
  });

  test('every alternative is a choice that the policy on single seats accepts', async () => {
    const event = await seedEvent(box.reader, { seats: 20, rows: 2, orphanPolicy: 'STRICT' });
    await book(event, [4], { process: nth(0) });
    const { alternatives } = (await book(event, [4, 5], { process: nth(1) })) as SeatsUnavailable;
    expect(alternatives).toHaveLength(3);
    for (const seatNos of alternatives) {
      const viewer = someViewer();
      const [made] = held([await book(event, [...seatNos], { viewer })]);
      await cancelBooking(box, viewer, { bookingId: made?.booking.id ?? '' });
    }
    expect(await book(event, [6, 7])).toMatchObject({ code: 'LEAVES_SINGLE_SEAT' });
  });
});

test('with the lock of PostgreSQL alone, a lost Redis answer costs nothing: its locks are released', async () => {
  const event = await seedEvent(box.reader, { seats: 2 });
  const away = box.process({ redisUrl: NO_REDIS });
  await book(event, [0], { process: away });
  // Redis has no lock for that hold and lets both seats pass; PostgreSQL refuses, and seat 1 must be free again.
  expect(await book(event, [0, 1])).toMatchObject({ code: 'SEATS_UNAVAILABLE', seatNos: [0] });
  // Sooner than the locks would end by themselves, which is after two seconds.
  await expect.poll(() => box.redis.keys(`seat:{${event.eventId}}:*`), { timeout: 1_000 }).toEqual([]);
  expect(held([await book(event, [1])])).toHaveLength(1);
});

test('a retry after other fans got the seats still returns the booking that it made', async () => {
  const event = await seedEvent(box.reader, { seats: 1 });
  const attempt = { viewer: someViewer(), key: 'retry' };
  const [first] = held([await book(event, [0], attempt)]);
  await box.writer.submit(event.eventId, {
    kind: 'release',
    reason: 'CANCELLED',
    bookingId: first?.booking.id ?? '',
    userId: attempt.viewer.userId,
  });
  await expect.poll(async () => held([await book(event, [0])]).length).toBe(1);
  expect(await book(event, [0], attempt)).toMatchObject({
    replayed: true,
    booking: { id: first?.booking.id, status: 'CANCELLED' },
  });
});

test('refuses for each of the reasons', async () => {
  const event = await seedEvent(box.reader, { seats: 40 });
  const ask = (
    request: { eventId?: string; seatIds?: readonly string[]; idempotencyKey?: string },
    viewer = someViewer(),
  ) =>
    createBooking(box, viewer, { eventId: event.eventId, seatIds: event.seatIds(0), idempotencyKey: 'k', ...request });
  const invalid = (field: string) => ({ code: 'INVALID_INPUT', field });
  await expect(ask({ seatIds: [] })).rejects.toMatchObject(invalid('seatIds'));
  await expect(ask({ seatIds: ['nonsense'] })).rejects.toMatchObject(invalid('seatIds'));
  await expect(ask({ seatIds: event.seatIds(1, 1) })).rejects.toMatchObject(invalid('seatIds'));
  await expect(ask({ seatIds: event.seatIds(40) })).rejects.toMatchObject(invalid('seatIds'));
  await expect(ask({ seatIds: [`${randomUUIDv7()}_0`] })).rejects.toMatchObject(invalid('seatIds'));
  await expect(ask({ idempotencyKey: '' })).rejects.toMatchObject(invalid('idempotencyKey'));
  await expect(ask({ idempotencyKey: 'a\nb' })).rejects.toMatchObject(invalid('idempotencyKey'));
  await expect(ask({ idempotencyKey: 'x'.repeat(201) })).rejects.toMatchObject(invalid('idempotencyKey'));
  await expect(ask({ eventId: randomUUIDv7() })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(ask({ eventId: 'nonsense' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(ask({ seatIds: event.seatIds(0, 1, 2, 3, 4, 5, 6, 7, 8) })).rejects.toMatchObject({ limit: 8 });
  const greedy = someViewer();
  await ask({ seatIds: event.seatIds(0, 1, 2, 3, 4, 5, 6, 7), idempotencyKey: '1' }, greedy);
  await ask({ seatIds: event.seatIds(8, 9, 10, 11, 12, 13, 14, 15), idempotencyKey: '2' }, greedy);
  await expect(ask({ seatIds: event.seatIds(16), idempotencyKey: '3' }, greedy)).rejects.toMatchObject({ limit: 16 });
  const sales = {
    later: { onSaleInSeconds: 60 },
    soon: { onSaleInSeconds: 3 },
    over: { offSaleInSeconds: -1, onSaleInSeconds: -9 },
  };
  const [later, soon, over] = await Promise.all(
    Object.values(sales).map((sale) => seedEvent(box.reader, { seats: 1, like: event, ...sale })),
  );
  for (const closed of [later, soon]) {
    const refusal = await ask({ eventId: closed?.eventId ?? '' }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'EVENT_NOT_ON_SALE', opensAt: expect.any(Date), retry: { advice: 'AFTER' } });
  }
  await expect(ask({ eventId: over?.eventId ?? '' })).rejects.toMatchObject({
    code: 'EVENT_NOT_ON_SALE',
    opensAt: undefined,
  });
  const draft = await seedEvent(box.reader, { seats: 1, like: event, status: 'DRAFT' });
  await expect(ask({ eventId: draft.eventId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(createBookingRefusals).toHaveLength(15);
});

test('while PostgreSQL is away, refuses with the advice to try again with the same key', async () => {
  const event = await seedEvent(box.reader, { seats: 2 });
  const away = box.process({ url: 'postgres://nobody@127.0.0.1:1/none' });
  const refusal = await book(event, [0], { process: away });
  expect(refusal).toMatchObject({ code: 'TRY_AGAIN', retry: { advice: 'SAME_KEY', afterSeconds: 1 } });
  await expect(cancelBooking(away, someViewer(), { bookingId: randomUUIDv7() })).rejects.toMatchObject({
    code: 'TRY_AGAIN',
  });
});

test('the limits of a user hold in every interleaving', async () => {
  const event = await seedEvent(box.reader, { seats: 60 });
  const viewer = someViewer();
  const other: BoxProcess = box.process({ redisUrl: NO_REDIS });
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      book(event, [2 * index, 2 * index + 1], { viewer, process: index % 2 ? other : box }),
    ),
  );
  expect(held(answers)).toHaveLength(8);
});

test('a hold writes the same to Redis, the outbox and the database', async () => {
  const event = await seedEvent(box.reader, { seats: 3, priceMinor: 1000, feeMinor: 50, title: 'Final' });
  const [first] = held([await book(event, [0, 2])]);
  expect(first?.booking).toMatchObject({ status: 'PENDING_PAYMENT', totalMinor: 2100, currency: 'USD', version: 1 });
  const keys = await box.redis.keys(`seat:{${event.eventId}}:*`);
  expect(keys).toHaveLength(2);
  const [row] = await box.reader.execute<{ payload: unknown }>(
    sql`select payload from outbox where aggregateid = ${first?.booking.id ?? ''}`,
  );
  expect(row?.payload).toMatchObject({
    type: 'BookingCreated',
    version: 1,
    seatNos: [0, 2],
    totalMinor: 2100,
    description: 'Final',
    lines: [{ label: 'Section 101, row 1, seat 1', amountMinor: 1050 }, { label: 'Section 101, row 1, seat 3' }],
    holdExpiresAt: first?.booking.holdExpiresAt.toISOString(),
  });
});
