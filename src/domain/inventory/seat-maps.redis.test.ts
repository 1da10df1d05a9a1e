import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { NotFound } from '#domain/errors.ts';
import { openRedis, type Redis } from '#redis/client.ts';
import { seatMap } from '#redis/keys.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { commitSeatChange } from '#test/support/seat-map/seat-changes.ts';
import { openSeatMapWorld, SEATS, type SeatMapWorld } from '#test/support/seat-map/seat-map-world.ts';
import { applySeatChanges } from './apply-seat-changes.ts';
import { getSeatMap } from './get-seat-map.ts';
import { statusAt } from './packed-statuses-rules.ts';
import type { SeatChange } from './seat-change.ts';
import { readProjection } from './seat-map-projection.ts';
import { loadSeatMap } from './seat-map-source.ts';
import { SeatMaps } from './seat-maps.ts';
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

async function expectProjectionToEqualPostgres(eventId: string) {
  await vi.waitFor(async () => {
    const truth = await loadSeatMap(world.db, eventId);
    const projection = await readProjection(world.redis, eventId, -1);
    expect(projection?.version).toBe(truth?.version);
    expect(projection?.gap).toBe(false);
    const packed = Buffer.alloc(truth?.packed.length ?? 0);
    projection?.packed && packed.set(projection.packed);
    expect(packed.equals(truth?.packed ?? Buffer.alloc(0))).toBe(true);
  }, 5_000);
}

describe('the projection in Redis', () => {
  test('equals PostgreSQL after thousands of changes that come late, twice, in any order, and a flush in the middle', async () => {
    const { eventId } = await seedEvent(world.db, { seats: SEATS });
    let pending: SeatChange[] = [];
    const running: Promise<void>[] = [];
    for (let round = 0; round < 2_000; round++) {
      pending.push(await world.change(eventId));
      if (round === 1_000) await world.redis.flushdb();
      if (pending.length < 20) continue;
      const shuffled = [...pending, ...pending.slice(0, 5)].sort(() => Math.random() - 0.5);
      pending = [];
      for (let from = 0; from < shuffled.length; from += 3) {
        const part = shuffled.slice(from, from + 3).sort((a, b) => a.version - b.version);
        running.push(applySeatChanges(needs, eventId, part));
      }
    }
    await Promise.all(running);
    await expectProjectionToEqualPostgres(eventId);
  });

  test('is read from PostgreSQL again when a change never arrives', async () => {
    const { eventId } = await seedEvent(world.db, { seats: SEATS });
    await applySeatChanges(needs, eventId, [await world.change(eventId)]);
    await world.change(eventId);
    await applySeatChanges(needs, eventId, [await world.change(eventId)]);
    await expectProjectionToEqualPostgres(eventId);
    expect((await readProjection(world.redis, eventId, -1))?.version).toBe(3);
  });

  test('takes no space for an event without changes, even if it is read often', async () => {
    const { eventId } = await seedEvent(world.db, { seats: SEATS });
    expect(await world.snapshotOf(eventId)).toMatchObject({ version: 0, stale: false, seatCount: SEATS });
    expect(await world.redis.exists(seatMap(eventId))).toBe(0);
  });
});

describe('snapshots', () => {
  test('follow the projection at once and never go back', async () => {
    const { eventId } = await seedEvent(world.db, { seats: SEATS });
    for (let version = 1; version <= 20; version++) {
      await applySeatChanges(needs, eventId, [await world.change(eventId)]);
      const map = await world.snapshotOf(eventId);
      expect(map.version).toBe(version);
      expect(Buffer.from(map.packed).equals((await loadSeatMap(world.db, eventId))?.packed ?? Buffer.alloc(0))).toBe(
        true,
      );
    }
    await world.redis.flushdb();
    expect((await world.snapshotOf(eventId)).version).toBe(20);
  });

  test('are undefined for an event that is unknown or a draft', async () => {
    const draft = await seedEvent(world.db, { seats: 4, status: 'DRAFT' });
    expect(await getSeatMap({ seatMaps }, draft.eventId)).toBeUndefined();
    expect(await getSeatMap({ seatMaps }, '00000000-0000-7000-8000-000000000000')).toBeUndefined();
    expect(await getSeatMap({ seatMaps }, "' or true")).toBeUndefined();
    await expect(watchSeatMap({ seatMaps }, "' or true")).rejects.toBeInstanceOf(NotFound);
    await expect(watchSeatMap({ seatMaps }, draft.eventId)).rejects.toBeInstanceOf(NotFound);
  });

  test('cost PostgreSQL at most one query a second without Redis, for any number of readers', async () => {
    const { eventId } = await seedEvent(world.db, { seats: SEATS });
    let questions = 0;
    const counted = new Proxy(world.db, {
      get(db, name, receiver) {
        if (name === 'execute') questions += 1;
        return Reflect.get(db, name, receiver);
      },
    });
    const noRedis = openRedis({ url: 'redis://127.0.0.1:1', name: 'seat-maps-cache', commandTimeoutMs: 20 });
    const alone = new SeatMaps({ db: counted, redis: noRedis, pubsub: world.pubsub, heartbeat: world.heartbeat });
    for (let ask = 0; ask < 200; ask++) expect(await alone.snapshot(eventId)).toMatchObject({ stale: false });
    // One after the other; on a slow machine they may take some seconds.
    expect(questions).toBeGreaterThan(0);
    expect(questions).toBeLessThan(20);
    await commitSeatChange(world.db, eventId, 'BOOKED', [7]);
    await vi.waitFor(async () => expect(await alone.snapshot(eventId)).toMatchObject({ version: 1 }), 5_000);
    alone.close();
    noRedis.disconnect();
  });

  test('come from PostgreSQL without Redis, and are the last one seen, marked as stale, without either', async () => {
    const { eventId } = await seedEvent(world.db, { seats: SEATS });
    const ownDb = openDb({ url: world.databaseUrl, poolMax: 1, name: 'seat-maps-outage' });
    const noRedis = openRedis({ url: 'redis://127.0.0.1:1', name: 'seat-maps-outage', commandTimeoutMs: 20 });
    const alone = new SeatMaps({ db: ownDb, redis: noRedis, pubsub: world.pubsub, heartbeat: world.heartbeat });
    const { seatNos } = await commitSeatChange(world.db, eventId, 'BOOKED', [7]);
    const map = await alone.snapshot(eventId);
    expect(map).toMatchObject({ version: 1, stale: false });
    expect(seatNos.map((seatNo) => map && statusAt(map.packed, seatNo))).toEqual(['BOOKED']);
    await closeDb(ownDb);
    await vi.waitFor(
      async () => expect(await alone.snapshot(eventId)).toMatchObject({ version: 1, stale: true }),
      3_000,
    );
    alone.close();
    noRedis.disconnect();
  });
});
