import { afterAll, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { openInvariantChecker, readInvariants } from '#domain/invariants.ts';
import { registry } from '#observability/metrics.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { seriesOf } from '#test/support/system/scrape.ts';
import { checkInvariants } from './check-invariants.ts';

const database = await createBookingDatabase();
const db = openDb({ url: database.url, poolMax: 2, name: 'test' });
afterAll(async () => {
  await closeDb(db);
  await database.drop();
});

const { signal } = new AbortController();
const violationsOf = async (id: string) =>
  seriesOf(await registry.metrics()).get(`frontrow_invariant_violations{id="${id}"}`);

test('violations are counted, in one process at a time, and a query that takes too long is skipped for a while', async () => {
  const event = await seedEvent(db, { seats: 10 });
  const [one, other] = [openInvariantChecker({ db }), openInvariantChecker({ db })];
  const run = (invariants: typeof one) => checkInvariants.run({ invariants }, { signal });
  await run(one);
  for (const { id } of readInvariants()) expect(await violationsOf(id), id).toBe(0);

  await db.$client`update seat_inventories set held = held + 1, available = available - 1 where event_id = ${event.eventId}`;
  await run(one);
  expect(await violationsOf('I04')).toBe(1);

  // It is not the other process's turn, so it reports nothing.
  await run(other);
  expect(await violationsOf('I04')).toBeUndefined();

  const holding = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const locking = db.$client.begin(async (tx) => {
    await tx`lock table seat_inventories in access exclusive mode`;
    held.resolve();
    await holding.promise;
  });
  await held.promise;
  await run(one);
  expect(await violationsOf('I04')).toBeUndefined();
  expect(await violationsOf('I01')).toBe(0);
  holding.resolve();
  await locking;
  await run(one);
  expect(await violationsOf('I04'), 'it rests').toBeUndefined();

  await one.close();
  await run(other);
  expect(await violationsOf('I04')).toBe(1);
});
