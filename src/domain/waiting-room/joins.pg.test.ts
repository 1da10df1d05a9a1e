import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { begin, closeDb, type Db, openDb } from '#db/client.ts';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { seedRoom } from '#test/support/waiting-room/waiting-room.ts';
import { RateLimited, TryAgain } from '../errors.ts';
import { type Joins, openJoins } from './joins.ts';
import { readRooms } from './read-rooms.ts';
import { placeApplicants, StaleRoom } from './room-statements.ts';

const database = await createBookingDatabase();
const pools = Array.from({ length: 3 }, () => openDb({ url: database.url, poolMax: 4, name: 'joins-test' }));
const [db] = pools as [Db, ...Db[]];
/** Three processes. */
const processes = pools.map((pool) => openJoins({ db: pool }));
const [joins] = processes as [Joins, ...Joins[]];
afterAll(async () => {
  await Promise.all(processes.map((one) => one.close()));
  await Promise.all(pools.map(closeDb));
  await database.drop();
});

const placesOf = async (eventId: string) =>
  await db.execute<{ user_id: string; ordinal: number }>(
    sql`select user_id, ordinal from waiting_room_places where event_id = ${eventId} order by ordinal`,
  );
const joinedOf = async (eventId: string) =>
  (await db.execute<{ joined: number }>(sql`select joined from waiting_rooms where event_id = ${eventId}`))[0]?.joined;

test('three thousand fans who join through three processes form one line without a gap', async () => {
  const { eventId } = await seedRoom(db, undefined, { state: 'OPEN' });
  const fans = Array.from({ length: 3000 }, (_, n) => ({ userId: randomUUIDv7(), n }));
  const answers = await Promise.all(fans.map(({ userId, n }) => processes[n % 3]?.join(eventId, userId)));
  const ordinals = answers.map((answer) => (answer?.kind === 'joined' && answer.isNew ? answer.ordinal : -1));
  expect(ordinals.toSorted((a, b) => a - b)).toEqual(fans.map(({ n }) => n));
  // Within one process, no later arrival is in front of an earlier one.
  for (const process of [0, 1, 2]) {
    const own = ordinals.filter((_, n) => n % 3 === process);
    expect(own).toEqual(own.toSorted((a, b) => a - b));
  }
  const places = await placesOf(eventId);
  expect(places.map(({ user_id }) => user_id)).toEqual(
    fans.toSorted((a, b) => (ordinals[a.n] ?? 0) - (ordinals[b.n] ?? 0)).map(({ userId }) => userId),
  );
  expect(await joinedOf(eventId)).toBe(3000);
});

test('a fan who joins after another one’s result stands behind, in any process', async () => {
  const { eventId } = await seedRoom(db, undefined);
  for (let n = 0; n < 30; n++)
    expect(await processes[n % 3]?.join(eventId, randomUUIDv7())).toEqual({ kind: 'joined', ordinal: n, isNew: true });
});

test('a viewer who joins fifty times at once has one place, and one result says that it is new', async () => {
  const { eventId } = await seedRoom(db, undefined, { state: 'OPEN', joined: 7 });
  const userId = randomUUIDv7();
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => processes[n % 2]?.join(eventId, userId)));
  expect(new Set(answers.map((answer) => answer?.kind === 'joined' && answer.ordinal))).toEqual(new Set([7]));
  expect(answers.filter((answer) => answer?.kind === 'joined' && answer.isNew)).toHaveLength(1);
  expect(await joinedOf(eventId)).toBe(8);
});

test('a place that is over is replaced once, by one at the end, even if that is asked for often', async () => {
  const { eventId, userIds } = await seedRoom(db, undefined, {
    joined: 3,
    watermark: 3,
    turnsBeganSecondsAgo: 99,
  });
  const [userId = ''] = userIds;
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => processes[n % 3]?.join(eventId, userId, 0)));
  expect(answers).toEqual(expect.arrayContaining([{ kind: 'joined', ordinal: 3, isNew: true }]));
  expect(new Set(answers.map((answer) => answer?.kind === 'joined' && answer.ordinal))).toEqual(new Set([3]));
  // Without `replacing` nothing is replaced.
  expect(await joins.join(eventId, userIds[1] ?? '')).toEqual({ kind: 'joined', ordinal: 1, isNew: false });
  expect(await joinedOf(eventId)).toBe(4);
});

test('a fan who left and joins again stands at the end; a fan who is inside is not moved', async () => {
  const { eventId, userIds } = await seedRoom(db, undefined, { joined: 2, watermark: 1 });
  const [inside = '', left = ''] = userIds;
  await db.execute(sql`
    update waiting_room_places set left_at = clock_timestamp() where event_id = ${eventId} and user_id = ${left}`);
  await db.execute(sql`
    insert into waiting_room_sessions (event_id, ordinal, user_id, position, sign_in_id, entered_at, capacity_at_entry, expires_at)
    values (${eventId}, 0, ${inside}, 1, ${randomUUIDv7()}, now(), 1, now() + interval '1 minute')`);
  expect(await joins.join(eventId, left)).toEqual({ kind: 'joined', ordinal: 2, isNew: true });
  expect(await joins.join(eventId, left)).toEqual({ kind: 'joined', ordinal: 2, isNew: false });
  expect(await joins.join(eventId, inside, 0)).toEqual({ kind: 'joined', ordinal: 0, isNew: false });
});

test('fans join a room that is open or drawn, paused or not, or that should be open by now', async () => {
  const join = async (options: Parameters<typeof seedRoom>[2]) =>
    joins.join((await seedRoom(db, undefined, options)).eventId, randomUUIDv7());
  const first = { kind: 'joined', ordinal: 0, isNew: true };
  expect(await join({ state: 'OPEN' })).toEqual(first);
  expect(await join({ state: 'DRAWN', paused: true })).toEqual(first);
  expect(await join({ state: 'CLOSED', opensInSeconds: -1 })).toEqual(first);
  expect(await join({ state: 'ENDED' })).toEqual({ kind: 'ended' });
  expect(await joins.join(randomUUIDv7(), randomUUIDv7())).toEqual({ kind: 'noRoom' });
  const later = await seedRoom(db, undefined, { state: 'CLOSED', opensInSeconds: 90 });
  const answer = await joins.join(later.eventId, randomUUIDv7());
  const [room] = await readRooms(db, { eventIds: [later.eventId] });
  expect(answer).toEqual({ kind: 'notOpen', opensAtMs: room?.opensAtMs, opensInSeconds: expect.any(Number) });
  const seconds = answer.kind === 'notOpen' ? answer.opensInSeconds : 0;
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(90);
});

test('when too many wait, later fans are asked to come again, and no accepted fan is lost', async () => {
  const { eventId } = await seedRoom(db, undefined);
  const small = openJoins({ db, maxQueued: 100 });
  const answers = await Promise.allSettled(Array.from({ length: 500 }, () => small.join(eventId, randomUUIDv7())));
  const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
  expect(refused).toHaveLength(400);
  for (const reason of refused) expect(reason).toBeInstanceOf(RateLimited);
  expect(new Set(refused.map(({ retry }) => retry.afterSeconds)).size).toBeGreaterThan(1);
  expect(await joinedOf(eventId)).toBe(100);
});

test('an address has a limited number of places in a room, through all processes, and leaving one makes room', async () => {
  const [{ eventId }, other] = [await seedRoom(db, undefined), await seedRoom(db, undefined)];
  const limited = pools.map((pool) => openJoins({ db: pool, placesPerAddress: 20 }));
  const keys = [randomUUIDv7(), randomUUIDv7()];
  const ask = (index: number, key: string | undefined, of = eventId, userId = randomUUIDv7()) =>
    (limited[index % limited.length] ?? joins).join(of, userId, undefined, key).then(({ kind }) => ({ kind, userId }));
  const crowd = await Promise.all(Array.from({ length: 300 }, (_, index) => ask(index, keys[index % 2])));
  const inside = crowd.filter(({ kind }) => kind === 'joined');
  expect(inside).toHaveLength(40);
  expect(crowd.filter(({ kind }) => kind === 'tooManyPlaces')).toHaveLength(260);
  // Ordinals have no gap for refused fans.
  expect((await placesOf(eventId)).map(({ ordinal }) => ordinal)).toEqual(Array.from({ length: 40 }, (_, n) => n));
  const counts = await db.execute(sql`
    select count(*)::int as places from waiting_room_places where event_id = ${eventId} group by address_key`);
  expect(counts).toEqual([{ places: 20 }, { places: 20 }]);
  // A fan who has a place keeps it; other rooms, other addresses and callers without an address are not affected.
  const [first, second] = inside;
  const ownKey = keys[crowd.indexOf(first as (typeof crowd)[number]) % 2];
  expect((await ask(0, ownKey, eventId, first?.userId)).kind).toBe('joined');
  expect((await ask(0, ownKey, other.eventId)).kind).toBe('joined');
  expect((await ask(0, randomUUIDv7())).kind).toBe('joined');
  expect((await ask(0, undefined)).kind).toBe('joined');
  await db.execute(sql`
    update waiting_room_places set left_at = now() where event_id = ${eventId} and user_id = ${second?.userId ?? null}`);
  const freed = keys[crowd.indexOf(second as (typeof crowd)[number]) % 2];
  const next = await Promise.all([ask(0, freed), ask(1, freed), ask(2, freed)]);
  expect(next.filter(({ kind }) => kind === 'joined')).toHaveLength(1);
});

test('while PostgreSQL is away a join throws TryAgain', async () => {
  const nowhere = openDb({ url: 'postgres://127.0.0.1:9/nowhere', poolMax: 1, name: 'test' });
  await expect(openJoins({ db: nowhere }).join(randomUUIDv7(), randomUUIDv7())).rejects.toBeInstanceOf(TryAgain);
  await closeDb(nowhere);
});

test('without the lock of the room a viewer still has one place, and no ordinal is given out twice', async () => {
  const { eventId } = await seedRoom(db, undefined);
  const userId = randomUUIDv7();
  const unlocked = (userIds: string[]) =>
    begin(db, (tx) =>
      placeApplicants(tx, eventId, { applicants: userIds.map((id) => ({ userId: id, replacing: null })) }),
    );
  const results = await Promise.allSettled(Array.from({ length: 40 }, () => unlocked([userId, randomUUIDv7()])));
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  expect(reasons.length).toBeGreaterThan(0);
  for (const reason of reasons) expect(reason).toBeInstanceOf(StaleRoom);
  const places = await placesOf(eventId);
  expect(places.filter(({ user_id }) => user_id === userId)).toHaveLength(1);
  expect(places.map(({ ordinal }) => ordinal)).toEqual(places.map((_, index) => index));
  expect(await joinedOf(eventId)).toBe(places.length);
});
