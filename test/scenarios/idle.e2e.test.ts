import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { signInAsGuest } from '#test/fans/fan.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { openOwnRedis } from '#test/support/redis/own-redis.ts';
import { startSystem } from '#test/support/system/system.ts';
import { seedRoom } from '#test/support/waiting-room/waiting-room.ts';

/** Work that comes once a minute is in it, and what autovacuum does. */
const SECONDS = 60;

// Channels belong to the whole Redis: the waiting rooms of other tests would wake this test's processes.
const redis = await openOwnRedis();
const system = await startSystem({ redisUrl: redis.url, search: true, env: { LOG_LEVEL: 'warn' } });
const db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
/** Reads the counters from another database, so that the reads are not counted. */
const outside = postgres(Object.assign(new URL(system.bookingUrl), { pathname: '/postgres' }).href, { max: 1 });
afterAll(async () => {
  await closeDb(db);
  await outside.end();
  await system.stop();
  await redis.close();
});

const names = [system.bookingUrl, system.paymentsUrl].map((url) => new URL(url).pathname.slice(1));
const commits = async () => {
  const [row] = await outside`
    select sum(xact_commit)::float8 as count from pg_stat_database where datname in ${outside(names)}`;
  return row?.count as number;
};

test('an idle product with an open waiting room commits less than twice a second, and wakes at once', async () => {
  const event = await seedEvent(db, { seats: 4 });
  await seedRoom(db, event.eventId, { capacity: 2 });
  const fan = await signInAsGuest(system.apiUrl);
  // Waits for the aftermath of the fan and the start: bells, first looks, and a session that is watched for a few
  // more seconds.
  await sleep(13_000);
  const before = await commits();
  await sleep(SECONDS * 1000);
  expect(((await commits()) - before) / SECONDS).toBeLessThan(2);

  const join = `mutation ($input: WaitingRoomInput!) { joinWaitingRoom(input: $input) {
    ... on JoinWaitingRoomSuccess { place { state } } } }`;
  await fan.ask(join, { input: { eventId: `Event_${event.eventId}` } });
  const place = 'query ($eventId: ID!) { waitingRoomPlace(eventId: $eventId) { state } }';
  const state = async () =>
    (await fan.ask(place, { eventId: `Event_${event.eventId}` })).waitingRoomPlace?.state as string;
  // A resting controller would look by itself after ten seconds.
  await expect.poll(state, { timeout: 3_000, interval: 100 }).toBe('YOUR_TURN');
});
