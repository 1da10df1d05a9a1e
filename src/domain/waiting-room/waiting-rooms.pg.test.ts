import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test, vi } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { WAITING_ROOMS_CHANNEL } from '#redis/channels.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { seedRoom } from '#test/support/waiting-room/waiting-room.ts';
import { openRoomApi } from '#test/support/waiting-room/waiting-room-api.ts';
import { drawOrder } from './draw-rules.ts';
import { readRooms } from './read-rooms.ts';
import { WaitingRooms } from './waiting-rooms.ts';

const world = await openRoomApi();
const { db, api, openRoom } = world;
const { waitingRooms, pubsub } = api;
const closers: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closers) await close();
  await world.close();
});

test('a room closes the seats of its event from its opening to its end, even with a late controller', async () => {
  const isGating = async (options: Parameters<typeof openRoom>[0]) =>
    waitingRooms.gating((await openRoom(options)).eventId) !== undefined;
  expect(await isGating({ state: 'CLOSED', opensInSeconds: 3600, drawsInSeconds: 7200 })).toBe(false);
  expect(await isGating({ state: 'CLOSED', opensInSeconds: -1 })).toBe(true);
  expect(await isGating({ state: 'OPEN', drawsInSeconds: 3600 })).toBe(true);
  expect(await isGating({ state: 'DRAWN' })).toBe(true);
  expect(await isGating({ state: 'ENDED' })).toBe(false);
  const { eventId } = await seedEvent(db, { seats: 4 });
  expect(waitingRooms.gating(eventId)).toBeUndefined();
});

const MARK = randomUUIDv7();

/** The state of an API process that never reached PostgreSQL. */
async function openBlind() {
  const away = openDb({ url: 'postgres://nobody@127.0.0.1:1/none', poolMax: 1, name: 'away' });
  const blind = await WaitingRooms.open({ db: away, pubsub, heartbeat: api.heartbeat });
  closers.push(async () => {
    await blind.close();
    await closeDb(away);
  });
  return blind;
}

test('applies each change from Redis, and ignores old versions and messages that are not rooms', async () => {
  const { eventId, live } = await openRoom({ joined: 5 });
  const { room } = live();
  const blind = await openBlind();
  const known = () => blind.get(eventId)?.room;
  const tell = (message: unknown) => pubsub.publish(WAITING_ROOMS_CHANNEL, message);
  await tell({ ...room, version: 10, watermark: 3 });
  await vi.waitUntil(() => known()?.watermark === 3, 25_000);
  for (const nonsense of [null, 7, 'room', {}, { eventId }, { ...room, steps: 'x' }, { ...room, progress: null }])
    await tell(nonsense);
  for (const draw of [null, {}, { secret: 's', entries: 1 }, { secret: 'ab'.repeat(32), entries: -1 }])
    await tell({ ...room, version: 11, draw });
  await tell({ ...room, version: 9, watermark: 1 });
  // Arrives after them.
  await tell({ ...room, eventId: MARK });
  await vi.waitUntil(() => blind.get(MARK), 25_000);
  expect(known()).toMatchObject({ version: 10, watermark: 3 });
});

test('forgets rooms that PostgreSQL lost with a restore', async () => {
  const { eventId, live } = await openRoom({ joined: 5 });
  await db.execute(sql`update waiting_rooms set version = 50, watermark = 4 where event_id = ${eventId}`);
  await waitingRooms.refresh();
  await vi.waitUntil(() => live().room.version === 50, 25_000);
  await db.execute(sql`update waiting_rooms set version = 40, watermark = 2 where event_id = ${eventId}`);
  await vi.waitUntil(() => live().room.version === 40, 25_000);
  expect(live().room.watermark).toBe(2);
});

test('PostgreSQL brings what Redis lost: changes, new rooms, and who left in another process', async () => {
  const { eventId, live } = await openRoom({ joined: 5, entries: 5 });
  const fresh = await seedEvent(db, { seats: 4 });
  await seedRoom(db, fresh.eventId, { state: 'OPEN', drawsInSeconds: 60 });
  await db.execute(sql`
    update waiting_rooms set paused = true, version = version + 1, updated_at = clock_timestamp()
    where event_id = ${eventId}`);
  await db.execute(sql`
    update waiting_room_places set left_at = clock_timestamp() where event_id = ${eventId} and ordinal = 2`);
  await vi.waitUntil(() => live().room.isPaused && live().hasLeft(2), 25_000);
  await vi.waitUntil(() => waitingRooms.gating(fresh.eventId), 25_000);
  expect(live().hasLeft(1)).toBe(false);
});

test('positions are those of the draw; later places are behind', async () => {
  const { live, set, eventId } = await openRoom({ state: 'OPEN', joined: 50, drawsInSeconds: 60 });
  expect(live().positionOf(7)).toBeUndefined();
  await set(sql`state = 'DRAWN', draw_entries = 40, drawn_at = clock_timestamp()`);
  const [room] = await readRooms(db, { eventIds: [eventId] });
  const order = drawOrder(room?.draw?.secret ?? '', 40);
  expect(Array.from({ length: 40 }, (_, ordinal) => live().positionOf(ordinal))).toEqual([...order]);
  expect(live().positionOf(40)).toBe(41);
});

test('each watcher of a room is notified of each change once, for any number of watchers, and not after it left', async () => {
  const { live, set } = await openRoom({ joined: 5 });
  const pokes = Array.from({ length: 1_000 }, () => 0);
  const watchers = pokes.map((_, index) => ({ poke: () => void pokes.splice(index, 1, (pokes[index] ?? 0) + 1) }));
  for (const watcher of watchers) live().enter(watcher);
  await set(sql`paused = true`);
  await vi.waitUntil(() => pokes.every((count) => count === 1), 25_000);
  for (const watcher of watchers.slice(0, 500)) live().leave(watcher);
  await set(sql`paused = false`);
  await vi.waitUntil(() => pokes.slice(500).every((count) => count === 2), 25_000);
  await sleep(0);
  expect(pokes.slice(0, 500).every((count) => count === 1)).toBe(true);
});

test('watchers whose turn came are notified before those that only move up', async () => {
  const { live, set } = await openRoom({ joined: 5 });
  const told: number[] = [];
  for (const position of [3, 2, 1]) {
    const hasNewState = () => !told.includes(position) && position <= live().room.watermark;
    live().enter({ poke: () => void told.push(position), hasNewState });
  }
  await set(sql`watermark = 1`);
  await vi.waitUntil(() => told.length === 4, 25_000);
  expect(told).toEqual([1, 3, 2, 1]);
});

test('until PostgreSQL was read once, no event counts as one without a room', async () => {
  const { eventId } = await openRoom();
  const blind = await openBlind();
  expect(() => blind.gating(eventId)).toThrow('The service is too busy');
});
