import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { openSeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { applySeatChanges } from '#domain/inventory/apply-seat-changes.ts';
import { loadSeatMap } from '#domain/inventory/seat-map-source.ts';
import { SeatMaps } from '#domain/inventory/seat-maps.ts';
import { seatStatuses } from '#domain/inventory/seat-status.ts';
import { WaitingRooms } from '#domain/waiting-room/waiting-rooms.ts';
import { openGraphql } from '#graphql/graphql.ts';
import { openLog } from '#observability/log.ts';
import { HEARTBEAT_CHANNEL } from '#redis/channels.ts';
import { openRedis, type Redis } from '#redis/client.ts';
import { openHeartbeat } from '#redis/heartbeat.ts';
import { openPubSub } from '#redis/pubsub.ts';
import { schema } from '#schema/index.ts';
import { SeatMapWatcher, watchOnce } from '#test/fans/seat-map-watcher.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { commitSeatChange } from '#test/support/seat-map/seat-changes.ts';
import { until } from '#test/support/system/until.ts';
import { noSubjectLimits } from '../subject-limits.ts';
import { type AttachedWebSocket, attachWebSocket } from './attach-websocket.ts';

let db: Db;
let redis: Redis;
let seatMaps: SeatMaps;
let attached: AttachedWebSocket;
let url: string;
const closers: (() => unknown)[] = [];
const SEATS = 400;
const endedSessions = { has: () => false, onEnded: () => () => undefined };

beforeAll(async () => {
  const database = await createBookingDatabase();
  db = openDb({ url: database.url, poolMax: 5, name: 'seat-map-subscription' });
  const redisUrl = await testRedisUrl();
  redis = openRedis({ url: redisUrl, name: 'seat-map-subscription' });
  const pubsub = openPubSub({ url: redisUrl, name: 'seat-map-subscription' });
  const heartbeat = openHeartbeat({ pubsub });
  const beat = setInterval(() => void redis.publish(HEARTBEAT_CHANNEL, '1'), 200);
  // The audit would bring a change that no message brought.
  seatMaps = new SeatMaps({ db, redis, pubsub, heartbeat }, { auditMs: 3_600_000 });
  const waitingRooms = await WaitingRooms.open({ db, pubsub, heartbeat });
  const server = createServer();
  const plans = openSeatingPlanCache({ db });
  attached = attachWebSocket(server, {
    graphql: openGraphql({
      schema,
      resources: { db, seatMaps, plans, waitingRooms, endedSessions } as never,
      limits: { spend: () => Promise.resolve(), subjects: noSubjectLimits },
      log: openLog({ level: 'error', name: 'test' }),
      onlyTrusted: false,
    }),
    allowsOrigin: () => true,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  closers.push(
    () => attached.close(),
    () => server.close(),
    () => clearInterval(beat),
    () => seatMaps.close(),
    () => waitingRooms.close(),
    () => heartbeat.close(),
    () => pubsub.close(),
    () => redis.disconnect(),
    () => closeDb(db),
    () => database.drop(),
  );
});

afterAll(async () => {
  for (const close of closers) await close();
});

test('fans whose sockets are cut at random build the map of PostgreSQL from deltas without a gap, from shared executions', async () => {
  const { eventId } = await seedEvent(db, { seats: SEATS });
  const start = await loadSeatMap(db, eventId);
  if (!start) throw new Error('no event');
  const fans = Array.from({ length: 60 }, () => new SeatMapWatcher(start));
  const sockets = new Map<SeatMapWatcher, WebSocket>();
  let over = false;
  const running = fans.map(async (fan) => {
    while (!over) await watchOnce(url, fan, encodeGlobalId('Event', eventId), (socket) => sockets.set(fan, socket));
  });
  await until(() => attached.stats().subscriptions === fans.length);
  for (let round = 0; round < 800; round++) {
    const first = Math.floor(Math.random() * (SEATS - 3));
    const status = seatStatuses[Math.floor(Math.random() * 4)] ?? 'AVAILABLE';
    const change = await commitSeatChange(db, eventId, status, [first, first + 1, first + 2].slice(0, 1 + (round % 3)));
    // Some changes never reach Redis.
    if (round % 60 !== 7) await applySeatChanges({ redis, db }, eventId, [change]);
    const unlucky = fans[Math.floor(Math.random() * fans.length)];
    if (round % 5 === 0 && unlucky) sockets.get(unlucky)?.terminate();
  }
  await applySeatChanges({ redis, db }, eventId, [await commitSeatChange(db, eventId, 'BOOKED', [0])]);
  const truth = await loadSeatMap(db, eventId);
  await until(() => fans.every((fan) => fan.version === truth?.version));
  over = true;
  for (const socket of sockets.values()) socket.terminate();
  await Promise.all(running);
  for (const fan of fans) {
    expect(fan.wrong).toEqual([]);
    expect(Buffer.from(fan.packed).equals(truth?.packed ?? Buffer.alloc(0))).toBe(true);
  }
  const frames = fans.reduce((sum, fan) => sum + fan.frames, 0);
  expect(fans.reduce((sum, fan) => sum + fan.cuts, 0)).toBeGreaterThan(100);
  expect(frames / attached.stats().executions).toBeGreaterThan(5);
  await until(() => attached.stats().sockets === 0);
  expect(attached.stats()).toMatchObject({ subscriptions: 0, groups: 0 });
});
