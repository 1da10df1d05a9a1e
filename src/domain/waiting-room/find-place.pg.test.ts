import { sql } from 'drizzle-orm';
import { afterAll, expect, test, vi } from 'vitest';
import { closeDb } from '#db/client.ts';
import { openRoomApi, tokenOf, viewerOf } from '#test/support/waiting-room/waiting-room-api.ts';
import { requireAdmission } from './admissions.ts';
import { findDrawProof } from './find-draw-proof.ts';
import { findPlace } from './find-place.ts';
import { joinWaitingRoom } from './join-waiting-room.ts';
import { leaveWaitingRoom } from './leave-waiting-room.ts';

const world = await openRoomApi({ processes: 2 });
const { db, api, otherApi } = world;
afterAll(() => world.close());

test('a viewer who joins has one place, also when asking again, from another client or at the same time', async () => {
  const room = await world.openRoom({ state: 'OPEN', drawsInSeconds: 600 });
  const viewer = viewerOf();
  const { eventId } = room;
  const joined = await Promise.all([api, otherApi, api].map((at) => joinWaitingRoom(at, viewer, { eventId })));
  expect(joined.map(({ ordinal }) => ordinal)).toEqual([0, 0, 0]);
  expect(joined[0]).toMatchObject({ state: 'WAITING', position: undefined, ahead: undefined, admission: undefined });
  expect((await joinWaitingRoom(api, viewerOf(), { eventId })).ordinal).toBe(1);
  expect((await findPlace(otherApi, viewer, { eventId, ticket: undefined }))?.ordinal).toBe(0);
  expect(await findPlace(api, viewerOf(), { eventId, ticket: undefined })).toBeUndefined();
});

test('a viewer who left, missed the turn or was inside gets a new place at the end; the old ticket leads to that one', async () => {
  const room = await world.openRoom({ joined: 4, watermark: 2, turnsBeganSecondsAgo: 100 });
  const { eventId } = room;
  await room.admitUpTo(3);
  const [missed, inside, waiting] = [room.fan(0), room.fan(2), room.fan(3)];
  const ticketOf = (viewer: { userId: string }, ordinal: number) =>
    api.placeTickets.sign({ eventId, userId: viewer.userId, ordinal });
  const tickets = [ticketOf(missed, 0), ticketOf(inside, 2), ticketOf(waiting, 3)];
  const look = async (viewer = missed, ticket = tickets[0], at = api) =>
    await findPlace(at, viewer, { eventId, ticket });

  expect((await look())?.state).toBe('MISSED');
  const turn = await look(inside, tickets[1]);
  if (turn?.state !== 'YOUR_TURN') throw new Error(`It is ${turn?.state}.`);
  await requireAdmission(api, inside, { eventId, admission: tokenOf(world, turn) });
  expect(await leaveWaitingRoom(api, inside, { eventId })).toMatchObject({ state: 'LEFT', admission: undefined });
  expect(await leaveWaitingRoom(api, waiting, { eventId })).toMatchObject({ state: 'LEFT', ordinal: 3 });
  expect((await leaveWaitingRoom(api, waiting, { eventId })).state, 'once more').toBe('LEFT');
  expect((await look(inside, tickets[1]))?.state).toBe('LEFT');

  const ordinals = [];
  for (const viewer of [missed, inside, waiting])
    ordinals.push((await joinWaitingRoom(api, viewer, { eventId })).ordinal);
  expect(ordinals).toEqual([4, 5, 6]);
  expect((await joinWaitingRoom(api, missed, { eventId })).ordinal).toBe(4);
  for (const [index, viewer] of [missed, inside, waiting].entries())
    expect(await look(viewer, tickets[index])).toMatchObject({ state: 'WAITING', ordinal: 4 + index });
  expect(await look(missed, tickets[0], otherApi), 'where nothing is known of it').toMatchObject({ ordinal: 4 });
});

test('refuses with the opening time before it, and for all viewers after the end or without a room', async () => {
  const early = await world.openRoom({ state: 'CLOSED', opensInSeconds: 3600, drawsInSeconds: 7200 });
  const refusal = await joinWaitingRoom(api, viewerOf(), early).catch((error) => error);
  expect(refusal).toMatchObject({ code: 'EVENT_NOT_ON_SALE', retry: { advice: 'AFTER' } });
  expect(refusal.opensAt.getTime()).toBe(Math.floor(early.live().room.opensAtMs));
  expect(refusal.retry.afterSeconds).toBeGreaterThan(3_500);
  const ended = await world.openRoom({ state: 'ENDED', joined: 1 });
  await expect(joinWaitingRoom(api, viewerOf(), ended)).rejects.toMatchObject({
    code: 'EVENT_NOT_ON_SALE',
    retry: { advice: 'NEVER' },
  });
  expect((await findPlace(api, ended.fan(0), { eventId: ended.eventId, ticket: undefined }))?.state).toBe('LEFT');
  const { eventId } = await world.openRoom();
  await db.execute(sql`delete from waiting_rooms where event_id = ${eventId}`);
  await expect(joinWaitingRoom(api, viewerOf(), { eventId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(leaveWaitingRoom(api, viewerOf(), { eventId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('the proof of a draw is for the viewer’s own place, and has the secret only after the draw', async () => {
  const room = await world.openRoom({ state: 'OPEN', joined: 9, drawsInSeconds: 600 });
  const of = { eventId: room.eventId, ticket: undefined };
  const { drawCommitment } = room.live().room;
  expect(await findDrawProof(api, room.fan(4), of)).toEqual({
    ordinal: 4,
    commitment: drawCommitment,
    entries: undefined,
    secret: undefined,
    position: undefined,
  });
  await room.set(sql`state = 'DRAWN', draw_entries = 9, drawn_at = clock_timestamp()`);
  const proof = await findDrawProof(api, room.fan(4), of);
  expect(proof).toMatchObject({
    ordinal: 4,
    commitment: drawCommitment,
    entries: 9,
    position: room.live().positionOf(4),
  });
  expect(proof?.secret).toMatch(/^[0-9a-f]{64}$/);
  expect(await findDrawProof(api, viewerOf(), of)).toBeUndefined();
});

// The last test: PostgreSQL does not come back.
test('while PostgreSQL is away, a waiting fan gets the position, and a fan inside goes on looking', async () => {
  const room = await world.openRoom({ joined: 6, watermark: 1 });
  const { eventId } = room;
  const [inside, waiting, remembered] = [room.fan(0), room.fan(3), room.fan(4)];
  const turn = await findPlace(api, inside, { eventId, ticket: undefined });
  if (!turn) throw new Error('There is no place.');
  const admission = tokenOf(world, turn);
  await requireAdmission(api, inside, { eventId, admission });
  const lookedAt = performance.now();
  const ticket = api.placeTickets.sign({ eventId, userId: waiting.userId, ordinal: 3 });
  await findPlace(api, remembered, { eventId, ticket: undefined });
  await closeDb(db);

  expect(await findPlace(api, waiting, { eventId, ticket })).toMatchObject({ state: 'WAITING', position: 4, ahead: 2 });
  expect(await findPlace(api, remembered, { eventId, ticket: undefined })).toMatchObject({ ordinal: 4 });
  for (const other of ['', `${ticket}x`, api.placeTickets.sign({ eventId, userId: inside.userId, ordinal: 3 })])
    await expect(findPlace(api, room.fan(5), { eventId, ticket: other })).rejects.toMatchObject({ code: 'TRY_AGAIN' });
  // The cached session is no longer fresh.
  await vi.waitUntil(() => performance.now() - lookedAt > 1_000, 25_000);
  await requireAdmission(api, inside, { eventId, admission });
  await expect(requireAdmission(api, inside, { eventId, admission, fresh: true })).rejects.toMatchObject({
    code: 'TRY_AGAIN',
  });
});
