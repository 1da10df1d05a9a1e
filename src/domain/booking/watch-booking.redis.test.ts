import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { NotFound } from '#domain/errors.ts';
import type { Viewer } from '#domain/viewer.ts';
import { bookingChannel } from '#redis/channels.ts';
import { type Heartbeat, openHeartbeat } from '#redis/heartbeat.ts';
import { openPubSub, type PubSub } from '#redis/pubsub.ts';
import { seedEvent, seedUser } from '#test/support/databases/catalog.ts';
import { createBookingDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { watchBooking } from './watch-booking.ts';

let database: TestDatabase;
let db: Db;
let pubsub: PubSub;
let quiet: Heartbeat;
let deaf: Heartbeat;

beforeAll(async () => {
  database = await createBookingDatabase();
  db = openDb({ url: database.url, poolMax: 3, name: 'watch-booking-test' });
  pubsub = openPubSub({ url: await testRedisUrl(), name: 'watch-booking-test' });
  quiet = openHeartbeat({ pubsub }, { recheckMs: 1_000_000 });
  deaf = openHeartbeat({ pubsub }, { deafAfterMs: -1, recheckMs: 50 });
});

afterAll(async () => {
  quiet.close();
  deaf.close();
  await pubsub.close();
  await closeDb(db);
  await database.drop();
});

async function seedBooking(of: { cancellableForSeconds?: number } = {}) {
  const { userId } = await seedUser(db);
  const { eventId } = await seedEvent(db, { seats: 4, ...of });
  const bookingId = randomUUIDv7();
  await db.execute(sql`
    insert into bookings (id, user_id, event_id, status, total_minor, currency, hold_expires_at, idempotency_key,
                          request_hash, version)
    values (${bookingId}, ${userId}, ${eventId}, 'PENDING_PAYMENT', 100, 'USD', now() + interval '5 minutes', 'key',
            'hash', 1)`);
  const viewer: Viewer = { userId, role: 'FAN', sessionId: userId, tokenExpiresAt: new Date(Date.now() + 60_000) };
  return { bookingId, viewer };
}

const setStatus = (bookingId: string, status: string) =>
  db.execute(sql`update bookings set status = ${status}, confirmed_at = now() where id = ${bookingId}`);

test('yields the current booking first, then each new state, once', async () => {
  const { bookingId, viewer } = await seedBooking();
  const watch = await watchBooking({ db, pubsub, heartbeat: quiet }, viewer, bookingId);
  expect((await watch.next()).value).toMatchObject({ id: bookingId, status: 'PENDING_PAYMENT' });
  const next = watch.next();
  await pubsub.publish(bookingChannel(bookingId), bookingId);
  await setStatus(bookingId, 'CONFIRMED');
  await pubsub.publish(bookingChannel(bookingId), bookingId);
  expect((await next).value).toMatchObject({ status: 'CONFIRMED' });
  const waiting = watch.next();
  await watch.return?.();
  expect((await waiting).done).toBe(true);
});

test('does not miss a transition that happens while the client does not read', async () => {
  const { bookingId, viewer } = await seedBooking();
  const watch = await watchBooking({ db, pubsub, heartbeat: quiet }, viewer, bookingId);
  await watch.next();
  await setStatus(bookingId, 'CONFIRMED');
  await pubsub.publish(bookingChannel(bookingId), bookingId);
  expect((await watch.next()).value).toMatchObject({ status: 'CONFIRMED' });
  await watch.return?.();
});

test('finds a transition that was not published when the heartbeat is missing', async () => {
  const { bookingId, viewer } = await seedBooking();
  const watch = await watchBooking({ db, pubsub, heartbeat: deaf }, viewer, bookingId);
  await watch.next();
  const next = watch.next();
  await setStatus(bookingId, 'EXPIRED');
  expect((await next).value).toMatchObject({ status: 'EXPIRED' });
  await watch.return?.();
});

test('sends nothing and goes on when the time to cancel passes, and ends with the next state that is the last', async () => {
  const { bookingId, viewer } = await seedBooking({ cancellableForSeconds: 1 });
  await setStatus(bookingId, 'CONFIRMED');
  const watch = await watchBooking({ db, pubsub, heartbeat: quiet }, viewer, bookingId);
  expect((await watch.next()).value).toMatchObject({ status: 'CONFIRMED' });
  const next = watch.next();
  expect(await Promise.race([next, sleep(1_500, 'nothing')])).toBe('nothing');
  await db.execute(sql`update bookings set payment_status = 'REFUNDED', status = 'CANCELLED' where id = ${bookingId}`);
  await pubsub.publish(bookingChannel(bookingId), bookingId);
  expect((await next).value).toMatchObject({ status: 'CANCELLED' });
  expect((await watch.next()).done).toBe(true);
});

test('ends after a confirmed booking whose time to cancel is over', async () => {
  const { bookingId, viewer } = await seedBooking({ cancellableForSeconds: -1 });
  await setStatus(bookingId, 'CONFIRMED');
  const watch = await watchBooking({ db, pubsub, heartbeat: quiet }, viewer, bookingId);
  expect((await watch.next()).value).toMatchObject({ status: 'CONFIRMED' });
  expect((await watch.next()).done).toBe(true);
});

test("throws NotFound for another viewer's booking, as for one that does not exist", async () => {
  const { bookingId } = await seedBooking();
  const { viewer } = await seedBooking();
  const refusals = [bookingId, randomUUIDv7()].map((id) =>
    watchBooking({ db, pubsub, heartbeat: quiet }, viewer, id).catch((error: unknown) => error),
  );
  const [others, unknown] = await Promise.all(refusals);
  expect(others).toBeInstanceOf(NotFound);
  expect(others).toEqual(unknown);
});
