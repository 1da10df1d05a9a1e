import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RateLimited } from '#domain/errors.ts';
import type { Limits } from '#graphql/budget.ts';
import { openRedis, type Redis } from '#redis/client.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { openRateLimits } from './rate-limits.ts';

let redis: Redis;
let gone: Redis;
beforeAll(async () => {
  redis = openRedis({ url: await testRedisUrl(), name: 'rate-limits-test' });
  await redis.ping();
  gone = openRedis({ url: 'redis://127.0.0.1:1', name: 'rate-limits-test-gone' });
});
afterAll(() => {
  redis.disconnect();
  gone.disconnect();
});

/** As of one process. */
const openLimits = (to = redis): Limits => openRateLimits({ redis: to, enabled: true, looseLoopback: false });
const somebody = (address = randomUUID()) => ({ userId: randomUUID(), address });
const keysOf = ({ userId }: { userId: string }) => redis.keys(`*${userId}*`);
const isAllowed = (spending: Promise<void>) =>
  spending.then(
    () => true,
    (error) => {
      expect(error).toBeInstanceOf(RateLimited);
      return false;
    },
  );

async function countAllowed(tries: number, ask: (n: number) => Promise<void>): Promise<number> {
  let allowed = 0;
  for (let n = 0; n < tries; n++) allowed += (await isAllowed(ask(n))) ? 1 : 0;
  return allowed;
}

test('fans who ask a little leave nothing in Redis', async () => {
  const limits = openLimits();
  const before = await redis.dbsize();
  for (let n = 0; n < 300; n++) {
    const fan = somebody();
    for (let poll = 0; poll < 10; poll++) await limits.spend('request', fan);
    await limits.spend('createBooking', fan);
    await limits.spend('refreshSession', { userId: undefined, address: fan.address });
  }
  expect(await redis.dbsize()).toBe(before);
});

test('one process: a budget holds to the point', async () => {
  const [limits, fan] = [openLimits(), somebody()];
  expect(await countAllowed(70, () => limits.spend('createBooking', fan))).toBe(60);
  expect(await keysOf(fan)).toHaveLength(1);
  await limits.spend('createBooking', somebody(fan.address));
});

test('two processes: a flood is cut within one share of the budget', async () => {
  const [one, two, fan] = [openLimits(), openLimits(), somebody()];
  const allowed = await countAllowed(100, (n) => (n % 2 ? one : two).spend('createBooking', fan));
  expect(allowed).toBeGreaterThanOrEqual(60);
  expect(allowed).toBeLessThanOrEqual(60 + 6);
});

test('two processes: what guesses passwords is cut to the point', async () => {
  const [one, two, { address }] = [openLimits(), openLimits(), somebody()];
  const caller = { userId: undefined, address };
  expect(await countAllowed(40, (n) => (n % 2 ? one : two).spend('signIn', caller))).toBe(30);
});

test('who is cut off is told when to come back', async () => {
  const [limits, fan] = [openLimits(), somebody()];
  await limits.spend('createBooking', fan, 60);
  const refusal = await limits.spend('createBooking', fan).catch((error) => error);
  expect(refusal).toMatchObject({ code: 'RATE_LIMITED', retry: { advice: 'AFTER' } });
  expect(refusal.retry.afterSeconds).toBeGreaterThanOrEqual(1);
  expect(refusal.retry.afterSeconds).toBeLessThanOrEqual(60);
});

test('without Redis each process keeps the budgets by itself', async () => {
  const [limits, fan] = [openLimits(gone), somebody()];
  expect(await countAllowed(70, () => limits.spend('createBooking', fan))).toBe(60);
  const caller = { userId: undefined, address: fan.address };
  expect(await countAllowed(35, () => limits.spend('signIn', caller))).toBe(30);
});
