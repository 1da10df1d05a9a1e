import { sql } from 'drizzle-orm';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { collect, openRoomApi, tokenOf, viewerOf } from '#test/support/waiting-room/waiting-room-api.ts';
import type { Viewer } from '../viewer.ts';
import { requireAdmission } from './admissions.ts';
import { joinWaitingRoom } from './join-waiting-room.ts';
import { leaveWaitingRoom } from './leave-waiting-room.ts';
import type { Place } from './place.ts';
import { watchPlace } from './watch-place.ts';

const world = await openRoomApi({ processes: 2 });
const { db, api, otherApi } = world;
const watching: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of watching.splice(0)) await one.stop();
});
afterAll(() => world.close());

type Room = Awaited<ReturnType<typeof world.openRoom>>;

async function watch({ eventId }: Room, viewer: Viewer) {
  const collected = collect(await watchPlace(api, viewer, { eventId, ticket: undefined }));
  watching.push(collected);
  await vi.waitUntil(() => collected.got.length > 0, 25_000);
  return collected;
}
const goIn = async ({ eventId }: Room, viewer: Viewer, place: Place, at = otherApi) =>
  await requireAdmission(at, viewer, { eventId, admission: tokenOf(world, place) });

test('yields a place at each change of its state, made in any process, and ends when it is over', async () => {
  const room = await world.openRoom({ state: 'OPEN', drawsInSeconds: 600 });
  const viewer = viewerOf();
  await joinWaitingRoom(api, viewer, room);
  const places = await watch(room, viewer);
  expect(places.got).toMatchObject([{ state: 'WAITING', position: undefined }]);
  await room.set(sql`state = 'DRAWN', draw_entries = 1, drawn_at = clock_timestamp()`);
  await vi.waitUntil(() => places.got.length === 2, 25_000);
  expect(places.got[1]).toMatchObject({ state: 'WAITING', position: 1, ahead: 0 });
  await room.admitUpTo(1);
  const turn = await places.when('YOUR_TURN');
  expect(turn.admission?.expiresAtMs).toBeGreaterThan(Date.now() + 50_000);
  await goIn(room, viewer, turn);
  expect((await places.when('INSIDE')).admission?.expiresAtMs).toBeGreaterThan(Date.now() + 500_000);
  await leaveWaitingRoom(otherApi, viewer, room);
  expect((await places.when('LEFT')).admission).toBeUndefined();
  await vi.waitUntil(places.isOver, 25_000);
  expect(places.states()).toEqual(['WAITING', 'YOUR_TURN', 'INSIDE', 'LEFT']);
  expect(room.live().watchers).toBe(0);
});

test('a waiting fan gets every position near the front, and every twentieth part of them far behind', async () => {
  const room = await world.openRoom({ joined: 2_000, watermark: 0, capacity: 10 });
  const [near, far] = [await watch(room, room.fan(9)), await watch(room, room.fan(1_999))];
  for (let watermark = 1; watermark <= 5; watermark++) await room.admitUpTo(watermark);
  await vi.waitUntil(() => near.got.at(-1)?.ahead === 4, 25_000);
  expect(near.got.map(({ ahead }) => ahead)).toEqual([9, 8, 7, 6, 5, 4]);
  expect(far.got.map(({ ahead }) => ahead)).toEqual([1_999]);
  await room.admitUpTo(99);
  await room.admitUpTo(100);
  await vi.waitUntil(() => far.got.length === 2, 25_000);
  expect(far.got[1]).toMatchObject({ state: 'WAITING', position: 2_000, ahead: 1_899 });
});

test('yields an estimate when it changes by a fifth', async () => {
  const room = await world.openRoom({ joined: 1_000, watermark: 0 });
  const places = await watch(room, room.fan(599));
  const setPace = (p50: number) => room.set(sql`progress = ${JSON.stringify({ pace: { p50, p90: p50 / 2 } })}::jsonb`);
  await setPace(1);
  await vi.waitUntil(() => places.got.length === 2, 25_000);
  await setPace(1.1);
  await setPace(0.5);
  await vi.waitUntil(() => places.got.length === 3, 25_000);
  expect(places.got.map(({ estimate }) => estimate?.p50Seconds)).toEqual([undefined, 600, 1_200]);
});

test('a turn that is not used ends by the clock, without a message', async () => {
  const room = await world.openRoom({ joined: 3, graceSeconds: 5 });
  const places = await watch(room, room.fan(1));
  await room.admitUpTo(2);
  await places.when('MISSED');
  expect(places.states()).toEqual(['WAITING', 'YOUR_TURN', 'MISSED']);
  await vi.waitUntil(places.isOver, 25_000);
});

test('a fan who leaves while waiting has left, and so have all fans when the room ends', async () => {
  const room = await world.openRoom({ joined: 3 });
  const [leaver, stayer] = [await watch(room, room.fan(0)), await watch(room, room.fan(1))];
  await leaveWaitingRoom(otherApi, room.fan(0), room);
  await leaver.when('LEFT');
  expect(stayer.states()).toEqual(['WAITING']);
  await room.set(sql`state = 'ENDED'`);
  await stayer.when('LEFT');
  await vi.waitUntil(() => leaver.isOver() && stayer.isOver(), 25_000);
  expect(room.live().watchers).toBe(0);
});

test('at the door of a full room a fan keeps the turn by listening, and enters when another fan left', async () => {
  const room = await world.openRoom({ joined: 3, watermark: 3, capacity: 1, graceSeconds: 5 });
  const [first, second] = [room.fan(0), room.fan(1)];
  const inside = await watch(room, first);
  await goIn(room, first, await inside.when('YOUR_TURN'));
  const atDoor = await watch(room, second);
  await expect(goIn(room, second, await atDoor.when('YOUR_TURN'))).rejects.toThrow('The room is full');
  await vi.waitUntil(() => atDoor.got.at(-1)?.admission === undefined, 25_000);
  const knockedAt = async () => {
    const [row] = await db.execute<{ at: string }>(sql`
      select knocked_at::text as at from waiting_room_sessions where event_id = ${room.eventId} and ordinal = 1`);
    return row?.at;
  };
  const before = await knockedAt();
  await vi.waitUntil(async () => (await knockedAt()) !== before, 25_000);
  expect(atDoor.states()).toEqual(['YOUR_TURN']);
  await leaveWaitingRoom(otherApi, first, room);
  // Called in, or at the next knock.
  await world.tick();
  await vi.waitUntil(() => atDoor.got.at(-1)?.admission !== undefined, 25_000);
});

test('an admission is renewed when the session became longer, and belongs to the session that asked last', async () => {
  const room = await world.openRoom({ joined: 1, watermark: 1, sessionSeconds: 60 });
  const viewer = room.fan(0);
  const places = await watch(room, viewer);
  await goIn(room, viewer, await places.when('YOUR_TURN'), api);
  const entered = await places.when('INSIDE');
  await room.set(sql`session_seconds = 300`);
  await goIn(room, viewer, entered, otherApi);
  const wasRenewed = ({ admission }: Place) => (admission?.expiresAtMs ?? 0) > Date.now() + 200_000;
  await vi.waitUntil(() => places.got.some(wasRenewed), 25_000);

  const elsewhere = await watch(room, room.fan(0));
  expect(elsewhere.got.at(-1)).toMatchObject({ state: 'INSIDE', admission: { expiresAtMs: expect.any(Number) } });
  await vi.waitUntil(() => places.got.at(-1)?.admission === undefined, 25_000);
  expect(places.states()).toEqual(['YOUR_TURN', 'INSIDE']);
});

test('a viewer without a place cannot watch one', async () => {
  const room = await world.openRoom({ joined: 1 });
  const of = { eventId: room.eventId, ticket: undefined };
  await expect(watchPlace(api, viewerOf(), of)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const ticket = api.placeTickets.sign({ eventId: room.eventId, userId: room.fan(0).userId, ordinal: 0 });
  await expect(watchPlace(api, viewerOf(), { ...of, ticket })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
