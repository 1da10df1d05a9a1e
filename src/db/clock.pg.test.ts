import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createPaymentsDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { closeDb, type Db, openDb } from './client.ts';
import { openDatabaseClock } from './clock.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createPaymentsDatabase();
  db = openDb({ url: database.url, poolMax: 1, name: 'clock-test' });
});
afterAll(async () => {
  await closeDb(db);
  await database.drop();
});
afterEach(() => {
  vi.restoreAllMocks();
});

test("a process whose clock is an hour behind returns the database's time", async () => {
  const real = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => real() - 3_600_000);
  const clock = openDatabaseClock(db);
  expect(real() - clock.now().getTime()).toBeGreaterThan(3_000_000);
  await clock.refresh();
  expect(Math.abs(real() - clock.now().getTime())).toBeLessThan(600_000);
});
