import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import type { Redis } from '#redis/client.ts';
import { EPOCH, seatLock } from '#redis/keys.ts';
import { openBox, someViewer } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { openOwnRedis } from '#test/support/redis/own-redis.ts';
import { findRedisDisagreements } from '#test/support/redis/redis-agreement.ts';
import { cancelBooking } from '../booking/cancel-booking.ts';
import { createBooking } from '../booking/create-booking.ts';
import { SeatsUnavailable } from '../booking/errors.ts';
import { applySeatChanges } from './apply-seat-changes.ts';
import { rebuildSeatLocks } from './rebuild-seat-locks.ts';
import { unlockEnded } from './unlock-ended.ts';

const server = await openOwnRedis();
const box = await openBox({
  redisUrl: server.url,
  afterCommit: ({ eventId, changes }) => applySeatChanges({ redis: box.redis, db: box.db }, eventId, changes),
});
afterAll(async () => {
  await box.close();
  await server.close();
});

const system = { bookingUrl: box.url, redisUrl: server.url };
let event: SeededEvent;
beforeEach(async () => {
  await rebuilt();
  event = await seedEvent(box.reader, { seats: 200 });
});
afterEach(async () => {
  // PostgreSQL alone decided, even if Redis said otherwise.
  expect(await findViolations(box.url)).toEqual([]);
});

/** As the worker does: again and again, also while Redis starts. */
const rebuilt = () => expect.poll(() => rebuildSeatLocks(box).then(({ kind }) => kind, String)).toBe('current');

const sameSets = () => findRedisDisagreements(system, { afterRebuild: true });

async function hold(...seatNos: number[]) {
  const viewer = someViewer();
  const request = { eventId: event.eventId, seatIds: event.seatIds(...seatNos), idempotencyKey: 'one' };
  const { booking } = await createBooking(box, viewer, request);
  return { bookingId: booking.id, cancel: () => cancelBooking(box, viewer, { bookingId: booking.id }) };
}

/** `box.redis`, with `act` run before locks are restored, that is, after PostgreSQL was read. */
function beforeRestoring(act: () => Promise<unknown>): Redis {
  let acting: Promise<unknown> | undefined;
  return new Proxy(box.redis, {
    get(redis, name) {
      const value = Reflect.get(redis, name);
      if (typeof value !== 'function') return value;
      if (name !== 'restoreSeatLocks') return value.bind(redis);
      return async (...args: unknown[]) => {
        acting ??= act();
        await acting;
        return Reflect.apply(value, redis, args);
      };
    },
  });
}

/** The process asks Redis, and believes it. */
async function believed() {
  const probe = { eventId: event.eventId, owner: 'probe', seatNos: [199] };
  await expect.poll(() => box.seatLocks.acquire(probe)).toMatchObject({ kind: 'locked' });
  await box.seatLocks.release(event.eventId, probe.owner, probe.seatNos);
}

test('Redis is killed and comes back empty: holds go on meanwhile, and the rebuild makes the locks equal to the holds', async () => {
  await hold(0, 1);
  await server.kill();
  const while_ = await hold(2, 3);
  await expect(hold(3, 4)).rejects.toBeInstanceOf(SeatsUnavailable);
  await while_.cancel();
  await hold(5);
  await server.startEmpty();
  await rebuilt();
  expect(await sameSets()).toEqual([]);
  await believed();
});

test('Redis comes back with a dump of this very epoch: seats released since are free at once, and sold seats are not', async () => {
  await believed();
  const released = await hold(0, 1);
  await hold(2);
  await expect.poll(() => box.redis.get(seatLock(event.eventId, 0))).not.toBeNull();
  await server.dump();
  await released.cancel();
  await hold(3);
  await server.kill();
  await server.startWithDump();
  await expect.poll(() => box.redis.status).toBe('ready');
  expect(await box.redis.exists(seatLock(event.eventId, 0))).toBe(1);
  // No process has rebuilt it, and none believes it.
  await hold(0, 1);
  await expect(hold(3)).rejects.toBeInstanceOf(SeatsUnavailable);
  await rebuilt();
  expect(await sameSets()).toEqual([]);
  expect(await findRedisDisagreements(system, { atRest: true })).toEqual([]);
});

test('a hold that ends while it is restored has no lock afterwards, and a hold that is made meanwhile has one', async () => {
  await believed();
  const ending = await hold(0, 1);
  await hold(2);
  await box.redis.flushdb();
  const redis = beforeRestoring(async () => {
    await ending.cancel();
    await hold(1, 7);
  });
  expect(await rebuildSeatLocks({ ...box, redis })).toMatchObject({ kind: 'rebuilt' });
  expect(await box.redis.exists(seatLock(event.eventId, 0))).toBe(0);
  // A hold is acknowledged before its lock is kept.
  await expect.poll(sameSets).toEqual([]);
});

test('no process believes a half rebuilt Redis, and a second rebuilder leaves the work to the first', async () => {
  await believed();
  await hold(0);
  await box.redis.flushdb();
  const redis = beforeRestoring(async () => {
    expect(await box.seatLocks.acquire({ eventId: event.eventId, owner: 'other', seatNos: [0] })).toEqual({
      kind: 'skipped',
    });
    await box.redis.del(seatLock(event.eventId, 0));
    expect(await rebuildSeatLocks(box)).toEqual({ kind: 'underWay' });
  });
  expect(await rebuildSeatLocks({ ...box, redis })).toMatchObject({ kind: 'rebuilt' });
  expect(await rebuildSeatLocks(box)).toEqual({ kind: 'current' });
  expect(await sameSets()).toEqual([]);
  await believed();
});

test('when Redis is lost again during a rebuild, there is no epoch until a whole rebuild is done', async () => {
  await hold(0, 1);
  await box.redis.flushdb();
  const redis = beforeRestoring(() => box.redis.flushdb());
  expect(await rebuildSeatLocks({ ...box, redis })).toEqual({ kind: 'interrupted' });
  expect(await box.redis.get(EPOCH)).toBeNull();
  await rebuilt();
  expect(await sameSets()).toEqual([]);
});

test('when Redis dies during a rebuild and comes back with half of it, no process believes it and it is rebuilt', async () => {
  await hold(0, 1);
  await box.redis.flushdb();
  const redis = beforeRestoring(async () => {
    await server.dump();
    await server.kill();
  });
  await expect(rebuildSeatLocks({ ...box, redis })).rejects.toThrow();
  await server.startWithDump();
  await hold(2);
  await rebuilt();
  expect(await sameSets()).toEqual([]);
});

test('when Redis is stopped for a while, holds go on, and released seats are unlocked when the event log repeats the release', async () => {
  await believed();
  const before = await hold(0);
  const key = seatLock(event.eventId, 0);
  await expect.poll(() => box.redis.pttl(key)).toBeGreaterThan(200_000);
  server.pause();
  await hold(1, 2);
  await expect(hold(2, 3)).rejects.toBeInstanceOf(SeatsUnavailable);
  await before.cancel();
  server.resume();
  await believed();
  expect(await rebuildSeatLocks(box)).toEqual({ kind: 'current' });
  expect(await box.redis.exists(key)).toBe(1);
  const ended = { eventId: event.eventId, bookingId: before.bookingId, seatNos: [0, 1] };
  await unlockEnded(box, ended);
  expect(await box.redis.exists(key)).toBe(0);
  expect(await findRedisDisagreements(system)).toEqual([]);
  // The release is repeated when another user has the seat.
  await hold(0);
  await unlockEnded(box, ended);
  expect(await box.redis.exists(key)).toBe(1);
});
