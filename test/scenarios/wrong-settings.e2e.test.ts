import { randomBytes, randomUUIDv7 } from 'node:crypto';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPostgresLog } from '#events/log/postgres-log.ts';
import { freePort } from '#processes/dev/servers/server-process.ts';
import { type ProcessName, type System, startSystem } from '#test/support/system/system.ts';

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
});

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

const ready = (name: ProcessName) => readyAt(system.metricsUrl(name));

async function readyAt(url: string) {
  const response = await fetch(`${url}/ready?verbose`);
  const body = (await response.json()) as { dependencies: Record<string, { state: string; reason?: string }> };
  return { ...body, status: response.status };
}

const unread = async (group: string) => (await log.lag?.())?.find((one) => one.group === group)?.unread;
const parked = async () => (await booking`select from event_log.parked`).length;

test('a worker with another password than Redis parks nothing, reports it, and continues when Redis accepts it', async () => {
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
  await expect.poll(async () => (await ready('worker')).status).toBe(200);
  expect(await parked()).toBe(0);
  await system.kill('worker', 'SIGTERM');
});

type Wrong = { process: ProcessName; env: () => Record<string, string>; reasons: Record<string, RegExp> };

const wrongPassword = (url: string) => Object.assign(new URL(url), { password: 'wrong' }).href;
const wrongHost = (url: string) => Object.assign(new URL(url), { hostname: 'db.invalid' }).href;
const wrongDatabase = (url: string) => Object.assign(new URL(url), { pathname: '/nowhere' }).href;

const password = (variable: string, code: string) =>
  new RegExp(`refuses the user, password or key in ${variable} \\(${code}\\)`);

test.each<Wrong>([
  {
    process: 'api',
    env: () => ({
      DATABASE_URL: wrongPassword(system.bookingUrl),
      REDIS_URL: withLogin(system.redisUrl, 'stranger', 'wrong'),
      TYPESENSE_API_KEY: 'wrong',
    }),
    reasons: {
      'booking-database': password('DATABASE_URL', '28P01'),
      redis: password('REDIS_URL', 'WRONGPASS'),
      search: password('TYPESENSE_API_KEY', 'HTTP 401'),
    },
  },
  {
    process: 'worker',
    env: () => ({
      DATABASE_URL: wrongDatabase(system.bookingUrl),
      REDIS_URL: withLogin(system.redisUrl, 'stranger', 'wrong'),
      TYPESENSE_API_KEY: 'wrong',
    }),
    reasons: {
      'booking-database': /The database that DATABASE_URL names does not exist \(3D000\)/,
      redis: password('REDIS_URL', 'WRONGPASS'),
      search: password('TYPESENSE_API_KEY', 'HTTP 401'),
    },
  },
  {
    process: 'relay',
    env: () => ({
      DATABASE_URL: wrongPassword(system.bookingUrl),
      PAYMENTS_DATABASE_URL: wrongHost(system.paymentsUrl),
    }),
    reasons: {
      'booking-database': password('DATABASE_URL', '28P01'),
      'payments-database': /PAYMENTS_DATABASE_URL has no address \((ENOTFOUND|EAI_AGAIN), db\.invalid\)/,
    },
  },
  {
    process: 'payments',
    env: () => ({
      PAYMENTS_DATABASE_URL: wrongDatabase(system.paymentsUrl),
      DATABASE_URL: wrongPassword(system.bookingUrl),
    }),
    reasons: {
      'payments-database': /The database that PAYMENTS_DATABASE_URL names does not exist \(3D000\)/,
      'booking-database': password('DATABASE_URL', '28P01'),
    },
  },
])(
  '$process names all that is wrong at its start and in /ready?verbose',
  async ({ process, env, reasons }) => {
    const before = system.lines.length;
    const port = await freePort();
    // A relay reports that it is ready when it reads its slots.
    const starting = system.start(process, { ...env(), METRICS_PORT: String(port) }).catch(() => undefined);
    const said = () => system.lines.slice(before).filter((line) => line.startsWith(`${process}: `));
    const named = Object.entries(reasons).map(([dependency, reason]) =>
      expect.stringMatching(new RegExp(`"dependency":"${dependency}".*${reason.source}`)),
    );
    await expect.poll(said).toEqual(expect.arrayContaining(named));
    const stillWrong = Object.fromEntries(
      Object.entries(reasons).map(([name, reason]) => [name, { reason: expect.stringMatching(reason) }]),
    );
    await expect
      .poll(() => readyAt(`http://127.0.0.1:${port}`).catch(String))
      .toMatchObject({ status: 503, dependencies: stillWrong });
    await system.kill(process, 'SIGKILL');
    await starting;
  },
  60_000,
);
