import { randomUUIDv7 } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { TryAgain } from '#domain/errors.ts';
import type { DomainEvent } from '#events/contracts.ts';
import { openPostgresLog } from '#events/log/postgres-log.ts';
import { openRedis } from '#redis/client.ts';
import { createBookingDatabase } from '#test/support/databases.ts';
import { runWorkers, type Worker } from './run-worker.ts';

const database = await createBookingDatabase();
const sql = postgres(database.url, { max: 1 });
const eventLog = openPostgresLog({ url: database.url, name: 'test' });
afterAll(async () => {
  await eventLog.close();
  await sql.end();
  await database.drop();
});

const silent = { info: () => {}, warn: () => {}, error: () => {} };

function start(...workers: Worker<object>[]) {
  const ending = new AbortController();
  const running = runWorkers(workers, {}, { eventLog, log: silent, signal: ending.signal });
  return async () => {
    ending.abort();
    await running;
  };
}

async function publish(event: unknown): Promise<string> {
  const id = randomUUIDv7();
  await eventLog.append([{ id, topic: 'catalog', key: randomUUIDv7(), event, createdAt: new Date() }]);
  return id;
}

const eventPublished = (): DomainEvent => {
  const eventId = randomUUIDv7();
  return { type: 'EventPublished', aggregateId: eventId, eventId, updatedVersion: 1 };
};

const parked = async (group: string) =>
  (await sql`select id from event_log.parked where consumer_group = ${group}`).map(({ id }) => id);

/** Nobody listens there. */
const redis = openRedis({ url: 'redis://127.0.0.1:9', name: 'test' });
afterAll(() => redis.disconnect());
const nowhere = postgres('postgres://127.0.0.1:9/nowhere', { max: 1, connect_timeout: 1 });

test.each([
  ['Redis', () => redis.get('key')],
  ['PostgreSQL', () => nowhere`select 1`],
  ['the writer, which is too busy', () => Promise.reject(new TryAgain(1))],
])('while %s is away a message waits and is never parked', async (_, failing) => {
  const handled: string[] = [];
  let isAway = true;
  let tries = 0;
  const group = randomUUIDv7();
  const stop = start({
    name: group,
    topics: ['catalog'],
    async run(_needs, _event, { messageId }) {
      tries += 1;
      if (isAway) await failing();
      handled.push(messageId);
    },
  });
  const id = await publish(eventPublished());
  await expect.poll(() => tries, { timeout: 20_000 }).toBeGreaterThan(3);
  expect(handled).not.toContain(id);
  isAway = false;
  await expect.poll(() => handled, { timeout: 20_000 }).toContain(id);
  expect(await parked(group)).toEqual([]);
  await stop();
});

test('a message that is no event of ours, or that breaks its worker, is parked', async () => {
  const poison = await publish(eventPublished());
  const nonsense = await publish({ type: 'NobodyKnows' });
  const group = randomUUIDv7();
  const stop = start({
    name: group,
    topics: ['catalog'],
    async run(_needs, _event, { messageId }) {
      if (messageId === poison) throw new TypeError('a bug');
    },
  });
  await expect.poll(() => parked(group), { timeout: 20_000 }).toEqual(expect.arrayContaining([poison, nonsense]));
  await stop();
});

test('a timed worker that fails runs again, and one that says when runs then', async () => {
  let failures = 0;
  let runs = 0;
  const stop = start(
    {
      name: 'failing',
      everyMs: 10,
      async run() {
        failures += 1;
        throw new Error('once more');
      },
    },
    {
      name: 'soon',
      everyMs: 3_600_000,
      async run() {
        runs += 1;
        return { nextInMs: 1 };
      },
    },
  );
  await expect.poll(() => failures, { timeout: 20_000 }).toBeGreaterThan(1);
  await expect.poll(() => runs, { timeout: 20_000 }).toBeGreaterThan(3);
  await stop();
});
