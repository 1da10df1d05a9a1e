import { sql } from 'drizzle-orm';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { seatMap } from '#redis/keys.ts';
import { openRestoreScenes } from '#test/support/payments/restore-scenes.ts';

let scenes: Awaited<ReturnType<typeof openRestoreScenes>>;
beforeAll(async () => {
  scenes = await openRestoreScenes({ search: true });
});
afterAll(() => scenes.close());

test('the booking database: fans who paid after that time are confirmed or refunded, cancellations stay', async () => {
  const event = await scenes.event(20);
  const { statuses, told } = await scenes.restore('booking', event);
  expect(statuses).toEqual({
    kept: 'CONFIRMED PAYMENT_SUCCESS',
    regretted: 'CANCELLED REFUNDED',
    undecided: 'CONFIRMED PAYMENT_SUCCESS',
    late: 'unknown REFUNDED',
    lateRegretted: 'unknown REFUNDED',
    lateUndecided: 'unknown SESSION_CREATED',
  });
  expect(told).toMatch(/Redis: [1-9]\d* copies removed/);
  const fan = await scenes.confirmed(event, 3);
  await fan.when({ status: 'CONFIRMED' });
  const redis = new Redis(scenes.system.redisUrl);
  const version = await scenes.db.execute(sql`select version from seat_inventories where event_id = ${event.eventId}`);
  await vi.waitUntil(
    async () => Number((await redis.getrange(seatMap(event.eventId), 0, 14)) || -1) === Number(version[0]?.version),
    { timeout: 25_000, interval: 100 },
  );
  redis.disconnect();
}, 180_000);

test('the payments database: it receives every booking again and asks the gateway; no fan is charged or refunded twice', async () => {
  const { statuses, told } = await scenes.restore('payments', await scenes.event(20));
  expect(statuses).toEqual({
    kept: 'CONFIRMED PAYMENT_SUCCESS',
    regretted: 'CANCELLED REFUNDED',
    undecided: 'CONFIRMED PAYMENT_SUCCESS',
    late: 'CONFIRMED PAYMENT_SUCCESS',
    lateRegretted: 'CANCELLED REFUNDED',
    lateUndecided: 'PENDING_PAYMENT SESSION_CREATED',
  });
  expect(told).toMatch(/^payments will handle [1-9]\d* messages of bookings again/);
}, 180_000);

test('both databases: the gateway’s own records are found', async () => {
  const { statuses, told } = await scenes.restore('both', await scenes.event(20));
  expect(statuses).toEqual({
    kept: 'CONFIRMED PAYMENT_SUCCESS',
    regretted: 'CANCELLED REFUNDED',
    undecided: 'CONFIRMED PAYMENT_SUCCESS',
    late: 'unknown REFUNDED',
    lateRegretted: 'unknown REFUNDED',
    lateUndecided: 'unknown PAYMENT_FAILED',
  });
  expect(told).toMatch(/gateway: the databases had lost [1-9]\d* sessions, [1-9]\d* refunds and [1-9]\d* ends/);
}, 180_000);
