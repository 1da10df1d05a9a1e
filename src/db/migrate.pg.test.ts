import { getTableName, is } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import { createBookingDatabase, createEmptyDatabase } from '#test/support/databases/databases.ts';
import { columnsInCode, columnsInSql } from '#test/support/databases/table-shape.ts';
import { migrate } from './migrate.ts';
import * as account from './tables/account.ts';
import * as booking from './tables/booking.ts';
import * as catalog from './tables/catalog.ts';
import * as inventory from './tables/inventory.ts';
import * as waitingRoom from './tables/waiting-room.ts';

const tables = [account, booking, catalog, inventory, waitingRoom]
  .flatMap((module): unknown[] => Object.values(module))
  .filter((value) => is(value, PgTable));

test('migrates an empty database; a second run changes nothing', async () => {
  const database = await createEmptyDatabase();
  for (const folder of ['booking', 'payments'] as const) {
    const one = folder === 'booking' ? database : await createEmptyDatabase();
    expect((await migrate({ url: one.url, folder })).applied.length).toBeGreaterThan(0);
    expect((await migrate({ url: one.url, folder })).applied).toEqual([]);
    await one.drop();
  }
});

test('two concurrent processes apply each file once', async () => {
  const database = await createEmptyDatabase();
  const runs = await Promise.all([1, 2, 3].map(() => migrate({ url: database.url, folder: 'booking' })));
  const applied = runs.flatMap((run) => run.applied);
  expect(new Set(applied).size).toBe(applied.length);
  expect(applied.length).toBeGreaterThan(1);
  await database.drop();
});

test('refuses a file that was edited after it was applied, and a new file that is older than an applied one', async () => {
  const database = await createBookingDatabase();
  const sql = postgres(database.url, { max: 1 });
  const again = () => migrate({ url: database.url, folder: 'booking' });
  await sql`update schema_migrations set checksum = 'other' where name like '%_0001_%'`;
  await expect(again()).rejects.toThrow('was changed after it was applied');
  await sql`delete from schema_migrations where name like '%_0001_%'`;
  await expect(again()).rejects.toThrow('is older than');
  await sql.end();
  await database.drop();
});

test('the tables in code equal the tables in SQL', async () => {
  const database = await createBookingDatabase();
  const sql = postgres(database.url, { max: 1 });
  expect(tables.length).toBeGreaterThan(12);
  for (const table of tables) {
    expect({ [getTableName(table)]: columnsInCode(table) }).toEqual({
      [getTableName(table)]: await columnsInSql(sql, table),
    });
  }
  await sql.end();
  await database.drop();
});
