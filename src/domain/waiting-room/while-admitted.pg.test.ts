import { sql } from 'drizzle-orm';
import { afterAll, expect, test, vi } from 'vitest';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { commitSeatChange } from '#test/support/seat-map/seat-changes.ts';
import { openRoomApi, tokenOf, viewerOf } from '#test/support/waiting-room/waiting-room-api.ts';
import { applySeatChanges } from '../inventory/apply-seat-changes.ts';
import { watchSeatMap } from '../inventory/watch-seat-map.ts';
import type { Viewer } from '../viewer.ts';
import { requireAdmission } from './admissions.ts';
import { findPlace } from './find-place.ts';
import { leaveWaitingRoom } from './leave-waiting-room.ts';
import { whileAdmitted } from './while-admitted.ts';

const world = await openRoomApi({ processes: 2 });
const { db, api, otherApi } = world;
afterAll(() => world.close());

/** Watches the seat map as the API does: the messages, and how it ended. */
async function watch(viewer: Viewer | undefined, of: { eventId: string; admission: string | undefined }) {
  const changes = await whileAdmitted(api, viewer, { ...of, watch: () => watchSeatMap(api, of.eventId) });
  const got: object[] = [];
  const ended = (async () => {
    for await (const change of changes) got.push(change);
    return 'complete';
  })().catch((error) => error);
  return { got, ended, stop: () => changes.return?.() };
}
const change = async (eventId: string) => {
  const made = await commitSeatChange(db, eventId, 'BLOCKED', [Math.floor(Math.random() * 4)]);
  await applySeatChanges(api, eventId, [made]);
};
async function insider(room: Awaited<ReturnType<typeof world.openRoom>>, ordinal: number) {
  const viewer = room.fan(ordinal);
  const { eventId } = room;
  const place = await findPlace(api, viewer, { eventId, ticket: undefined });
  if (!place) throw new Error('There is no place.');
  const admission = tokenOf(world, place);
  await requireAdmission(api, viewer, { eventId, admission });
  return { viewer, of: { eventId, admission } };
}

test('watchers inside get the same objects, until their own session ends', async () => {
  const room = await world.openRoom({ joined: 2, watermark: 2 });
  const [leaver, stayer] = [await insider(room, 0), await insider(room, 1)];
  const [leaving, staying] = [await watch(leaver.viewer, leaver.of), await watch(stayer.viewer, stayer.of)];
  await change(room.eventId);
  await vi.waitUntil(() => leaving.got.length > 0 && staying.got.length > 0, 25_000);
  expect(leaving.got[0]).toBe(staying.got[0]);
  await leaveWaitingRoom(otherApi, leaver.viewer, room);
  expect(await leaving.ended).toMatchObject({ code: 'ADMISSION_REQUIRED' });
  const before = staying.got.length;
  await change(room.eventId);
  await vi.waitUntil(() => staying.got.length > before, 25_000);
  await staying.stop();
  expect(await staying.ended).toBe('complete');
});

test('a viewer cannot watch without an admission, and an earlier watch ends when the room opens', async () => {
  const room = await world.openRoom({ state: 'CLOSED', opensInSeconds: 3600, drawsInSeconds: 7200 });
  const { eventId } = room;
  const early = await watch(undefined, { eventId, admission: undefined });
  await change(eventId);
  await vi.waitUntil(() => early.got.length > 0, 25_000);
  await room.set(sql`state = 'OPEN'`);
  expect(await early.ended).toMatchObject({ code: 'ADMISSION_REQUIRED' });
  await expect(watch(viewerOf(), { eventId, admission: undefined })).rejects.toMatchObject({
    code: 'ADMISSION_REQUIRED',
  });
  expect(room.live().watchers).toBe(0);
  await room.set(sql`state = 'ENDED'`);
  const late = await watch(undefined, { eventId, admission: undefined });
  await change(eventId);
  await vi.waitUntil(() => late.got.length > 0, 25_000);
  await late.stop();
});

test('an event without a room yields the same as before', async () => {
  const { eventId } = await seedEvent(db, { seats: 4 });
  const changes = await watchSeatMap(api, eventId);
  expect(await whileAdmitted(api, undefined, { eventId, admission: undefined, watch: async () => changes })).toBe(
    changes,
  );
  await changes.return?.();
});
