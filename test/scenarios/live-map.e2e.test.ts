import { randomUUIDv7 } from 'node:crypto';
import { afterAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { closeDb, openDb } from '#db/client.ts';
import { openSeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { applySeatChanges } from '#domain/inventory/apply-seat-changes.ts';
import { openInventoryWriter } from '#domain/inventory/inventory-writer.ts';
import { openSeatLocks } from '#domain/inventory/seat-locks.ts';
import { loadSeatMap } from '#domain/inventory/seat-map-source.ts';
import { openPriceLists } from '#domain/pricing/price-lists.ts';
import { openRedis } from '#redis/client.ts';
import { signInAsGuest } from '#test/fans/fan.ts';
import { SeatMapWatcher, watchOnce } from '#test/fans/seat-map-watcher.ts';
import { findBrokenPromises } from '#test/support/databases/all-invariants.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { startSystem } from '#test/support/system/system.ts';

const SEATS = 3_000;
const CHANGES = 10_000;
const WATCHERS = 40;

const system = await startSystem({ processes: ['relay', 'worker', 'api', 'api-2'], env: { LOG_LEVEL: 'warn' } });
const db = openDb({ url: system.bookingUrl, poolMax: 4, name: 'test' });
const redis = openRedis({ url: system.redisUrl, name: 'test' });
// One more process that books as the api does, because ten thousand changes over HTTP would take minutes.
const writerDb = openDb({ url: system.bookingUrl, poolMax: 4, name: 'test-writer' });
const writer = openInventoryWriter({
  db: writerDb,
  plans: openSeatingPlanCache({ db }),
  priceLists: openPriceLists({ db }),
  policy: { holdTtlSeconds: 300, maxSeatsPerBooking: 8, maxSeatsPerEvent: 16 },
  seatLocks: openSeatLocks({ redis, db }),
  afterCommit: ({ eventId, changes }) => applySeatChanges({ redis, db }, eventId, changes),
});
afterAll(async () => {
  await writer.close();
  redis.disconnect();
  await Promise.all([closeDb(db), closeDb(writerDb)]);
  await system.stop();
});

type Live = { id: string; userId: string; seatNos: number[]; isConfirmed: boolean };
const random = (below: number) => Math.floor(Math.random() * below);

/** Holds, confirms and releases at random, forty at a time, until this number of changes is made. */
async function trade(event: SeededEvent, onChange: (count: number) => void): Promise<void> {
  const live: Live[] = [];
  let count = 0;
  const hold = async () => {
    const [bookingId, userId] = [randomUUIDv7(), randomUUIDv7()];
    const first = random(SEATS - 4);
    const seatNos = Array.from({ length: 1 + random(4) }, (_, index) => first + index);
    const request = { idempotencyKey: bookingId, requestHash: bookingId, planId: event.planId };
    const answer = await writer.submit(event.eventId, { kind: 'hold', bookingId, userId, seatNos, ...request });
    if (answer.kind !== 'held') return 0;
    live.push({ id: bookingId, userId, seatNos, isConfirmed: false });
    return 1;
  };
  const confirm = async (one: Live) => {
    const tickets = one.seatNos.map((seatNo) => ({ id: randomUUIDv7(), seatNo, code: randomUUIDv7() }));
    const money = { amountMinor: one.seatNos.length * 5_250, currency: 'USD' };
    const answer = await writer.submit(event.eventId, { kind: 'confirm', bookingId: one.id, ...money, tickets });
    expect(answer.kind).toBe('confirmed');
    live.push({ ...one, isConfirmed: true });
    return 1;
  };
  const release = async ({ id: bookingId, userId, isConfirmed }: Live) => {
    const reason =
      isConfirmed || random(2) ? ({ reason: 'CANCELLED', userId } as const) : ({ reason: 'FAILED' } as const);
    const answer = await writer.submit(event.eventId, { kind: 'release', bookingId, ...reason });
    expect(answer.kind).toBe('released');
    return 1;
  };
  const move = (one: Live) => (one.isConfirmed || random(3) === 0 ? release(one) : confirm(one));
  const trader = async () => {
    while (count < CHANGES) {
      const [one] = live.length > 0 && random(2) ? live.splice(random(live.length), 1) : [];
      const changes = await (one ? move(one) : hold());
      count += changes;
      onChange(count);
    }
  };
  await Promise.all(Array.from({ length: 40 }, trader));
}

test('after ten thousand random changes every watcher has the map of PostgreSQL, also after cuts; a stalled one slows no other', async () => {
  const event = await seedEvent(db, { seats: SEATS, rows: 30, cancellableForSeconds: 3600 });
  const eventId = encodeGlobalId('Event', event.eventId);
  const start = await loadSeatMap(db, event.eventId);
  if (!start) throw new Error('There is no such event.');
  const fans = Array.from({ length: WATCHERS }, () => new SeatMapWatcher(start));
  const stalled = new SeatMapWatcher(start);
  const sockets = new Map<SeatMapWatcher, WebSocket>();
  const urls = [system.apiUrl, system.secondApiUrl];
  let over = false;
  const watch = async (fan: SeatMapWatcher, index: number) => {
    // A fan who was cut reconnects to the other process.
    while (!over)
      await watchOnce(urls[(index + fan.cuts) % 2] ?? '', fan, eventId, (socket) => sockets.set(fan, socket));
  };
  const watching = [...fans, stalled].map(watch);
  const everybody = [...fans, stalled];
  await vi.waitUntil(() => everybody.every((fan) => sockets.get(fan)?.readyState === WebSocket.OPEN), 25_000);

  let cuts = 0;
  await trade(event, (count) => {
    // It stops reading its socket, from early on until the end.
    if (count > CHANGES / 20) sockets.get(stalled)?.pause();
    if (count < cuts * 50) return;
    cuts += 1;
    sockets.get(fans[random(WATCHERS)] ?? stalled)?.terminate();
  });

  const truth = await loadSeatMap(db, event.eventId);
  expect(truth?.version).toBeGreaterThanOrEqual(CHANGES);
  const isThere = (fan: SeatMapWatcher) => fan.version === truth?.version;
  await vi.waitUntil(() => fans.every(isThere), 25_000);
  // The other fans did not wait for the stalled one; when it reads again, it catches up too.
  expect(stalled.version).toBeLessThan(truth?.version ?? 0);
  expect(stalled.cuts).toBe(0);
  sockets.get(stalled)?.resume();
  await vi.waitUntil(() => isThere(stalled), 25_000);
  over = true;
  for (const socket of sockets.values()) socket.terminate();
  await Promise.all(watching);

  for (const fan of everybody) {
    expect(fan.wrong).toEqual([]);
    expect(Buffer.from(fan.packed).equals(truth?.packed ?? Buffer.alloc(0))).toBe(true);
  }
  expect(fans.reduce((sum, fan) => sum + fan.cuts, 0)).toBeGreaterThan(150);
  const buyer = await signInAsGuest(system.apiUrl);
  const query = 'query ($eventId: ID!) { seatMap(eventId: $eventId) { version statuses stale } }';
  expect((await buyer.ask(query, { eventId })).seatMap).toEqual({
    version: truth?.version,
    statuses: Buffer.from(truth?.packed ?? []).toString('base64'),
    stale: false,
  });
  expect(await findBrokenPromises(system)).toEqual([]);
});
