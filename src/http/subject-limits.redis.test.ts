import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RateLimited } from '#domain/errors.ts';
import type { SubjectLimits } from '#graphql/budget.ts';
import { openRedis, type Redis } from '#redis/client.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { openSubjectLimits } from './subject-limits.ts';

let redis: Redis;
let gone: Redis;
beforeAll(async () => {
  redis = openRedis({ url: await testRedisUrl(), name: 'subject-limits-test' });
  await redis.ping();
  gone = openRedis({ url: 'redis://127.0.0.1:1', name: 'subject-limits-test-gone' });
});
afterAll(() => {
  redis.disconnect();
  gone.disconnect();
});

const about = (subject = `${randomUUID()}@example.org`, address = '192.0.2.1') => ({ subject, address });

async function countAllowed(tries: number, ask: (n: number) => Promise<void>): Promise<number> {
  let allowed = 0;
  for (let n = 0; n < tries; n++)
    await ask(n).then(
      () => allowed++,
      (error) => expect(error).toBeInstanceOf(RateLimited),
    );
  return allowed;
}

test('wrong passwords for one account are limited across addresses, spellings and processes', async () => {
  const processes: SubjectLimits[] = [openSubjectLimits({ redis }), openSubjectLimits({ redis })];
  const { subject } = about();
  const spellings = [subject, subject.toUpperCase(), ` ${subject} `];
  const guess = (n: number) =>
    (processes[n % 2] as SubjectLimits).spend('signIn', about(spellings[n % 3], `192.0.2.${n}`));
  expect(await countAllowed(25, guess)).toBe(10);
  await processes[0]?.spend('signIn', about());
});

test('right passwords cost nothing', async () => {
  const [limits, account] = [openSubjectLimits({ redis }), about()];
  const signIn = async () => {
    await limits.spend('signIn', account);
    await limits.succeeded('signIn', account);
  };
  expect(await countAllowed(25, signIn)).toBe(25);
});

test('guesses from elsewhere do not lock the owner out where the owner has signed in, and are limited there too', async () => {
  const [limits, owner] = [openSubjectLimits({ redis }), about()];
  await limits.spend('signIn', owner);
  await limits.succeeded('signIn', owner);
  await countAllowed(20, (n) => limits.spend('signIn', about(owner.subject, `198.51.100.${n}`)));
  await expect(limits.spend('signIn', about(owner.subject, '203.0.113.9'))).rejects.toBeInstanceOf(RateLimited);
  expect(await countAllowed(20, () => limits.spend('signIn', owner))).toBe(10);
});

test('no address is in a key, and a refusal says when to come back', async () => {
  const [limits, account] = [openSubjectLimits({ redis }), about()];
  await limits.spend('signIn', account);
  await limits.succeeded('signIn', account);
  expect(await redis.keys(`*${account.subject}*`)).toEqual([]);
  await countAllowed(10, () => limits.spend('signIn', account));
  const refusal = await limits.spend('signIn', account).catch((error) => error);
  expect(refusal.retry.afterSeconds).toBeGreaterThan(0);
  expect(refusal.retry.afterSeconds).toBeLessThanOrEqual(900);
});

test('without Redis each process counts by itself', async () => {
  const [limits, account] = [openSubjectLimits({ redis: gone }), about()];
  expect(await countAllowed(15, () => limits.spend('signIn', account))).toBe(10);
  await limits.succeeded('signIn', account);
});
