import { randomUUIDv7 } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { eventLogConformance } from './event-log.conformance.ts';
import { openPostgresLog } from './postgres-log.ts';

const database = await createBookingDatabase();
const sql = postgres(database.url, { max: 4 });
afterAll(async () => {
  await sql.end();
  await database.drop();
});

eventLogConformance(async () => openPostgresLog({ url: database.url, name: 'test' }), sql);

test('a message that is appended twice is stored once', async () => {
  const log = openPostgresLog({ url: database.url, name: 'test' });
  const messages = Array.from({ length: 20 }, (_, i) => ({
    id: randomUUIDv7(),
    topic: 'booking' as const,
    key: randomUUIDv7(),
    event: { i },
    createdAt: new Date(),
  }));
  await log.append(messages.slice(0, 15));
  await log.append(messages);
  await log.append(messages.slice(3, 4));
  const ids = messages.map(({ id }) => id);
  const [found] = await sql`select count(*)::int as count from event_log.messages where id in ${sql(ids)}`;
  expect(found).toEqual({ count: 20 });
  await log.close();
});

test('many concurrent appenders leave no gap and no duplicate in the offsets', async () => {
  const logs = Array.from({ length: 4 }, () => openPostgresLog({ url: database.url, name: 'test', poolMax: 2 }));
  const keys = Array.from({ length: 5 }, () => randomUUIDv7());
  await Promise.all(
    logs.flatMap((log) =>
      Array.from({ length: 25 }, (_, i) =>
        log.append(
          keys.map((key) => ({ id: randomUUIDv7(), topic: 'payment', key, event: { i }, createdAt: new Date() })),
        ),
      ),
    ),
  );
  const gaps = await sql`
    select topic, partition, count(*)::int as messages, min("offset")::int as first, max("offset")::int as last, max(next_offset)::int as next
    from event_log.messages join event_log.partitions using (topic, partition)
    where topic = 'payment' group by topic, partition
    having min("offset") <> 0 or max("offset") + 1 <> count(*) or max(next_offset) <> count(*)`;
  expect(gaps).toEqual([]);
  for (const log of logs) await log.close();
});

test('a consumer whose connection is cut continues and loses nothing', async () => {
  const log = openPostgresLog({ url: database.url, name: 'cut-off' });
  const key = randomUUIDv7();
  const messages = Array.from({ length: 300 }, (_, i) => ({
    id: randomUUIDv7(),
    topic: 'catalog' as const,
    key: i % 2 ? key : randomUUIDv7(),
    event: { i },
    createdAt: new Date(),
  }));
  const handled = new Set<string>();
  const ending = new AbortController();
  const running = log.consume({
    group: 'cut-off',
    topics: ['catalog'],
    signal: ending.signal,
    handle: async ({ id }) => {
      handled.add(id);
    },
    onTrouble: () => {},
  });
  const cut = () => sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cut-off-log'`;
  for (let i = 0; i < 300; i += 50) {
    // The appender is cut as well, so it repeats messages that may not be durable, as the relay does.
    for (;;) {
      try {
        await log.append(messages.slice(i, i + 50));
        break;
      } catch {
        await cut();
      }
    }
    await cut();
  }
  await expect.poll(() => handled.size).toBe(300);
  ending.abort();
  await running;
  await log.close();
});
