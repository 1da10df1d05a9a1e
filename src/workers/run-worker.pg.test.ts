import { randomUUIDv7 } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { TryAgain } from '#domain/errors.ts';
import type { DomainEvent } from '#events/contracts.ts';
import { openPostgresLog } from '#events/log/postgres-log.ts';
import { openRedis } from '#redis/client.ts';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { runWorkers, type Worker } from './run-worker.ts';
import { WorkerHealth } from './worker-health.ts';

const database = await createBookingDatabase();
const sql = postgres(database.url, { max: 1 });
const eventLog = openPostgresLog({ url: database.url, name: 'test' });
afterAll(async () => {
  await eventLog.close();
  await sql.end();
  await database.drop();
});

const silent = { info: () => {}, warn: () => {}, error: () => {} };

function start(worker: Worker<object>, health = new WorkerHealth()) {
  const ending = new AbortController();
  const running = runWorkers([worker], {}, { eventLog, log: silent, signal: ending.signal, health });
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

/** No server listens there. */
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
  await expect.poll(() => tries).toBeGreaterThan(3);
  expect(handled).not.toContain(id);
  isAway = false;
  await expect.poll(() => handled).toContain(id);
  expect(await parked(group)).toEqual([]);
  await stop();
});

test('a message that is not one of our events is parked; one that alone meets a bug is parked once others have passed', async () => {
  const poison = await publish(eventPublished());
  const nonsense = await publish({ type: 'NobodyKnows' });
  const group = randomUUIDv7();
  let tries = 0;
  const health = new WorkerHealth();
  const stop = start(
    {
      name: group,
      topics: ['catalog'],
      async run(_needs, _event, { messageId }) {
        if (messageId !== poison) return;
        tries += 1;
        throw new TypeError('a bug');
      },
    },
    health,
  );
  await expect
    .poll(
      async () => {
        // As in a running system: another message passes in each round.
        await publish(eventPublished());
        return parked(group);
      },
      { timeout: 30_000, interval: 200 },
    )
    .toEqual(expect.arrayContaining([poison, nonsense]));
  expect(tries).toBeGreaterThanOrEqual(5);
  await stop();
});

test('a bug that every message meets parks none of them, is reported with its cause, and ends by itself', async () => {
  const group = randomUUIDv7();
  const health = new WorkerHealth();
  let isBroken = true;
  const handled: string[] = [];
  const stop = start(
    {
      name: group,
      topics: ['catalog'],
      async run(_needs, _event, { messageId }) {
        if (isBroken) throw new TypeError('a bug in a driver that lost its server');
        handled.push(messageId);
      },
    },
    health,
  );
  const ids: string[] = [];
  for (let i = 0; i < 10; i++) ids.push(await publish(eventPublished()));
  await expect.poll(() => health.troubles()).toMatchObject([{ worker: group, of: 'messages', cause: 'unknown' }]);
  expect((await parked(group)).filter((id) => ids.includes(id))).toEqual([]);
  isBroken = false;
  await expect.poll(() => handled).toEqual(expect.arrayContaining(ids));
  await expect.poll(() => health.troubles()).toEqual([]);
  await stop();
});

test('a timed worker that fails runs again, and one that returns a delay runs after it', async () => {
  let failures = 0;
  let runs = 0;
  const failing = start({
    name: 'failing',
    everyMs: 10,
    async run() {
      failures += 1;
      throw new Error('once more');
    },
  });
  const soon = start({
    name: 'soon',
    everyMs: 3_600_000,
    async run() {
      runs += 1;
      return { nextInMs: 1 };
    },
  });
  await expect.poll(() => failures).toBeGreaterThan(1);
  await expect.poll(() => runs).toBeGreaterThan(3);
  await Promise.all([failing(), soon()]);
});
