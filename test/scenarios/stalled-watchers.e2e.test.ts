import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, expect, test, vi } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { applySeatChanges } from '#domain/inventory/apply-seat-changes.ts';
import { openRedis } from '#redis/client.ts';
import { openConversation } from '#test/fans/graphql-socket.ts';
import { emptyMap, type SeatMapFrame, SeatMapWatcher } from '#test/fans/seat-map-watcher.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { commitSeatChange } from '#test/support/seat-map/seat-changes.ts';
import { findSeatMapDisagreements } from '#test/support/seat-map/seat-map-agreement.ts';
import { startSystem } from '#test/support/system/system.ts';

const SEATS = 20_000;
const SEATS_PER_CHANGE = 300;
/** As often as a socket may subscribe, so that the kernel's buffers are full after a few seconds. */
const SUBSCRIPTIONS = 10;

const system = await startSystem({ processes: ['worker', 'api'], env: { LOG_LEVEL: 'warn', RATE_LIMITS: 'off' } });
const db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
const redis = openRedis({ url: system.redisUrl, name: 'test' });
afterAll(async () => {
  redis.disconnect();
  await closeDb(db);
  await system.stop();
});

const newFan = () => new SeatMapWatcher(emptyMap(SEATS));
type Client = { readonly fan: SeatMapWatcher; pause(): void; resume(): void; end(): void; isOpen(): boolean };

/** The map is built from its first subscription, because all have the same content. */
async function overSocket(eventId: string, subscriptions: number): Promise<Client> {
  const fan = newFan();
  const subscribed = Promise.withResolvers<void>();
  const socket = openConversation(system.apiUrl, {
    operations: () => Array(subscriptions).fill(fan.operation(eventId)),
    onSubscribed: subscribed.resolve,
    onMessage: ({ id, payload }) => {
      if (id === '1') fan.take(payload.data.seatMapChanged);
    },
  });
  await subscribed.promise;
  return {
    fan,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => socket.terminate(),
    isOpen: () => socket.readyState === socket.OPEN,
  };
}

async function overEventStream(eventId: string): Promise<Client> {
  const fan = newFan();
  const { hostname, port } = new URL(system.apiUrl);
  const client: Socket = connect(Number(port), hostname);
  const body = JSON.stringify(fan.operation(eventId));
  const head = ['POST /graphql HTTP/1.1', 'host: test', 'accept: text/event-stream', 'content-type: application/json'];
  client.write(`${head.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  let rest = '';
  client.setEncoding('latin1').on('data', (text: string) => {
    // Each piece of the answer is a chunk of its own, with its length before it.
    const lines = (rest + text).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('data: {')) continue;
      const { data } = JSON.parse(line.slice(6)) as { data: { seatMapChanged: SeatMapFrame } };
      fan.take(data.seatMapChanged);
    }
  });
  client.on('error', () => undefined);
  await once(client, 'data');
  return {
    fan,
    pause: () => void client.pause(),
    resume: () => void client.resume(),
    end: () => void client.destroy(),
    isOpen: () => !client.destroyed,
  };
}

const residentBytes = async () =>
  Number(/^process_resident_memory_bytes (\S+)$/m.exec(await system.metrics('api'))?.[1] ?? Number.NaN);

test('watchers who stop reading, over sockets and event streams, cost the api no memory and the others no delay, and catch up later', async () => {
  const { eventId } = await seedEvent(db, { seats: SEATS, rows: 50, sections: 10 });
  const globalId = encodeGlobalId('Event', eventId);
  const many = <T>(count: number, make: () => Promise<T>) => Promise.all(Array.from({ length: count }, make));
  const healthy = [
    ...(await many(60, () => overSocket(globalId, 1))),
    ...(await many(10, () => overEventStream(globalId))),
  ];
  const stalled = [
    ...(await many(6, () => overSocket(globalId, SUBSCRIPTIONS))),
    ...(await many(4, () => overEventStream(globalId))),
  ];
  let version = 0;
  const change = async () => {
    const first = (version * 97) % (SEATS - SEATS_PER_CHANGE);
    const seatNos = Array.from({ length: SEATS_PER_CHANGE }, (_, index) => first + index);
    const status = (['HELD', 'BOOKED', 'AVAILABLE'] as const)[version % 3] ?? 'HELD';
    const committed = await commitSeatChange(db, eventId, status, seatNos);
    ({ version } = committed);
    await applySeatChanges({ db, redis }, eventId, [committed]);
  };
  const hear = (clients: readonly Client[]) =>
    vi.waitUntil(() => clients.every(({ fan }) => fan.version === version), { timeout: 25_000, interval: 5 });

  for (let round = 0; round < 20; round++) await change();
  await hear([...healthy, ...stalled]);
  for (const client of stalled) client.pause();
  const before = await residentBytes();
  for (let round = 0; round < 100; round++) {
    await change();
    // The reading watchers have it before the next one comes, so they do not wait for the stalled ones.
    await hear(healthy);
  }
  expect((await residentBytes()) - before).toBeLessThan(100 * 2 ** 20);
  expect(stalled.every(({ fan }) => fan.version < version)).toBe(true);

  for (const client of stalled) client.resume();
  await hear(stalled);
  const everybody = [...healthy, ...stalled];
  expect(everybody.every((client) => client.isOpen())).toBe(true);
  expect(everybody.flatMap(({ fan }) => fan.wrong)).toEqual([]);
  const views = everybody.map(({ fan }, index) => ({ name: `fan ${index}`, version: fan.version, packed: fan.packed }));
  expect(await findSeatMapDisagreements({ db, redis }, eventId, views)).toEqual([]);
  for (const client of everybody) client.end();
});
