import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { NotFound } from '#domain/errors.ts';
import { eventChannel } from '#redis/channels.ts';
import { type Heartbeat, openHeartbeat } from '#redis/heartbeat.ts';
import { openPubSub, type PubSub } from '#redis/pubsub.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { createBookingDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { EventWatches } from './event-watches.ts';
import { watchEvent } from './watch-event.ts';

let database: TestDatabase;
let db: Db;
let pubsub: PubSub;
let heartbeat: Heartbeat;
let eventWatches: EventWatches;

beforeAll(async () => {
  database = await createBookingDatabase();
  db = openDb({ url: database.url, poolMax: 3, name: 'watch-event-test' });
  pubsub = openPubSub({ url: await testRedisUrl(), name: 'watch-event-test' });
  // Without a heartbeat in this test, only published messages and the clock may wake a watcher.
  heartbeat = openHeartbeat({ pubsub }, { deafAfterMs: 1_000_000, recheckMs: 1_000_000 });
  await pubsub.publish('frontrow:heartbeat', '1');
  eventWatches = new EventWatches({ db, pubsub, heartbeat });
});

afterAll(async () => {
  heartbeat.close();
  await pubsub.close();
  await closeDb(db);
  await database.drop();
});

/** Whether the promise is still pending after everything under way has resolved. */
async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  let open = true;
  void promise.then(() => {
    open = false;
  });
  await db.execute(sql`select pg_sleep(0.05)`);
  return open;
}

test('all watchers get one object at once, and the same next one when the event has changed', async () => {
  const { eventId } = await seedEvent(db, { seats: 4 });
  const watchers = await Promise.all([1, 2, 3].map(() => watchEvent({ eventWatches }, eventId)));
  const first = await Promise.all(watchers.map(async (watcher) => (await watcher.next()).value));
  expect(new Set(first).size).toBe(1);
  expect(first[0]).toEqual({ eventId });
  const next = watchers.map((watcher) => watcher.next());
  await pubsub.publish(eventChannel(eventId), '1');
  expect(await isOpen(Promise.race(next)), 'a message without a change').toBe(true);
  await db.execute(sql`update events set title = 'Moved', updated_version = updated_version + 1 where id = ${eventId}`);
  await pubsub.publish(eventChannel(eventId), '1');
  const second = (await Promise.all(next)).map(({ value }) => value);
  expect(new Set(second).size).toBe(1);
  expect(second[0]).not.toBe(first[0]);
  for (const watcher of watchers) await watcher.return?.();
});

test('watchers are notified of the opening of a sale, although no message is published for it', async () => {
  const { eventId } = await seedEvent(db, { seats: 4, onSaleInSeconds: 1 });
  const watcher = await watchEvent({ eventWatches }, eventId);
  await watcher.next();
  expect((await watcher.next()).value).toEqual({ eventId });
  const [row] = await db.execute<{ open: boolean }>(
    sql`select on_sale_at <= clock_timestamp() as open from events where id = ${eventId}`,
  );
  expect(row?.open).toBe(true);
  const waiting = watcher.next();
  await watcher.return?.();
  expect((await waiting).done).toBe(true);
});

test('a draft and an unknown event are not found, and no subscription remains', async () => {
  const { eventId } = await seedEvent(db, { seats: 4, status: 'DRAFT' });
  for (const id of [eventId, '00000000-0000-7000-8000-000000000000'])
    await expect(watchEvent({ eventWatches }, id)).rejects.toBeInstanceOf(NotFound);
  const publisher = pubsub.getPublisher();
  await vi.waitFor(async () =>
    expect(await publisher.call('PUBSUB', 'NUMSUB', eventChannel(eventId))).toEqual([eventChannel(eventId), 0]),
  );
});
