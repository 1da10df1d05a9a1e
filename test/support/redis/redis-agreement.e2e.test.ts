import { afterAll, expect, test } from 'vitest';
import { cancelBooking } from '#domain/booking/cancel-booking.ts';
import { createBooking } from '#domain/booking/create-booking.ts';
import { applySeatChanges } from '#domain/inventory/apply-seat-changes.ts';
import { emptyStatuses } from '#domain/inventory/packed-statuses-rules.ts';
import { rebuildSeatLocks } from '#domain/inventory/rebuild-seat-locks.ts';
import { seatLock, seatMap } from '#redis/keys.ts';
import { openBox, someViewer } from '#test/support/databases/box.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { findSeatMapDisagreements } from '#test/support/seat-map/seat-map-agreement.ts';
import { testRedisUrl } from './redis.ts';
import { findRedisDisagreements } from './redis-agreement.ts';

const redisUrl = await testRedisUrl();
const box = await openBox({
  redisUrl,
  afterCommit: ({ eventId, changes }) => applySeatChanges({ redis: box.redis, db: box.db }, eventId, changes),
});
afterAll(() => box.close());
const system = { bookingUrl: box.url, redisUrl };

async function heldSeats() {
  const event = await seedEvent(box.reader, { seats: 20 });
  const viewer = someViewer();
  const request = { eventId: event.eventId, seatIds: event.seatIds(4, 5), idempotencyKey: 'one' };
  const { booking } = await createBooking(box, viewer, request);
  return { ...event, viewer, bookingId: booking.id };
}

test('a healthy Redis agrees with PostgreSQL, and each kind of disagreement is found', async () => {
  const { eventId, viewer, bookingId } = await heldSeats();
  await rebuildSeatLocks(box);
  await expect.poll(() => findRedisDisagreements(system, { atRest: true, afterRebuild: true })).toEqual([]);

  const foreign = seatLock(eventId, 9);
  await box.redis.set(foreign, 'stranger', 'PX', 60_000);
  expect(await findRedisDisagreements(system)).toEqual([expect.stringContaining(`${foreign} is locked for stranger`)]);
  await box.redis.del(foreign);

  const held = seatLock(eventId, 4);
  const owner = await box.redis.get(held);
  await box.redis.del(held);
  expect(await findRedisDisagreements(system)).toEqual([]);
  expect(await findRedisDisagreements(system, { afterRebuild: true })).toEqual([
    expect.stringContaining('has no lock'),
  ]);
  await box.redis.set(held, 'another owner', 'PX', 60_000);
  expect(await findRedisDisagreements(system)).toHaveLength(1);

  await cancelBooking(box, viewer, { bookingId });
  await box.redis.set(held, owner ?? '', 'PX', 60_000);
  expect(await findRedisDisagreements(system)).toEqual([expect.stringContaining(held)]);
  await box.redis.del(held);
  expect(await findRedisDisagreements(system, { atRest: true })).toEqual([]);
});

test('a lock of a hold that is under way is not a disagreement', async () => {
  const { eventId } = await seedEvent(box.reader, { seats: 20 });
  await box.redis.set(seatLock(eventId, 1), 'under way', 'PX', 1_500);
  expect(await findRedisDisagreements(system)).toEqual([]);
});

test('a seat map or a view of it that is wrong about one seat is found', async () => {
  const { eventId, seatCount } = await heldSeats();
  const redis = box.redis;
  const compare = (views = [] as Parameters<typeof findSeatMapDisagreements>[2]) =>
    findSeatMapDisagreements({ db: box.db, redis }, eventId, views);
  await expect.poll(() => redis.exists(seatMap(eventId))).toBe(1);
  expect(await compare()).toEqual([]);
  expect(await compare([{ name: 'a fan', version: 1, packed: emptyStatuses(seatCount) }])).toEqual([
    `${eventId}, a fan: seat 4 is HELD and not AVAILABLE`,
    `${eventId}, a fan: seat 5 is HELD and not AVAILABLE`,
  ]);
  // Seat 9 is the second of its byte.
  await redis.call('BITFIELD', seatMap(eventId), 'SET', 'u2', String((16 + 2) * 8 + 4), '2');
  expect(await findRedisDisagreements(system, { atRest: true })).toEqual([
    `${eventId}, Redis: seat 9 is AVAILABLE and not BOOKED`,
  ]);
});
