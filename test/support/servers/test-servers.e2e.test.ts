import { Redis } from 'ioredis';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import {
  createBookingDatabase,
  createEmptyDatabase,
  createPaymentsDatabase,
  type TestDatabase,
} from '#test/support/databases/databases.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { testSearch } from '#test/support/search/search.ts';

test('each test file has migrated databases of its own, with logical decoding, and can drop them while in use', async () => {
  const made = [await createBookingDatabase(), await createBookingDatabase(), await createPaymentsDatabase()] as const;
  const [first, second, payments] = [connect(made[0]), connect(made[1]), connect(made[2])] as const;
  expect(await tables(first)).toContain('bookings');
  expect(await tables(payments)).not.toContain('bookings');
  await first`create table only_here (id int)`;
  expect(await tables(second)).not.toContain('only_here');
  await first`select pg_create_logical_replication_slot('slot_of_' || current_database(), 'pgoutput')`;
  await Promise.all(made.map(({ drop }) => drop()));
  await expect(first`select 1`).rejects.toThrow();
  await Promise.all([first, second, payments].map((sql) => sql.end()));
});

test('a database that no template reached is empty', async () => {
  const { url, drop } = await createEmptyDatabase();
  const sql = postgres(url, { max: 1 });
  expect(await sql`select 1 from pg_tables where schemaname = 'public'`).toHaveLength(0);
  await sql.end();
  await drop();
});

test('each test file has an empty Redis database of its own', async () => {
  const urls = await Promise.all([testRedisUrl(), testRedisUrl()]);
  expect(new Set(urls).size).toBe(2);
  const [first, second] = urls.map((url) => new Redis(url));
  await first?.set('key', 'value');
  expect(await second?.get('key')).toBeNull();
  first?.disconnect();
  second?.disconnect();
});

test('search answers', async () => {
  const { url, apiKey } = await testSearch();
  const answer = await fetch(`${url}/collections`, { headers: { 'x-typesense-api-key': apiKey } });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toBeInstanceOf(Array);
});

function connect({ url }: TestDatabase): postgres.Sql {
  return postgres(url, { max: 1 });
}

async function tables(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`select tablename as name from pg_tables where schemaname = 'public'`;
  return rows.map(({ name }) => name);
}
