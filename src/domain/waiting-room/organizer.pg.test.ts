import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { EventWatches } from '#domain/catalog/event-watches.ts';
import { watchEvent } from '#domain/catalog/watch-event.ts';
import { NotFound, TryAgain } from '#domain/errors.ts';
import type { Viewer } from '#domain/viewer.ts';
import { WAITING_ROOMS_CHANNEL } from '#redis/channels.ts';
import { openRedis, type Redis } from '#redis/client.ts';
import { type Heartbeat, openHeartbeat } from '#redis/heartbeat.ts';
import { openPubSub, type PubSub } from '#redis/pubsub.ts';
import { type SeededEvent, seedEvent, seedMember, seedUser } from '#test/support/databases/catalog.ts';
import { createBookingDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { commitmentOf } from '../draw-secret-rules.ts';
import { NotAllowed } from '../organization/errors.ts';
import { openRights, type Rights } from '../organization/rights.ts';
import { configureWaitingRoom } from './configure-waiting-room.ts';
import { endWaitingRoom } from './end-waiting-room.ts';
import { openWaitingRoom } from './open-waiting-room.ts';
import { pauseWaitingRoom } from './pause-waiting-room.ts';
import type { Room } from './room.ts';
import { findRoomStats } from './room-stats.ts';
import { watchRoomStats } from './watch-room-stats.ts';

let database: TestDatabase;
let db: Db;
let redis: Redis;
let pubsub: PubSub;
let heartbeat: Heartbeat;
let rights: Rights;
let needs: { db: Db; redis: Redis; pubsub: PubSub; heartbeat: Heartbeat; rights: Rights };
let plan: SeededEvent;

beforeAll(async () => {
  database = await createBookingDatabase();
  db = openDb({ url: database.url, poolMax: 6, name: 'organizer-test' });
  const url = await testRedisUrl();
  redis = openRedis({ url, name: 'organizer-test' });
  pubsub = openPubSub({ url, name: 'organizer-test' });
  heartbeat = openHeartbeat({ pubsub }, { deafAfterMs: 1_000_000, recheckMs: 1_000_000 });
  rights = openRights({ db, pubsub });
  needs = { db, redis, pubsub, heartbeat, rights };
  plan = await seedEvent(db, { seats: 4 });
});

afterAll(async () => {
  rights.close();
  heartbeat.close();
  await pubsub.close();
  redis.disconnect();
  await closeDb(db);
  await database.drop();
});

const viewerOf = (userId: string, role: Viewer['role'] = 'ORGANIZER'): Viewer => ({
  userId,
  role,
  sessionId: randomUUID(),
  tokenExpiresAt: new Date(Date.now() + 900_000),
});
const inMinutes = (minutes: number) => new Date(Math.floor(Date.now() / 1000) * 1000 + minutes * 60_000);
const stored = async (eventId: string) =>
  (await db.execute(sql`select * from waiting_rooms where event_id = ${eventId}`))[0];

async function newEvent(more: Partial<Parameters<typeof seedEvent>[1]> = {}) {
  const { eventId, organizerId, organizationId } = await seedEvent(db, { seats: 4, like: plan, ...more });
  return { eventId, organizationId, organizer: viewerOf(organizerId) };
}
async function newRoom(input: Partial<Parameters<typeof configureWaitingRoom>[2]> = {}) {
  const { eventId, organizationId, organizer } = await newEvent();
  const room = await configureWaitingRoom(needs, organizer, { eventId, capacity: 10, ...input });
  return { eventId, organizationId, organizer, room };
}
/** As the controller does at `draw_at`. */
const draw = (eventId: string) =>
  db.execute(sql`
    update waiting_rooms set state = 'DRAWN', drawn_at = clock_timestamp(), draw_entries = joined,
      version = version + 1, updated_at = clock_timestamp() where event_id = ${eventId}`);

test('a room is made once, with one secret, even if it is configured often and concurrently', async () => {
  const { eventId, organizer } = await newEvent();
  const made = await Promise.all(
    [1, 2, 3, 4].map((capacity) => configureWaitingRoom(needs, organizer, { eventId, capacity })),
  );
  expect(new Set(made.map(({ drawCommitment }) => drawCommitment)).size).toBe(1);
  expect(made.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4]);
  const row = await stored(eventId);
  expect(commitmentOf(String(row?.draw_secret))).toBe(made[0]?.drawCommitment);
  expect(made.every(({ draw }) => draw === undefined)).toBe(true);
});

test('settings change while the room runs, except the times once the draw is made', async () => {
  const { eventId, organizer, room } = await newRoom({ opensAt: inMinutes(-10) });
  await draw(eventId);
  const change = (input: object) => configureWaitingRoom(needs, organizer, { eventId, ...input });
  const changed = await change({ capacity: 0, sessionMinutes: 3, graceSeconds: 30 });
  expect(changed).toMatchObject({ state: 'DRAWN', capacity: 0, sessionSeconds: 180, graceSeconds: 30 });
  expect(changed).toMatchObject({ opensAtMs: room.opensAtMs, drawAtMs: room.drawAtMs });
  expect(changed.version).toBe(room.version + 2);
  await expect(change({ drawAt: inMinutes(5) })).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'drawAt' });
  await expect(change({ opensAt: inMinutes(5) })).rejects.toMatchObject({ field: 'opensAt' });
  await expect(change({ capacity: -1 })).rejects.toMatchObject({ field: 'capacity' });
  expect(await change({})).toMatchObject({ capacity: 0 });
});

test('an event whose sale is over gets no room, but an existing room may still be configured', async () => {
  const over = await newEvent({ onSaleInSeconds: -7200, offSaleInSeconds: -3600 });
  const configure = () => configureWaitingRoom(needs, over.organizer, { eventId: over.eventId, capacity: 1 });
  await expect(configure()).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'eventId' });
  const { eventId, organizer } = await newRoom();
  await db.execute(
    sql`update events set on_sale_at = now() - interval '2 hours', off_sale_at = now() where id = ${eventId}`,
  );
  expect(await configureWaitingRoom(needs, organizer, { eventId, capacity: 3 })).toMatchObject({ capacity: 3 });
});

test('opening early opens now and moves a default draw with it; a draw that was set stays', async () => {
  const early = await newRoom({ opensAt: inMinutes(60) });
  expect(early.room).toMatchObject({ state: 'CLOSED', drawAtMs: early.room.opensAtMs });
  const opened = await openWaitingRoom(needs, early.organizer, early);
  expect(opened).toMatchObject({ state: 'OPEN', drawAtMs: opened.opensAtMs });
  expect(opened.opensAtMs).toBeLessThan(early.room.opensAtMs);
  expect(await openWaitingRoom(needs, early.organizer, early), 'again').toEqual(opened);

  const drawAt = inMinutes(90);
  const set = await newRoom({ opensAt: inMinutes(60), drawAt });
  expect(await openWaitingRoom(needs, set.organizer, set)).toMatchObject({ state: 'OPEN', drawAtMs: drawAt.getTime() });
});

test('paused and opened, a room continues in its former state', async () => {
  const { eventId, organizer } = await newRoom();
  await openWaitingRoom(needs, organizer, { eventId });
  expect(await pauseWaitingRoom(needs, organizer, { eventId })).toMatchObject({ state: 'OPEN', isPaused: true });
  expect(await openWaitingRoom(needs, organizer, { eventId })).toMatchObject({ state: 'OPEN', isPaused: false });
  await draw(eventId);
  const paused = await pauseWaitingRoom(needs, organizer, { eventId });
  expect(paused).toMatchObject({ state: 'DRAWN', isPaused: true });
  expect(await pauseWaitingRoom(needs, organizer, { eventId }), 'again').toEqual(paused);
  expect(await openWaitingRoom(needs, organizer, { eventId })).toMatchObject({ state: 'DRAWN', isPaused: false });
});

test('ended and opened again, a room has its places, its draw and its watermark', async () => {
  const { eventId, organizer } = await newRoom();
  await openWaitingRoom(needs, organizer, { eventId });
  expect(await endWaitingRoom(needs, organizer, { eventId })).toMatchObject({ state: 'ENDED' });
  expect(await openWaitingRoom(needs, organizer, { eventId }), 'before the draw').toMatchObject({ state: 'OPEN' });
  await db.execute(sql`update waiting_rooms set joined = 7 where event_id = ${eventId}`);
  await draw(eventId);
  await db.execute(sql`update waiting_rooms set watermark = 3 where event_id = ${eventId}`);
  const ended = await endWaitingRoom(needs, organizer, { eventId });
  expect(await endWaitingRoom(needs, organizer, { eventId }), 'again').toEqual(ended);
  expect(await pauseWaitingRoom(needs, organizer, { eventId }), 'nothing to pause').toEqual(ended);
  const again = await openWaitingRoom(needs, organizer, { eventId });
  expect(again).toMatchObject({ state: 'DRAWN', isPaused: false, joined: 7, watermark: 3, draw: ended.draw });
});

const operations = { configureWaitingRoom, openWaitingRoom, pauseWaitingRoom, endWaitingRoom };
test.each(Object.entries(operations))(
  '%s: only for owners and managers of the organization of the event, and for an admin',
  async (name, operation) => {
    const { eventId, organizer, organizationId } = await newRoom();
    const draft = await newEvent({ status: 'DRAFT' });
    const before = await stored(eventId);
    const other = await seedEvent(db, { seats: 4, like: plan });
    const ask = (viewer: Viewer, id = eventId): Promise<Room> => operation(needs, viewer, { eventId: id, capacity: 1 });
    // A token that calls itself an administrator's is not believed.
    for (const role of ['ORGANIZER', 'FAN', 'ADMIN'] as const)
      await expect(ask(viewerOf(other.organizerId, role))).rejects.toBeInstanceOf(NotFound);
    const member = viewerOf((await seedUser(db)).userId);
    for (const role of ['BOX_OFFICE', 'DOOR', 'FINANCE', 'READER'] as const) {
      await seedMember(db, { organizationId, userId: member.userId, role });
      await rights.changed(organizationId);
      await expect(ask(member), role).rejects.toBeInstanceOf(NotAllowed);
    }
    for (const id of [randomUUID(), 'nonsense']) await expect(ask(organizer, id)).rejects.toBeInstanceOf(NotFound);
    await expect(ask(draft.organizer, draft.eventId)).rejects.toBeInstanceOf(NotFound);
    expect(await stored(eventId)).toEqual(before);
    await ask(organizer);
    await ask(viewerOf((await seedUser(db, { role: 'ADMIN' })).userId));
    await seedMember(db, { organizationId, userId: member.userId, role: 'MANAGER' });
    await rights.changed(organizationId);
    await ask(member);
    const bare = await newEvent();
    if (name !== 'configureWaitingRoom')
      await expect(ask(bare.organizer, bare.eventId), 'an event without a room').rejects.toBeInstanceOf(NotFound);
  },
);

test('publishes each change to the API processes and to the watchers of the event', async () => {
  const { eventId, organizer } = await newEvent();
  const told: Room[] = [];
  await pubsub.subscribe(WAITING_ROOMS_CHANNEL, (room: Room) => {
    if (room.eventId === eventId) told.push(room);
  });
  const eventWatches = new EventWatches(needs);
  const watcher = await watchEvent({ eventWatches }, eventId);
  await watcher.next();
  const changes = [
    () => configureWaitingRoom(needs, organizer, { eventId, capacity: 1 }),
    () => configureWaitingRoom(needs, organizer, { eventId, capacity: 2 }),
    () => openWaitingRoom(needs, organizer, { eventId }),
    () => pauseWaitingRoom(needs, organizer, { eventId }),
    () => endWaitingRoom(needs, organizer, { eventId }),
  ];
  for (const [index, change] of changes.entries()) {
    const next = watcher.next();
    const room = await change();
    expect((await next).value).toEqual({ eventId });
    await vi.waitFor(() => expect(told[index]).toEqual(JSON.parse(JSON.stringify(room))));
  }
  await watcher.return?.();
});

const statsOf = async (actor: Viewer, eventId: string) =>
  (await findRoomStats(needs, { actor, eventId, operation: 'Query.waitingRoomStats' }))?.stats;

test('stats are for the organization alone, and are pushed after each change', async () => {
  const { eventId, organizer } = await newRoom();
  const other = viewerOf((await seedUser(db, { role: 'ORGANIZER' })).userId);
  expect(await statsOf(other, eventId)).toBeUndefined();
  await expect(watchRoomStats(needs, other, eventId)).rejects.toBeInstanceOf(NotFound);
  expect(await statsOf(organizer, randomUUID())).toBeUndefined();
  expect(await statsOf(organizer, eventId)).toEqual({
    eventId,
    state: 'CLOSED',
    isPaused: false,
    capacity: 10,
    joined: 0,
    waiting: 0,
    inside: 0,
    admittedPerMinute: 0,
    showUpRate: 1,
    missed: 0,
    estimate: undefined,
  });
  const stats = await watchRoomStats(needs, organizer, eventId);
  expect((await stats.next()).value).toMatchObject({ state: 'CLOSED' });
  const next = stats.next();
  await openWaitingRoom(needs, organizer, { eventId });
  expect((await next).value).toMatchObject({ state: 'OPEN' });
  const progress = {
    inside: 2,
    waiting: 60,
    admittedPerMinute: 9,
    showUpRate: 0.5,
    missed: 1,
    pace: { p50: 2, p90: 1 },
  };
  await draw(eventId);
  await db.execute(sql`update waiting_rooms set joined = 99, watermark = 39, progress = ${JSON.stringify(progress)}::jsonb
    where event_id = ${eventId}`);
  const { pace: _, ...measured } = progress;
  expect(await statsOf(organizer, eventId)).toMatchObject({
    ...measured,
    estimate: { p50Seconds: 31, p90Seconds: expect.any(Number) },
  });
  const waiting = stats.next();
  await stats.return?.();
  // An earlier change may be reported first.
  expect((await waiting).done || (await stats.next()).done).toBe(true);
});

test('each change is audited with the room before and after; a change of nothing is not', async () => {
  const { eventId, organizer, organizationId } = await newRoom();
  await openWaitingRoom(needs, organizer, { eventId });
  await openWaitingRoom(needs, organizer, { eventId });
  const admin = viewerOf((await seedUser(db, { role: 'ADMIN' })).userId);
  await pauseWaitingRoom(needs, admin, { eventId });
  const rows = await db.execute(sql`
    select user_id, role, operation, subject_type, before->>'state' as before, after->>'state' as after
    from organizer_audit where organization_id = ${organizationId} and subject_id = ${eventId} order by id`);
  const about = { user_id: organizer.userId, role: 'OWNER', subject_type: 'Event' };
  expect([...rows]).toEqual([
    { ...about, operation: 'configureWaitingRoom', before: null, after: 'CLOSED' },
    { ...about, operation: 'openWaitingRoom', before: 'CLOSED', after: 'OPEN' },
    { ...about, user_id: admin.userId, role: 'ADMIN', operation: 'pauseWaitingRoom', before: 'OPEN', after: 'OPEN' },
  ]);
});

test('makes a change also without Redis', async () => {
  const gone = openRedis({ url: 'redis://127.0.0.1:1', name: 'organizer-test-gone' });
  const { eventId, organizer } = await newRoom();
  expect(await openWaitingRoom({ db, redis: gone, rights }, organizer, { eventId })).toMatchObject({ state: 'OPEN' });
  gone.disconnect();
});

test('throws TryAgain for the organizer without PostgreSQL', async () => {
  const gone = openDb({ url: 'postgres://nobody@127.0.0.1:1/none', poolMax: 1, name: 'organizer-test-gone' });
  const { eventId, organizer } = await newRoom();
  await expect(endWaitingRoom({ db: gone, redis, rights }, organizer, { eventId })).rejects.toBeInstanceOf(TryAgain);
  await closeDb(gone);
});
