import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql as statement } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { assertPatched, openRawClient } from '#shared/postgres.ts';
import { createPaymentsDatabase } from '#test/support/databases/databases.ts';
import { type FaultProxy, openFaultProxy } from '#test/support/network/fault-proxy.ts';
import { closeDb, type Db, openDb } from './client.ts';
import { isConnectionFailure } from './pg-errors.ts';

const database = await createPaymentsDatabase();
afterAll(() => database.drop());

async function refusal(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('a connection that PostgreSQL ended rejects with an error, each time, and does not end the process', async () => {
  const sql = openRawClient({ url: database.url, poolMax: 2, name: 'ended' });
  const killer = openRawClient({ url: database.url, poolMax: 1, name: 'killer' });
  const reserved = await sql.reserve();
  const [backend] = await reserved`select pg_backend_pid() as pid`;
  await killer`select pg_terminate_backend(${backend?.pid})`;
  for (let i = 0; i < 3; i++) expect(isConnectionFailure(await refusal(reserved`select 1`))).toBe(true);
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  await sql.end({ timeout: 0 });
  await killer.end();
});

test('a pool whose backends are ended under load continues, and every statement resolves or rejects', async () => {
  const sql = openRawClient({ url: database.url, poolMax: 4, name: 'stormy' });
  const killer = openRawClient({ url: database.url, poolMax: 1, name: 'killer' });
  const answers: ('ok' | 'connection' | 'other')[] = [];
  for (let round = 0; round < 10; round++) {
    const statements = Array.from({ length: 20 }, () =>
      refusal(
        sql.begin(async (tx) => {
          await tx`select pg_sleep(0.002)`;
          await tx`select pg_sleep(0.002)`;
        }),
      ),
    );
    await killer`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'stormy'`;
    for (const error of await Promise.all(statements)) {
      if (error === undefined) answers.push('ok');
      else answers.push(isConnectionFailure(error) ? 'connection' : 'other');
    }
  }
  expect(answers).toHaveLength(200);
  expect(answers).not.toContain('other');
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  await sql.end();
  await killer.end();
});

/** A pool behind a proxy, which gives up a silent server after a second and a half. */
async function behindProxy(work: (world: { db: Db; proxy: FaultProxy; ask: () => Promise<unknown> }) => Promise<void>) {
  const proxy = await openFaultProxy(database.url);
  const db = openDb({ url: proxy.through(database.url), poolMax: 2, name: 'behind', statementTimeoutMs: 500 });
  const ask = async () => (await db.execute(statement`select 1 as one`))[0];
  try {
    await Promise.all([ask(), ask()]);
    await work({ db, proxy, ask });
  } finally {
    await closeDb(db);
    await proxy.close();
  }
}

test('gives up a silent server, and rejects the callers that wait for a connection as well', () =>
  behindProxy(async ({ db, proxy, ask }) => {
    proxy.set({ kind: 'black-hole' });
    const work = () => db.transaction((tx) => tx.execute(statement`select 1`));
    // One attempt to connect for each of them would take longer than a test may.
    const errors = await Promise.all(Array.from({ length: 100 }, () => refusal(work())));
    expect(errors.filter((error) => !isConnectionFailure(error))).toEqual([]);
    proxy.set({ kind: 'pass' });
    expect(await ask()).toEqual({ one: 1 });
  }));

test('a transaction whose COMMIT gets no answer ends as a lost connection', () =>
  behindProxy(async ({ db, proxy, ask }) => {
    const work = db.transaction(async (tx) => {
      await tx.execute(statement`select 1`);
      proxy.set({ kind: 'black-hole' });
    });
    expect(isConnectionFailure(await refusal(work))).toBe(true);
    proxy.set({ kind: 'pass' });
    expect(await ask()).toEqual({ one: 1 });
  }));

test('the reader of a cursor may take longer than a server may for its answer', async () => {
  const sql = postgres(database.url, { max: 1, onnotice: () => {}, answer_timeout: 0.3 });
  let rows = 0;
  for await (const page of sql`select generate_series(1, 4)`.cursor(2)) {
    rows += page.length;
    await sleep(600);
  }
  expect(rows).toBe(4);
  expect(isConnectionFailure(await refusal(sql`select pg_sleep(2)`))).toBe(true);
  await sql.end();
});

test('a cursor whose connection is lost between two pages rejects, and never ends as if it were complete', async () => {
  const killer = openRawClient({ url: database.url, poolMax: 1, name: 'killer' });
  const sql = openRawClient({ url: database.url, poolMax: 1, name: 'reads-pages' });
  for (const lossMs of [0, 50]) {
    let rows = 0;
    const reading = (async () => {
      for await (const page of sql`select generate_series(1, 4)`.cursor(2)) {
        rows += page.length;
        await killer`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'reads-pages'`;
        await sleep(lossMs);
      }
    })();
    expect(isConnectionFailure(await refusal(reading))).toBe(true);
    expect(rows).toBe(2);
    expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  }
  await sql.end();
  await killer.end();
});

test('a cursor whose reader throws after its connection was lost leaves the pool usable', async () => {
  const killer = openRawClient({ url: database.url, poolMax: 1, name: 'killer' });
  const sql = openRawClient({ url: database.url, poolMax: 1, name: 'reads-pages' });
  const seen: unknown[] = [];
  const reading = sql`select generate_series(1, 4)`.cursor(2, async (page) => {
    seen.push(...page);
    await killer`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'reads-pages'`;
    await sleep(50);
    throw new Error('The reader failed.');
  });
  expect(isConnectionFailure(await refusal(reading))).toBe(true);
  await sleep(100);
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  expect(seen).toHaveLength(2);
  await sql.end();
  await killer.end();
});

test('closes a pool whose server is a black hole', () =>
  behindProxy(async ({ proxy, ask }) => {
    proxy.set({ kind: 'black-hole' });
    expect(isConnectionFailure(await refusal(ask()))).toBe(true);
  }));

test('refuses more statements than may wait for a connection at once, and the pool continues', async () => {
  const db = openDb({ url: database.url, poolMax: 1, name: 'flooded' });
  const blocked = db.transaction(async (tx) => await tx.execute(statement`select pg_sleep(0.5)`));
  const asked = Array.from({ length: 6_000 }, () => refusal(db.execute(statement`select 1`)));
  const first = await Promise.race(asked);
  expect(first).toMatchObject({ cause: { code: 'TOO_MANY_WAITING' } });
  expect(isConnectionFailure(first)).toBe(true);
  await blocked;
  const refused = (await Promise.all(asked)).filter((error) => error !== undefined);
  expect(refused).toHaveLength(1_000);
  expect(await refusal(db.execute(statement`select 1`))).toBeUndefined();
  await closeDb(db);
});

test('a driver without the patch is refused with words that say what to run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-driver-'));
  await cp(resolve(import.meta.dirname, '../../vendor/postgres'), folder, { recursive: true });
  const index = join(folder, 'src/index.js');
  const text = await readFile(index, 'utf8');
  await writeFile(index, text.replace(", 'answer_timeout'", '').replace(/ +answer_timeout +: 15,\n/, ''));
  const { default: published } = (await import(index)) as { default: typeof postgres };
  const client = published('postgres://127.0.0.1:9/nowhere');
  expect(() => assertPatched(client)).toThrow(/is not that of vendor\/postgres.*Run npm ci/);
  await client.end();
  expect(() => assertPatched(postgres('postgres://127.0.0.1:9/nowhere'))).not.toThrow();
  await rm(folder, { recursive: true });
});
