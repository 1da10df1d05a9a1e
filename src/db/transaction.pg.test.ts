import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { openFaultProxy } from '#test/support/network/fault-proxy.ts';
import { closeDb, openDb } from './client.ts';
import { isConnectionFailure, isCutOff } from './pg-errors.ts';
import { inTransaction } from './transaction.ts';

const database = await createBookingDatabase();
const proxy = await openFaultProxy(database.url);
const db = openDb({ url: proxy.through(database.url), poolMax: 4, name: 'transactions' });
const admin = openDb({ url: database.url, poolMax: 1, name: 'transactions-admin' });
await admin.execute(sql`create table notes (text text)`);
afterAll(async () => {
  await Promise.all([closeDb(db), closeDb(admin)]);
  await proxy.close();
  await database.drop();
});

const notes = async () => (await admin.execute<{ text: string }>(sql`select text from notes`)).map(({ text }) => text);

test('a transaction goes on with another connection when all connections of the pool have been cut', async () => {
  for (let round = 0; round < 5; round++) {
    await Promise.all(Array.from({ length: 4 }, () => inTransaction(db, 'warm', (tx) => tx.execute(sql`select 1`))));
    proxy.cut();
    const all = Array.from({ length: 4 }, (_, i) =>
      inTransaction(db, 'note', (tx) => tx.execute(sql`insert into notes values (${`${round} ${i}`})`)),
    );
    await Promise.all(all);
  }
  expect(new Set(await notes()).size).toBe(20);
  expect(await notes()).toHaveLength(20);
});

test('work whose connection is cut off runs again from its start, once', async () => {
  let runs = 0;
  await inTransaction(db, 'note', async (tx) => {
    runs += 1;
    await tx.execute(sql`insert into notes values ('again')`);
    if (runs === 1) proxy.cut();
    await tx.execute(sql`select 1`);
  });
  expect(runs).toBe(2);
  expect((await notes()).filter((text) => text === 'again')).toHaveLength(1);
  const always = inTransaction(db, 'note', async (tx) => {
    runs += 1;
    proxy.cut();
    await tx.execute(sql`select 1`);
  });
  await expect(always).rejects.toThrow();
  expect(runs).toBe(4);
});

test('work that was done is not repeated when the connection is cut off at COMMIT: it may be committed', async () => {
  await inTransaction(db, 'warm', (tx) => tx.execute(sql`select 1`));
  let runs = 0;
  const cutAtCommit = inTransaction(db, 'note', async (tx) => {
    runs += 1;
    await tx.execute(sql`insert into notes values ('unknown')`);
    proxy.cut();
  });
  await expect(cutAtCommit).rejects.toThrow();
  expect(runs).toBe(1);
});

test('a server that cannot be reached is away, and not cut off, so the transaction is not run again', async () => {
  const away = openDb({ url: 'postgres://127.0.0.1:9/nowhere', poolMax: 1, name: 'transactions' });
  const error = await inTransaction(away, 'note', (tx) => tx.execute(sql`select 1`)).catch((thrown: unknown) => thrown);
  expect([isConnectionFailure(error), isCutOff(error)]).toEqual([true, false]);
  await closeDb(away);
});
