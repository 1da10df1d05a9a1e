import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { begin, closeDb, openDb } from '#db/client.ts';
import { openRoomStores } from '#test/support/waiting-room/waiting-room-stores.ts';
import { TryAgain } from '../errors.ts';
import { openPlaces } from './places.ts';
import { openRoomSessions } from './room-sessions.ts';
import { type Comer, writeComers } from './session-statements.ts';

// Four processes, with one connection each.
const world = await openRoomStores({ processes: 4, poolMax: 1 });
const { db, places, changed, openRoom, sessions: processes } = world;
const [sessions] = processes;
afterAll(() => world.close());

/** Entries after which more fans were inside than the capacity of the room. */
const overfull = async (eventId: string) =>
  await db.execute(sql`
    select s.ordinal, s.capacity_at_entry from waiting_room_sessions s
    where s.event_id = ${eventId} and s.entered_at is not null and s.capacity_at_entry < (
      select count(*) from waiting_room_sessions o where o.event_id = s.event_id and o.entered_at <= s.entered_at
        and (o.ended_at is null or o.ended_at > s.entered_at))`);

test('two hundred fans who come at once through four processes never exceed the capacity, while it changes', async () => {
  const { eventId, comers, set, enter, end } = await openRoom({ capacity: 20, joined: 200 });
  let going = true;
  const entered = new Set<number>();
  const changing = (async () => {
    for (let n = 0; going; n++) await set(sql`capacity = ${[35, 5, 20, 0, 12][n % 5] ?? 0}`);
  })();
  const visit = async (ordinal: number) => {
    for (;;) {
      if ((await enter(ordinal, processes[ordinal % 4])) !== 'inside') continue;
      entered.add(ordinal);
      return await end(ordinal);
    }
  };
  await Promise.all(comers.map(({ ordinal }) => visit(ordinal)));
  going = false;
  await changing;
  expect(entered.size).toBe(200);
  expect(await overfull(eventId)).toEqual([]);
});

test('a full room leaves the others at the door, and a free slot goes to the first of them', async () => {
  const { enter, enterAll, end } = await openRoom({ capacity: 2 });
  expect(await enterAll([3, 7])).toEqual(['inside', 'inside']);
  expect(await enterAll([6, 5])).toEqual(['full', 'full']);
  await end(3);
  // The slot is kept for 5, who is first at the door: against those behind it, not against those before it.
  expect(await enter(6)).toBe('full');
  expect(await enter(9)).toBe('full');
  expect(await enter(1)).toBe('inside');
  await end(7);
  expect(await enter(6)).toBe('full');
  expect(await enter(5)).toBe('inside');
});

test('a slot is not kept for a fan who left the door', async () => {
  const { eventId, enter, end } = await openRoom({ capacity: 1, graceSeconds: 30 });
  expect(await enter(9)).toBe('inside');
  expect(await enter(2)).toBe('full');
  await end(9);
  expect(await enter(3)).toBe('full');
  await db.execute(sql`
    update waiting_room_sessions set knocked_at = knocked_at - interval '31 s' where event_id = ${eventId} and ordinal = 2`);
  expect(await enter(3)).toBe('inside');
});

test('fans who come in order of arrival enter in order of position', async () => {
  const { enterAll } = await openRoom({ capacity: 3 });
  expect(await enterAll([8, 2, 9, 0, 4])).toEqual(['full', 'inside', 'full', 'inside', 'inside']);
});

test('a fan who comes twenty times at once is inside once, and under the same session', async () => {
  const { eventId, comer, enter, news } = await openRoom({ capacity: 1 });
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => enter(4, processes[n % 4])));
  expect(new Set(answers)).toEqual(new Set(['inside']));
  expect(news()).toEqual([4]);
  // Another sign-in of the same viewer does not enter as well.
  expect(await sessions.enter(eventId, { ...comer(4), signInId: randomUUIDv7() })).toEqual({ kind: 'over' });
  expect(await enter(4)).toBe('inside');
});

test('of two sign-ins of a viewer that come at once, one is inside', async () => {
  const { eventId, comer } = await openRoom();
  const answers = await Promise.all(
    processes.map((process) => process.enter(eventId, { ...comer(0), signInId: randomUUIDv7() })),
  );
  expect(answers.map(({ kind }) => kind).sort()).toEqual(['inside', 'over', 'over', 'over']);
});

test('a fan does not enter without the place, the turn or a room that admits', async () => {
  const { eventId, comer, enter, leave, set } = await openRoom({ joined: 12, watermark: 9 });
  const kindOf = async (change: object) => (await sessions.enter(eventId, { ...comer(1), ...change })).kind;
  expect(await kindOf({ userId: randomUUIDv7() })).toBe('over');
  expect(await kindOf({ ordinal: 2 })).toBe('over');
  expect(await kindOf({ position: 10 })).toBe('over');
  expect(await sessions.enter(randomUUIDv7(), comer(1))).toEqual({ kind: 'over' });
  await leave(comer(8), true);
  expect(await enter(8)).toBe('over');
  for (const state of ['CLOSED', 'OPEN', 'ENDED']) {
    await set(sql`state = ${state}`);
    expect(await enter(1)).toBe('over');
  }
  await set(sql`state = 'DRAWN', paused = true`);
  expect(await enter(1)).toBe('inside');
});

test('a turn that is over is not redeemed, and a later one is', async () => {
  const { eventId, enter, set } = await openRoom({
    joined: 6,
    watermark: 3,
    graceSeconds: 60,
    turnsBeganSecondsAgo: 300,
  });
  await db.execute(sql`insert into waiting_room_steps values (${eventId}, 6, clock_timestamp())`);
  await set(sql`watermark = 6`);
  expect(await enter(2)).toBe('over');
  expect(await enter(3)).toBe('inside');
});

test('a fan at the door keeps the turn by asking again', async () => {
  const { eventId, enter, end } = await openRoom({ capacity: 1, graceSeconds: 30 });
  expect(await enter(1)).toBe('inside');
  expect(await enter(0)).toBe('full');
  await db.execute(sql`update waiting_room_steps set at = at - interval '2 minutes' where event_id = ${eventId}`);
  expect(await enter(2)).toBe('over');
  expect(await enter(0)).toBe('full');
  await end(1);
  expect(await enter(0)).toBe('inside');
});

test('a room made smaller sends no fan away and admits no fan until there is a slot again', async () => {
  const { enterAll, enter, end, set } = await openRoom({ capacity: 4 });
  await enterAll([0, 1, 2, 3]);
  await set(sql`capacity = 0`);
  expect(await enterAll([0, 1, 4])).toEqual(['inside', 'inside', 'full']);
  await set(sql`capacity = 3`);
  await end(0);
  expect(await enter(4)).toBe('full');
  await end(1);
  expect(await enter(4)).toBe('inside');
});

test('activity extends the session of its own sign-in, until it has ended', async () => {
  const { eventId, comer, enter, end } = await openRoom({ sessionSeconds: 600 });
  await enter(0);
  await db.execute(sql`update waiting_room_sessions set expires_at = now() where event_id = ${eventId}`);
  const before = await sessions.read(eventId, 0);
  const owner = comer(0);
  const answers = await Promise.all([
    sessions.touch(eventId, owner),
    sessions.touch(eventId, { ...owner, signInId: randomUUIDv7() }),
    sessions.touch(eventId, comer(1)),
  ]);
  expect(answers).toEqual([expect.objectContaining({ ordinal: 0 }), undefined, undefined]);
  expect((answers[0]?.expiresAtMs ?? 0) - (before?.expiresAtMs ?? 0)).toBeGreaterThanOrEqual(599_000);
  await end(0);
  expect(await sessions.touch(eventId, owner)).toBeUndefined();
  expect(await enter(0)).toBe('over');
});

test('a session moves to another sign-in of its viewer, and to no other viewer’s', async () => {
  const { eventId, comer, enter, news } = await openRoom();
  await enter(0);
  const signInId = randomUUIDv7();
  expect(await sessions.moveTo(eventId, { ordinal: 0, userId: comer(1).userId, signInId })).toBeUndefined();
  expect(await sessions.moveTo(eventId, { ordinal: 0, userId: comer(0).userId, signInId })).toMatchObject({ signInId });
  expect(await sessions.touch(eventId, comer(0))).toBeUndefined();
  expect(await sessions.touch(eventId, { ordinal: 0, signInId })).toMatchObject({ ordinal: 0 });
  expect(news()).toEqual([0, 0]);
});

test('an end is reported once, and a checkout ends no session that began after it', async () => {
  const { eventId, comer, enter, news } = await openRoom();
  await enter(0);
  const { userId } = comer(0);
  const enteredAtMs = (await sessions.read(eventId, 0))?.enteredAtMs ?? 0;
  expect(await sessions.end(eventId, userId, 'CHECKOUT', { beforeMs: enteredAtMs - 1 })).toEqual([]);
  expect(await sessions.end(eventId, userId, 'CHECKOUT', { beforeMs: enteredAtMs + 1 })).toEqual([0]);
  expect(await sessions.end(eventId, userId, 'CHECKOUT', { beforeMs: enteredAtMs + 1 })).toEqual([]);
  expect(news()).toEqual([0, 0]);
});

test('leaving gives up the place while waiting, the turn when it runs, the session inside, each once', async () => {
  const { eventId, comer, comers, enter, leave, news } = await openRoom({ joined: 4, watermark: 2 });
  const [inside, onTurn, waiting] = comers as [(typeof comers)[0], (typeof comers)[0], (typeof comers)[0]];
  await enter(0);
  await Promise.all([leave(inside, true), leave(onTurn, true), leave(waiting, false)]);
  expect(await sessions.read(eventId, 0)).toMatchObject({ endedAtMs: expect.any(Number) });
  expect(await sessions.read(eventId, 1)).toMatchObject({ enteredAtMs: null, endedAtMs: expect.any(Number) });
  expect(await sessions.read(eventId, 2)).toBeUndefined();
  const find = (ordinal: number) => places.find(eventId, comer(ordinal).userId);
  expect(await find(1)).toEqual({ ordinal: 1, hasLeft: false });
  expect(await find(2)).toEqual({ ordinal: 2, hasLeft: true });
  expect(await places.find(eventId, randomUUIDv7())).toBeUndefined();
  expect(news()).toHaveLength(3);
  await leave(onTurn, true);
  // With another viewer's ordinal nothing happens.
  await leave({ ...comer(3), ordinal: 0 }, true);
  expect(news()).toHaveLength(3);
  expect(await find(3)).toEqual({ ordinal: 3, hasLeft: false });
});

test('without the lock of the room a place is still redeemed once, and a fan who left does not enter', async () => {
  const { eventId, comer, comers, leave } = await openRoom({ capacity: 5 });
  const [left] = comers as [(typeof comers)[0]];
  await leave(left, true);
  const write = (comer: Comer) => begin(db, (tx) => writeComers(tx, eventId, [comer], new Set([comer.ordinal])));
  expect(await write(left)).toEqual([]);
  const rivals = Array.from({ length: 8 }, (_, n) => ({ ...comer(1), ...(n % 2 && { userId: randomUUIDv7() }) }));
  const written = await Promise.all(
    rivals.map((rival, n) => begin(world.pools[n % 4] ?? db, (tx) => writeComers(tx, eventId, [rival], new Set([1])))),
  );
  expect(written.flat()).toHaveLength(1);
});

test('while PostgreSQL is away all methods throw TryAgain', async () => {
  const nowhere = openDb({ url: 'postgres://127.0.0.1:9/nowhere', poolMax: 1, name: 'test' });
  const [away, id] = [openRoomSessions({ db: nowhere, changed }), randomUUIDv7()];
  const comer = { ordinal: 0, position: 1, userId: id, signInId: id };
  const answers = await Promise.allSettled([
    away.enter(id, comer),
    away.touch(id, comer),
    away.read(id, 0),
    away.moveTo(id, comer),
    away.end(id, id, 'LEFT'),
    openPlaces({ db: nowhere, changed }).find(id, id),
  ]);
  for (const answer of answers) expect(answer.status === 'rejected' && answer.reason).toBeInstanceOf(TryAgain);
  await closeDb(nowhere);
});
