import { afterAll, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { closeDb, openDb } from '#db/client.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { statusAt } from '#domain/inventory/packed-statuses-rules.ts';
import { openRedis } from '#redis/client.ts';
import { EPOCH, seatLock } from '#redis/keys.ts';
import { signInCrowd } from '#test/fans/crowd.ts';
import { cancel, type Fan, hold as holdSeats, signInAsGuest } from '#test/fans/fan.ts';
import { emptyMap, SeatMapWatcher, watchOnce } from '#test/fans/seat-map-watcher.ts';
import { findBrokenPromises } from '#test/support/databases/all-invariants.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { openOwnRedis } from '#test/support/redis/own-redis.ts';
import { findRedisDisagreements } from '#test/support/redis/redis-agreement.ts';
import { findSeatMapDisagreements } from '#test/support/seat-map/seat-map-agreement.ts';
import { seriesOf } from '#test/support/system/scrape.ts';
import { startSystem } from '#test/support/system/system.ts';

const SEATS = 60;
const server = await openOwnRedis();
const system = await startSystem({ processes: ['relay', 'worker', 'api'], redisUrl: server.url });
const db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
const redis = openRedis({ url: server.url, name: 'test' });
afterAll(async () => {
  redis.disconnect();
  await closeDb(db);
  await system.stop();
  await server.close();
});

const isRebuilt = async () => {
  const epoch = await redis.get(EPOCH).catch(() => null);
  return epoch !== null && !epoch.startsWith('rebuilding:');
};

const isDecidedBy = async (mode: string) =>
  seriesOf(await system.metrics('api')).get(`frontrow_redis_mode{mode="${mode}"}`) === 1;

test('killed and back with an old dump: holds, sign-in, own bookings and live maps continue, no seat is sold twice, and released seats are free', async () => {
  await vi.waitUntil(isRebuilt, { timeout: 25_000 });
  const event = await seedEvent(db, { seats: SEATS });
  const eventId = encodeGlobalId('Event', event.eventId);
  const buyers = await signInCrowd(system.apiUrl, 12);
  const [first, second] = buyers;
  if (!first || !second) throw new Error('There are no buyers.');
  const hold = (fan: Fan, seatNo: number) => holdSeats(fan, event, [seatNo]);
  const watcher = new SeatMapWatcher(emptyMap(SEATS));
  let socket: WebSocket | undefined;
  const watching = watchOnce(system.apiUrl, watcher, eventId, (own) => {
    socket = own;
  });
  const sees = (seatNo: number, status: string) =>
    vi.waitUntil(() => statusAt(watcher.packed, seatNo) === status, { timeout: 25_000, interval: 20 });

  const released = (await hold(first, 0)).booking.id;
  await sees(0, 'HELD');
  await vi.waitUntil(async () => (await redis.pttl(seatLock(event.eventId, 0))) > 100_000, { timeout: 25_000 });
  await server.dump();
  await expect.poll(() => isDecidedBy('normal')).toBe(true);
  await server.kill();
  await expect.poll(() => isDecidedBy('postgresql-only')).toBe(true);

  // The comparison with PostgreSQL brings the changes, again and again.
  for (const seatNo of [1, 2]) {
    expect((await hold(second, seatNo)).__typename).toBe('CreateBookingSuccess');
    await sees(seatNo, 'HELD');
  }
  expect((await cancel(first, released)).__typename).toBe('CancelBookingSuccess');
  await sees(0, 'AVAILABLE');
  const answers = await Promise.all(buyers.map((fan) => hold(fan, 3)));
  expect(answers.filter(({ __typename }) => __typename === 'CreateBookingSuccess')).toHaveLength(1);
  expect(answers.filter(({ __typename }) => __typename === 'SeatsUnavailable')).toHaveLength(11);
  const guest = await signInAsGuest(system.apiUrl);
  expect(
    (await guest.ask('{ viewer { bookings(first: 1) { edges { node { id } } } } }')).viewer.bookings.edges,
  ).toEqual([]);

  await server.startWithDump();
  // Its lock was in the dump.
  expect((await hold(guest, 0)).__typename).toBe('CreateBookingSuccess');
  await vi.waitUntil(isRebuilt, { timeout: 25_000, interval: 50 });
  const expected = async () => findRedisDisagreements(system, { atRest: true, afterRebuild: true });
  await expect.poll(expected, { timeout: 30_000 }).toEqual([]);
  expect((await hold(guest, 4)).__typename).toBe('CreateBookingSuccess');
  await sees(4, 'HELD');
  await expect.poll(() => isDecidedBy('normal')).toBe(true);

  expect(socket?.readyState).toBe(socket?.OPEN);
  expect(watcher.wrong).toEqual([]);
  const { version, packed } = watcher;
  expect(await findSeatMapDisagreements({ db, redis }, event.eventId, [{ name: 'the fan', version, packed }])).toEqual(
    [],
  );
  socket?.terminate();
  await watching;
  await expect.poll(() => findBrokenPromises(system)).toEqual([]);
});
