import { createHmac, randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { WAITING_ROOMS_CHANNEL } from '#redis/channels.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { admissionKey, openRoomApi, tokenOf, viewerOf } from '#test/support/waiting-room/waiting-room-api.ts';
import { AdmissionRequired } from '../booking/errors.ts';
import type { Viewer } from '../viewer.ts';
import { requireAdmission } from './admissions.ts';
import { findPlace } from './find-place.ts';
import { leaveWaitingRoom } from './leave-waiting-room.ts';

const world = await openRoomApi({ processes: 2 });
const { db, api, otherApi } = world;
afterAll(() => world.close());

type Room = Awaited<ReturnType<typeof world.openRoom>>;

const tryIn = async (
  viewer: Viewer | undefined,
  of: { eventId: string; admission: string | undefined; fresh?: boolean },
  at = api,
) => {
  try {
    await requireAdmission(at, viewer, of);
    return 'in';
  } catch (error) {
    if (error instanceof AdmissionRequired) return error.message;
    throw error;
  }
};
const MISSING = expect.stringMatching(/^This event has a waiting room/);
const NOT_VALID = expect.stringMatching(/^This admission is not valid/);
const OVER = expect.stringMatching(/^Your turn or your time in the room is over/);

const placeOfFan = async ({ eventId }: Room, viewer: Viewer, at = api) => {
  const place = await findPlace(at, viewer, { eventId, ticket: undefined });
  if (!place) throw new Error('There is no place.');
  return place;
};
/** A fan whose turn runs, with the token from the API. */
async function onTurn(room: Room, ordinal: number) {
  const viewer = room.fan(ordinal);
  const place = await placeOfFan(room, viewer);
  return { viewer, place, token: tokenOf(world, place) };
}
const sessionsOf = async ({ eventId }: Room) =>
  (
    await db.execute<{ ordinal: number }>(sql`
      select ordinal from waiting_room_sessions where event_id = ${eventId} and entered_at is not null order by ordinal`)
  ).map(({ ordinal }) => ordinal);

test('an event without an open room needs no admission and reads no store', async () => {
  const { eventId } = await seedEvent(db, { seats: 4 });
  const closed = await world.openRoom({ state: 'CLOSED', opensInSeconds: 3600, drawsInSeconds: 7200 });
  const ended = await world.openRoom({ state: 'ENDED' });
  for (const event of [eventId, closed.eventId, ended.eventId]) {
    // Not a promise: the caller does not even wait for the next turn of the event loop.
    expect(requireAdmission(api, undefined, { eventId: event, admission: undefined })).toBeUndefined();
    expect(requireAdmission(api, viewerOf(), { eventId: event, admission: 'x', fresh: true })).toBeUndefined();
  }
});

test('the first use of an admission enters; from then on it admits reads and changes', async () => {
  const room = await world.openRoom({ joined: 3, watermark: 3 });
  const { viewer, place, token } = await onTurn(room, 1);
  expect(place.state).toBe('YOUR_TURN');
  const { eventId } = room;
  expect(await tryIn(viewer, { eventId, admission: undefined })).toEqual(MISSING);
  expect(await tryIn(undefined, { eventId, admission: token })).toEqual(NOT_VALID);
  expect(await sessionsOf(room)).toEqual([]);
  const attempts = [false, true, false, true].map((fresh) => tryIn(viewer, { eventId, admission: token, fresh }));
  expect(await Promise.all(attempts)).toEqual(['in', 'in', 'in', 'in']);
  expect(await tryIn(viewer, { eventId, admission: token }, otherApi), 'in another process').toBe('in');
  expect(await sessionsOf(room)).toEqual([1]);
  expect((await placeOfFan(room, viewer)).state).toBe('INSIDE');
});

test('a fan who finds the room full learns when to knock again, and enters when another fan left', async () => {
  const room = await world.openRoom({ joined: 3, watermark: 3, capacity: 1 });
  const [first, second] = [await onTurn(room, 0), await onTurn(room, 1)];
  const { eventId } = room;
  expect(await tryIn(first.viewer, { eventId, admission: first.token })).toBe('in');
  const refusal = await requireAdmission(api, second.viewer, { eventId, admission: second.token })?.catch(
    (error) => error,
  );
  expect(refusal).toMatchObject({ code: 'ADMISSION_REQUIRED', retry: { advice: 'SAME_KEY', afterSeconds: 3 } });
  expect(await placeOfFan(room, second.viewer)).toMatchObject({ state: 'YOUR_TURN', admission: undefined });
  await leaveWaitingRoom(api, first.viewer, { eventId });
  expect(await tryIn(first.viewer, { eventId, admission: first.token })).toEqual(OVER);
  expect(await tryIn(second.viewer, { eventId, admission: second.token, fresh: true })).toBe('in');
});

describe('each guard works with the guards before it switched off', () => {
  test('the signature: rejects a token that another key signed', async () => {
    const room = await world.openRoom({ joined: 3, watermark: 3 });
    const { viewer, token } = await onTurn(room, 0);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const sign = (secret: string) => createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url');
    expect(sign(admissionKey.secret)).toBe(signature);
    const forged = `${header}.${payload}.${sign('another signer’s secret, of the same length')}`;
    expect(await tryIn(viewer, { eventId: room.eventId, admission: forged })).toEqual(NOT_VALID);
    expect(await sessionsOf(room)).toEqual([]);
  });

  test('the binding: rejects tokens that we signed for another event, viewer, sign-in session or time', async () => {
    const [room, other] = [
      await world.openRoom({ joined: 3, watermark: 3 }),
      await world.openRoom({ joined: 3, watermark: 3 }),
    ];
    const { viewer, place } = await onTurn(room, 0);
    const { eventId } = room;
    const wrong = [
      { eventId: other.eventId },
      { userId: randomUUIDv7() },
      { signInId: randomUUIDv7() },
      { expiresAtMs: Date.now() - 2_000 },
    ];
    for (const claims of wrong)
      expect(
        await tryIn(viewer, { eventId, admission: tokenOf(world, place, claims) }),
        JSON.stringify(claims),
      ).toEqual(NOT_VALID);
    const token = tokenOf(world, place);
    expect(await tryIn(room.fan(1), { eventId, admission: token }), 'another viewer').toEqual(NOT_VALID);
    expect(await tryIn(room.fan(0), { eventId, admission: token }), 'the fan, signed in elsewhere').toEqual(NOT_VALID);
    expect(await tryIn(viewer, { eventId: other.eventId, admission: token })).toEqual(NOT_VALID);
    expect(await sessionsOf(room)).toEqual([]);
    expect(await tryIn(viewer, { eventId, admission: token })).toBe('in');
  });

  test('the turn: with our token, a late fan does not enter, and a fan who is inside stays', async () => {
    const room = await world.openRoom({ joined: 3, watermark: 3 });
    const { eventId } = room;
    const { viewer, place } = await onTurn(room, 0);
    const late = tokenOf(world, place, { enterUntilMs: Date.now() - 2_000 });
    expect(await tryIn(viewer, { eventId, admission: late })).toEqual(OVER);
    expect(await sessionsOf(room)).toEqual([]);
    expect(await tryIn(viewer, { eventId, admission: tokenOf(world, place) })).toBe('in');
    expect(await tryIn(viewer, { eventId, admission: late })).toBe('in');
    expect(await tryIn(viewer, { eventId, admission: late, fresh: true })).toBe('in');
  });

  test('the watermark: rejects our token for a place whose turn has not come', async () => {
    const room = await world.openRoom({ joined: 3, watermark: 2 });
    const { viewer, place } = await onTurn(room, 1);
    const early = { ...place, userId: room.fan(2).userId };
    const token = tokenOf(world, early, { ordinal: 2 });
    expect(await tryIn({ ...viewer, userId: early.userId }, { eventId: room.eventId, admission: token })).toEqual(
      NOT_VALID,
    );
  });

  test('the row: PostgreSQL refuses even when this process believes that every turn has come', async () => {
    const room = await world.openRoom({ joined: 3, watermark: 1 });
    const { place } = await onTurn(room, 0);
    const { eventId } = room;
    const believed = { ...room.live().room, version: 1_000, watermark: 3 };
    await api.pubsub.publish(WAITING_ROOMS_CHANNEL, believed);
    const late = room.fan(2);
    const token = tokenOf(world, place, { userId: late.userId, signInId: late.sessionId, ordinal: 2 });
    await vi.waitUntil(() => room.live().room.watermark === 3, 25_000);
    expect(await tryIn(late, { eventId, admission: token })).toEqual(OVER);
    expect(await tryIn(late, { eventId, admission: token, fresh: true })).toEqual(OVER);
    // Nor does the ordinal of another viewer whose turn it is.
    const thief = tokenOf(world, place, { userId: late.userId, signInId: late.sessionId, ordinal: 0 });
    expect(await tryIn(late, { eventId, admission: thief })).toEqual(OVER);
    expect(await sessionsOf(room)).toEqual([]);
  });
});

test('a session that ended in another process is over at once, for changes and for reads', async () => {
  const room = await world.openRoom({ joined: 3, watermark: 3 });
  const { viewer, token } = await onTurn(room, 0);
  const of = { eventId: room.eventId, admission: token };
  expect(await tryIn(viewer, of)).toBe('in');
  await leaveWaitingRoom(otherApi, viewer, { eventId: room.eventId });
  expect(await tryIn(viewer, of)).toEqual(OVER);
  expect(await tryIn(viewer, { ...of, fresh: true })).toEqual(OVER);
});

test('a viewer who asks for the place from another session continues there, and the old token is refused', async () => {
  const room = await world.openRoom({ joined: 3, watermark: 3 });
  const { viewer, token } = await onTurn(room, 0);
  const { eventId } = room;
  expect(await tryIn(viewer, { eventId, admission: token })).toBe('in');
  const elsewhere = room.fan(0);
  const moved = await placeOfFan(room, elsewhere, otherApi);
  expect(moved.state).toBe('INSIDE');
  expect(await tryIn(elsewhere, { eventId, admission: tokenOf(world, moved) }, otherApi)).toBe('in');
  expect(await tryIn(viewer, { eventId, admission: token, fresh: true })).toEqual(OVER);
  expect(await tryIn(viewer, { eventId, admission: token })).toEqual(OVER);
});

test('activity extends a session', async () => {
  const room = await world.openRoom({ joined: 3, watermark: 3, sessionSeconds: 600 });
  const { viewer, token } = await onTurn(room, 0);
  const of = { eventId: room.eventId, admission: token };
  await tryIn(viewer, of);
  await room.passSeconds(300);
  await tryIn(viewer, of, otherApi);
  const [row] = await db.execute<{ left: number }>(sql`
    select extract(epoch from expires_at - clock_timestamp())::float8 as left
    from waiting_room_sessions where event_id = ${room.eventId}`);
  expect(row?.left).toBeGreaterThan(400);
});
