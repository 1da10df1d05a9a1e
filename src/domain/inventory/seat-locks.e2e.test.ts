import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { EPOCH, seatLock } from '#redis/keys.ts';
import { openBox, someViewer } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { until } from '#test/support/system/until.ts';
import { cancelBooking } from '../booking/cancel-booking.ts';
import { createBooking } from '../booking/create-booking.ts';
import { rebuildSeatLocks } from './rebuild-seat-locks.ts';
import { lockOwner, openSeatLocks } from './seat-locks.ts';

const redisUrl = await testRedisUrl();
const box = await openBox({ redisUrl });
afterAll(() => box.close());
beforeEach(async () => {
  await box.redis.flushdb();
  await rebuildSeatLocks(box);
  // The first answer after a rebuild only makes the process read the epoch.
  await until(async () => (await box.seatLocks.acquire(lock([0], 'warm-up'))).kind === 'locked');
  await box.redis.del(seatLock(eventId, 0));
});

const eventId = randomUUIDv7();
const lock = (seatNos: readonly number[], owner: string) => ({ eventId, seatNos, owner });
const lockedSeats = async (of: string): Promise<string[]> =>
  (await box.redis.keys(seatLock(of, 0).replace(/0$/, '*'))).sort();

test('the seat locks alone: of a thousand requests for one seat, one passes', async () => {
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, index) => box.seatLocks.acquire(lock([7], `owner ${index}`))),
  );
  expect(answers.filter(({ kind }) => kind === 'locked')).toHaveLength(1);
  expect(answers.filter(({ kind }) => kind === 'taken')).toHaveLength(999);
});

test('locks all seats of a request or none; the same owner finds its own locks', async () => {
  expect(await box.seatLocks.acquire(lock([1, 2], 'a'))).toEqual({ kind: 'locked', fresh: [1, 2] });
  expect(await box.seatLocks.acquire(lock([2, 3], 'b'))).toEqual({ kind: 'taken', seatNos: [2] });
  expect(await lockedSeats(eventId)).toEqual([seatLock(eventId, 1), seatLock(eventId, 2)]);
  expect(await box.seatLocks.acquire(lock([2, 3], 'a'))).toEqual({ kind: 'locked', fresh: [3] });
});

test('only the owner unlocks', async () => {
  await box.seatLocks.acquire(lock([1], 'a'));
  await box.seatLocks.release(eventId, 'b', [1]);
  expect(await lockedSeats(eventId)).toHaveLength(1);
  await box.seatLocks.release(eventId, 'a', [1]);
  expect(await lockedSeats(eventId)).toHaveLength(0);
});

test('when Redis hangs, the waiting requests lose its patience once, and later ones do not wait until it is back', async () => {
  const redis = box.redis.duplicate();
  const seatLocks = openSeatLocks({ redis: box.redis, db: box.db, patienceMs: 20, probeMs: 20 });
  await expect.poll(async () => (await seatLocks.acquire(lock([1], 'a'))).kind).toBe('locked');
  await redis.call('client', 'pause', '400', 'all');
  const others = [randomUUIDv7(), randomUUIDv7()].map((other) =>
    seatLocks.acquire({ ...lock([1], 'a'), eventId: other }),
  );
  expect(await seatLocks.acquire(lock([1], 'a'))).toEqual({ kind: 'skipped' });
  expect(await Promise.all(others)).toEqual([{ kind: 'skipped' }, { kind: 'skipped' }]);
  // Resolved before anything could have been written to a socket.
  const waits = () => new Promise((resume) => setImmediate(() => resume('waits')));
  expect(await Promise.race([seatLocks.acquire(lock([1], 'a')), waits()])).toEqual({ kind: 'skipped' });
  await expect.poll(async () => (await seatLocks.acquire(lock([1], 'a'))).kind).toBe('locked');
  redis.disconnect();
});

test('a lock ends two seconds after its request, unless the hold was committed', async () => {
  await box.seatLocks.acquire(lock([1], 'a'));
  expect(await box.redis.pttl(seatLock(eventId, 1))).toBeLessThanOrEqual(2_000);
  await box.seatLocks.keep(eventId, [{ owner: 'b', seatNos: [1], ttlMs: 60_000 }]);
  expect(await box.redis.pttl(seatLock(eventId, 1))).toBeLessThanOrEqual(2_000);
  await box.seatLocks.keep(eventId, [
    { owner: 'a', seatNos: [1], ttlMs: 60_000 },
    { owner: 'a', seatNos: [2, 3], ttlMs: 60_000 },
  ]);
  expect(await box.redis.pttl(seatLock(eventId, 1))).toBeGreaterThan(50_000);
  expect(await lockedSeats(eventId)).toEqual([seatLock(eventId, 1)]);

  const event = await seedEvent(box.reader, { seats: 9 });
  const { viewer, booking } = await held(event, [0, 1], 'committed');
  await expect.poll(() => box.redis.pttl(seatLock(event.eventId, 1))).toBeGreaterThan(290_000);
  expect(await box.redis.pttl(seatLock(event.eventId, 1))).toBeLessThanOrEqual(300_000);
  await cancelBooking(box, viewer, { bookingId: booking.id });
});

test('the lock of a hold ends at or before the hold, however slow the commit is', async () => {
  const event = await seedEvent(box.reader, { seats: 9 });
  await box.reader.execute(sql`
    create function pause() returns trigger language plpgsql as $$ begin perform pg_sleep(0.4); return null; end $$`);
  await box.reader.execute(sql`
    create constraint trigger slow_commit after insert on bookings deferrable initially deferred
    for each row execute function pause()`);
  const { viewer, booking } = await held(event, [0, 1], 'slow').finally(() =>
    box.reader.execute(sql`drop function pause cascade`),
  );
  const key = seatLock(event.eventId, 0);
  await expect.poll(() => box.redis.pttl(key)).toBeGreaterThan(290_000);
  const [hold] = await box.reader.execute<{ ms: number }>(sql`
    select (extract(epoch from hold_expires_at - clock_timestamp()) * 1000)::float8 as ms
    from bookings where id = ${booking.id}`);
  expect(await box.redis.pttl(key)).toBeLessThanOrEqual(hold?.ms ?? 0);
  await cancelBooking(box, viewer, { bookingId: booking.id });
});

test('a hold that has ended when its commit is known leaves no lock', async () => {
  await box.seatLocks.acquire(lock([5], 'a'));
  await box.seatLocks.keep(eventId, [{ owner: 'a', seatNos: [5], ttlMs: -3 }]);
  expect(await lockedSeats(eventId)).toEqual([]);
});

test('a Redis that is not rebuilt is not believed', async () => {
  await box.seatLocks.acquire(lock([1], 'a'));
  await box.redis.del(EPOCH);
  expect(await box.seatLocks.acquire(lock([1], 'b'))).toEqual({ kind: 'skipped' });
  await box.redis.set(EPOCH, randomUUIDv7());
  expect(await box.seatLocks.acquire(lock([1], 'b'))).toEqual({ kind: 'skipped' });
});

async function held(event: SeededEvent, seatNos: readonly number[], key: string) {
  const viewer = someViewer();
  const request = { eventId: event.eventId, seatIds: event.seatIds(...seatNos), idempotencyKey: key };
  const { booking } = await createBooking(box, viewer, request);
  return { viewer, booking };
}

test('after Redis was lost the locks are those of the live holds, with their remaining time', async () => {
  const event = await seedEvent(box.reader, { seats: 9 });
  const live = await held(event, [0, 1], 'live');
  const gone = await held(event, [2], 'gone');
  const overdue = await held(event, [3], 'overdue');
  await cancelBooking(box, gone.viewer, { bookingId: gone.booking.id });
  await box.reader.execute(sql`update bookings set hold_expires_at = now() where id = ${overdue.booking.id}`);
  await box.redis.flushdb();
  expect(await rebuildSeatLocks(box)).toMatchObject({ kind: 'rebuilt', locks: 2 });
  expect(await lockedSeats(event.eventId)).toEqual([seatLock(event.eventId, 0), seatLock(event.eventId, 1)]);
  expect(await box.redis.get(seatLock(event.eventId, 0))).toBe(lockOwner(live.viewer.userId, 'live'));
  const ttl = await box.redis.pttl(seatLock(event.eventId, 0));
  expect(ttl).toBeGreaterThan(290_000);
  expect(ttl).toBeLessThanOrEqual(300_000);
  expect(await rebuildSeatLocks(box)).toEqual({ kind: 'current' });
});

test('an old dump does not bring released holds back', async () => {
  const event = await seedEvent(box.reader, { seats: 9 });
  const { viewer, booking } = await held(event, [0], 'old');
  const key = seatLock(event.eventId, 0);
  const [oldEpoch, oldLock] = await Promise.all([box.redis.get(EPOCH), box.redis.get(key)]);
  await cancelBooking(box, viewer, { bookingId: booking.id });
  await box.redis.flushdb();
  await rebuildSeatLocks(box);
  // The replica with yesterday's data takes over.
  await box.redis.set(key, oldLock ?? '', 'EX', 300);
  await box.redis.set(EPOCH, oldEpoch ?? '');
  // It refuses the first requests for a second at most, and gives no request a seat.
  await expect
    .poll(() =>
      held(event, [0], 'new').then(
        () => 'held',
        () => 'refused',
      ),
    )
    .toBe('held');
  expect(await rebuildSeatLocks(box)).toMatchObject({ kind: 'rebuilt' });
  expect(await box.redis.get(key)).not.toBe(oldLock);
});

test('several processes may rebuild at once', async () => {
  const event = await seedEvent(box.reader, { seats: 9 });
  await held(event, [0, 1], 'live');
  await box.redis.flushdb();
  await Promise.all([rebuildSeatLocks(box), rebuildSeatLocks(box), rebuildSeatLocks(box)]);
  await expect.poll(async () => (await rebuildSeatLocks(box)).kind).toBe('current');
  expect(await lockedSeats(event.eventId)).toHaveLength(2);
});

test('a released seat is unlocked at once, and not at the end of its lock', async () => {
  const event = await seedEvent(box.reader, { seats: 9 });
  const { viewer, booking } = await held(event, [4], 'mine');
  expect(await lockedSeats(event.eventId)).toHaveLength(1);
  await cancelBooking(box, viewer, { bookingId: booking.id });
  await expect.poll(() => lockedSeats(event.eventId)).toEqual([]);
});
