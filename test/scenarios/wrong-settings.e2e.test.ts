import { randomBytes, randomUUIDv7 } from 'node:crypto';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPostgresLog } from '#events/log/postgres-log.ts';
import { type System, startSystem } from '../support/system.ts';

const user = `outages_${randomBytes(4).toString('hex')}`;

let system: System;
let redis: Redis;
let booking: postgres.Sql;
let log: ReturnType<typeof openPostgresLog>;

beforeAll(async () => {
  system = await startSystem({ processes: [], search: true });
  redis = new Redis(system.redisUrl);
  booking = postgres(system.bookingUrl, { max: 1, onnotice: () => undefined });
  log = openPostgresLog({ url: system.bookingUrl, name: 'test', poolMax: 1 });
}, 120_000);

afterAll(async () => {
  await redis?.acl('DELUSER', user);
  redis?.disconnect();
  await log?.close();
  await booking?.end();
  await system?.stop();
});

const setPassword = (password: string) =>
  redis.acl('SETUSER', user, 'on', 'resetpass', `>${password}`, 'allkeys', 'allchannels', '+@all');

const withLogin = (url: string, username: string, password: string) =>
  Object.assign(new URL(url), { username, password }).href;

async function announce(count: number): Promise<string[]> {
  const messages = Array.from({ length: count }, () => {
    const eventId = randomUUIDv7();
    const event = { type: 'EventPublished', aggregateId: eventId, eventId, updatedVersion: 1 } as const;
    return { id: randomUUIDv7(), topic: 'catalog', key: eventId, event, createdAt: new Date() } as const;
  });
  await log.append(messages);
  return messages.map(({ id }) => id);
}

async function ready(name: 'worker') {
  const response = await fetch(`${system.metricsUrl(name)}/ready?verbose`);
  const body = (await response.json()) as { dependencies: Record<string, { state: string; reason?: string }> };
  return { ...body, status: response.status };
}

const unread = async (group: string) => (await log.lag?.())?.find((one) => one.group === group)?.unread;
const parked = async () => (await booking`select from event_log.parked`).length;

test('a worker with another password than Redis parks nothing, says so, and goes on when Redis knows it', async () => {
  await setPassword('right');
  await system.start('worker', { REDIS_URL: withLogin(system.redisUrl, user, 'wrong') });
  await announce(10);
  const reason = expect.stringMatching(/push-changes wait.*REDIS_URL \(WRONGPASS\)/);
  await expect
    .poll(() => ready('worker'), { timeout: 40_000 })
    .toMatchObject({ status: 503, dependencies: { messages: { state: 'down', reason } } });
  expect(await parked()).toBe(0);
  await setPassword('wrong');
  await expect.poll(() => unread('push-changes'), { timeout: 40_000 }).toBe(0);
  await expect.poll(async () => (await ready('worker')).status, { timeout: 20_000 }).toBe(200);
  expect(await parked()).toBe(0);
  await system.kill('worker', 'SIGTERM');
}, 120_000);
