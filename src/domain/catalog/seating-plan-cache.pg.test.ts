import { afterAll, beforeAll, expect, it } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { createBookingDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { openSeatingPlanCache } from './seating-plan-cache.ts';

let database: TestDatabase;
let db: Db;
let first: SeededEvent;
let second: SeededEvent;

beforeAll(async () => {
  database = await createBookingDatabase();
  db = openDb({ url: database.url, poolMax: 4, name: 'test-plan-cache' });
  first = await seedEvent(db, { seats: 40 });
  second = await seedEvent(db, { seats: 60 });
});
afterAll(async () => {
  await closeDb(db);
  await database.drop();
});

/** The real database, with its queries counted; the first `failures` of them never reach it. */
function counting(failures = 0) {
  const count = { queries: 0 };
  const execute: Db['execute'] = (query) => {
    count.queries++;
    if (count.queries <= failures) throw new Error('connection lost');
    return db.execute(query);
  };
  return { count, db: { execute } };
}

it('queries a plan once, for any number of concurrent and later callers', async () => {
  const { count, db: counted } = counting();
  const cache = openSeatingPlanCache({ db: counted });
  const plans = await Promise.all(Array.from({ length: 100 }, () => cache.get(first.planId)));
  await cache.get(first.planId);
  expect(new Set(plans).size).toBe(1);
  expect(plans[0]).toMatchObject({ planId: first.planId, seatCount: 40 });
  expect(count.queries).toBe(1);
});

it('drops the least recently used plan when there is no room', async () => {
  const { count, db: counted } = counting();
  const cache = openSeatingPlanCache({ db: counted }, { plansMaxBytes: 28 * 99 });
  await cache.get(first.planId);
  await cache.get(second.planId);
  await cache.get(second.planId);
  expect(count.queries).toBe(2);
  await cache.get(first.planId);
  expect(count.queries).toBe(3);
});

it('keeps a plan that is larger than the whole limit until the next one comes', async () => {
  const { count, db: counted } = counting();
  const cache = openSeatingPlanCache({ db: counted }, { plansMaxBytes: 1 });
  await cache.get(first.planId);
  await cache.get(first.planId);
  expect(count.queries).toBe(1);
});

it('does not keep a failure', async () => {
  const cache = openSeatingPlanCache({ db: counting(1).db });
  await expect(cache.get(first.planId)).rejects.toThrow('connection lost');
  expect((await cache.get(first.planId)).seatCount).toBe(40);
});

it('returns a layout by its hash, from memory the second time', async () => {
  const { count, db: counted } = counting();
  const cache = openSeatingPlanCache({ db: counted });
  const { hash } = await cache.get(first.planId);
  const layout = await cache.layoutByHash(hash);
  expect(await cache.layoutByHash(hash)).toEqual(layout);
  expect(layout?.gzip.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
  expect(count.queries).toBe(2);
});
