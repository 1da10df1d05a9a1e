import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Db } from '#db/client.ts';
import { seatMapChannel } from '#redis/channels.ts';
import type { Redis } from '#redis/client.ts';
import { openHeartbeat } from '#redis/heartbeat.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { commitSeatChange } from '#test/support/seat-map/seat-changes.ts';
import { openSeatMapWorld, SEATS, type SeatMapWorld } from '#test/support/seat-map/seat-map-world.ts';
import { applySeatChanges } from './apply-seat-changes.ts';
import { applyChange, packChange } from './packed-statuses-rules.ts';
import type { SeatChange } from './seat-change.ts';
import type { SeatMapChange } from './seat-map-frames.ts';
import { loadSeatMap } from './seat-map-source.ts';
import { SeatMaps } from './seat-maps.ts';
import { seatStatusCode } from './seat-status.ts';
import { watchSeatMap } from './watch-seat-map.ts';

let world: SeatMapWorld;
let needs: { redis: Redis; db: Db };
let seatMaps: SeatMaps;

beforeAll(async () => {
  world = await openSeatMapWorld();
  ({ seatMaps } = world);
  needs = world;
});

afterAll(() => world.close());

/** A client: the map that it has built, and every rule that a delta must keep. */
class Fan {
  version: number;
  packed: Uint8Array;
  deltas = 0;
  resets = 0;

  constructor(map: { version: number; packed: Uint8Array }) {
    this.version = map.version;
    this.packed = map.packed.slice();
  }

  take(frame: SeatMapChange): void {
    if (frame.kind === 'reset') {
      expect(frame.map.version).toBeGreaterThanOrEqual(this.version);
      this.version = frame.map.version;
      this.packed = frame.map.packed.slice();
      this.resets++;
      return;
    }
    expect(frame.fromVersion).toBe(this.version);
    expect(frame.toVersion).toBeGreaterThan(frame.fromVersion);
    for (const { seatNo, status } of frame.changes)
      applyChange(this.packed, packChange(seatNo, seatStatusCode[status]));
    this.version = frame.toVersion;
    this.deltas++;
  }
}

const someProcess = () => (Math.random() < 0.5 ? seatMaps : world.otherProcess);

/** One connection of a fan, to one of the processes: it continues from its version and is cut at random. */
async function watchForAWhile(fan: Fan, eventId: string, msPerFrame: number): Promise<void> {
  const watch = await watchSeatMap({ seatMaps: someProcess() }, eventId, fan.version);
  const cut = setTimeout(() => void watch.return?.(), 20 + Math.random() * 300);
  let enough = 1 + Math.floor(Math.random() * 30);
  for await (const frame of watch) {
    fan.take(frame);
    if (msPerFrame) await sleep(msPerFrame);
    if (--enough === 0) break;
  }
  clearTimeout(cut);
}

test('fans who come and go build the same map as PostgreSQL, without a gap and without a repeated version', async () => {
  const { eventId } = await seedEvent(world.db, { seats: SEATS });
  const over = new AbortController();
  let reconnects = 0;
  const isOver = async (fan: Fan) =>
    over.signal.aborted && fan.version >= ((await loadSeatMap(world.db, eventId))?.version ?? 0);
  const fans = Array.from({ length: 12 }, async (_, index) => {
    const fan = new Fan(await world.snapshotOf(eventId));
    // One of them is slow: it gets more changes in one frame.
    for (; !(await isOver(fan)); reconnects++) await watchForAWhile(fan, eventId, index === 0 ? 120 : 0);
    return fan;
  });
  for (let round = 0; round < 1_000; round++) {
    const changes = [await world.change(eventId)];
    if (round % 7 === 0) changes.push(await world.change(eventId));
    // Now and then a change is lost, and now and then all data of Redis.
    if (round % 50 !== 3) await applySeatChanges(needs, eventId, changes);
    if (round === 500) await world.redis.flushdb();
  }
  await applySeatChanges(needs, eventId, [await world.change(eventId)]);
  over.abort();
  const truth = await loadSeatMap(world.db, eventId);
  for (const fan of await Promise.all(fans)) {
    expect(fan.version).toBe(truth?.version);
    expect(Buffer.from(fan.packed).equals(truth?.packed ?? Buffer.alloc(0))).toBe(true);
  }
  expect(reconnects).toBeGreaterThan(50);
});

test('all watchers get the same frame object, and the changes of one window are one frame', async () => {
  const { eventId } = await seedEvent(world.db, { seats: SEATS });
  await applySeatChanges(needs, eventId, [await world.change(eventId)]);
  const watchers = await Promise.all(Array.from({ length: 20 }, () => watchSeatMap({ seatMaps }, eventId)));
  const leading = watchers.map((watcher) => watcher.next());
  await applySeatChanges(needs, eventId, [await commitSeatChange(world.db, eventId, 'HELD', [1, 2])]);
  const first = (await Promise.all(leading)).map((result) => result.value);
  expect(first[0]).toEqual({
    kind: 'delta',
    fromVersion: 1,
    toVersion: 2,
    changes: [1, 2].map((seatNo) => ({ seatNo, status: 'HELD' })),
  });
  expect(new Set(first).size).toBe(1);
  const batch: SeatChange[] = [];
  for (const status of ['BOOKED', 'AVAILABLE', 'HELD'] as const)
    batch.push(await commitSeatChange(world.db, eventId, status, [1]));
  const trailing = watchers.map((watcher) => watcher.next());
  await applySeatChanges(needs, eventId, batch);
  const second = (await Promise.all(trailing)).map((result) => result.value);
  expect(second[0]).toEqual({
    kind: 'delta',
    fromVersion: 2,
    toVersion: 5,
    changes: [{ seatNo: 1, status: 'HELD' }],
  });
  expect(new Set(second).size).toBe(1);
  for (const watcher of watchers) await watcher.return?.();
});

test('sends a reset for a version that the server never had, and for one that is too old', async () => {
  const { eventId } = await seedEvent(world.db, { seats: SEATS });
  for (let version = 1; version <= 3; version++) {
    await applySeatChanges(needs, eventId, [await world.change(eventId)]);
    if (version === 1) await world.redis.flushdb();
  }
  for (const since of [99, 0, -5]) {
    const watch = await watchSeatMap({ seatMaps }, eventId, since);
    expect((await watch.next()).value).toMatchObject({ kind: 'reset', map: { version: 3 } });
    await watch.return?.();
  }
});

test('a change that never reached Redis is found by comparing versions', async () => {
  const { eventId } = await seedEvent(world.db, { seats: SEATS });
  const deaf = openHeartbeat({ pubsub: world.pubsub }, { deafAfterMs: -1, recheckMs: 50 });
  const alone = new SeatMaps({ ...world, heartbeat: deaf });
  const watch = await watchSeatMap({ seatMaps: alone }, eventId);
  const next = watch.next();
  await commitSeatChange(world.db, eventId, 'BOOKED', [5]);
  expect((await next).value).toEqual({
    kind: 'delta',
    fromVersion: 0,
    toVersion: 1,
    changes: [{ seatNo: 5, status: 'BOOKED' }],
  });
  await watch.return?.();
  alone.close();
  deaf.close();
});

test('changes published while the connection is cut arrive when it is back', async () => {
  const { eventId } = await seedEvent(world.db, { seats: SEATS });
  const fan = new Fan(await world.snapshotOf(eventId));
  const watch = await watchSeatMap({ seatMaps }, eventId);
  const clients = String(await world.redis.client('LIST')).split('\n');
  const id = clients.find((line) => line.includes('name=seat-maps-test-subscriber'))?.match(/id=(\d+)/)?.[1];
  await world.redis.client('KILL', 'ID', String(id));
  for (let version = 1; version <= 3; version++) await applySeatChanges(needs, eventId, [await world.change(eventId)]);
  while (fan.version < 3) fan.take((await watch.next()).value);
  expect(Buffer.from(fan.packed).equals((await loadSeatMap(world.db, eventId))?.packed ?? Buffer.alloc(0))).toBe(true);
  await watch.return?.();
});

test('a message that cannot be understood changes nothing and ends nothing', async () => {
  const { eventId } = await seedEvent(world.db, { seats: SEATS });
  const watch = await watchSeatMap({ seatMaps }, eventId);
  for (const message of ['[[1,1,999999]]', '[null]', 'null', '"what"', '{}', '[[7]]'])
    await world.redis.publish(seatMapChannel(eventId), message);
  await applySeatChanges(needs, eventId, [await commitSeatChange(world.db, eventId, 'HELD', [3])]);
  const changes = [{ seatNo: 3, status: 'HELD' }];
  expect((await watch.next()).value).toEqual({ kind: 'delta', fromVersion: 0, toVersion: 1, changes });
  await watch.return?.();
});

test('a thousand watchers of one event all get every frame', async () => {
  const { eventId } = await seedEvent(world.db, { seats: SEATS });
  const watchers = await Promise.all(Array.from({ length: 1_000 }, () => watchSeatMap({ seatMaps }, eventId)));
  for (let version = 1; version <= 3; version++) {
    const next = watchers.map((watcher) => watcher.next());
    await applySeatChanges(needs, eventId, [await world.change(eventId)]);
    const frames = (await Promise.all(next)).map((result) => result.value);
    expect(new Set(frames).size).toBe(1);
    expect(frames[0]).toMatchObject({ fromVersion: version - 1, toVersion: version });
  }
  for (const watcher of watchers) await watcher.return?.();
});

test('a waiting watcher ends when it is closed', async () => {
  const { eventId } = await seedEvent(world.db, { seats: SEATS });
  const watch = await watchSeatMap({ seatMaps }, eventId);
  const next = watch.next();
  await watch.return?.();
  expect((await next).done).toBe(true);
});
