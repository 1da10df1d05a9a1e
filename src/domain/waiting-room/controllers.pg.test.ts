import { sql } from 'drizzle-orm';
import { afterAll, afterEach, expect, test } from 'vitest';
import { waitingRoom } from '#redis/keys.ts';
import { openRoomControllers } from '#test/support/waiting-room/room-controllers.ts';
import { openRoomStores } from '#test/support/waiting-room/waiting-room-stores.ts';
import { Superseded, tickRoom } from './tick-room.ts';

const world = await openRoomStores({ processes: 2 });
const { db, openRoom, sessions } = world;
const controllers = await openRoomControllers(world);
afterEach(() => controllers.rest());
afterAll(async () => {
  await controllers.close();
  await world.close();
});

const stepsOf = async (eventId: string) =>
  (
    await db.execute<{ watermark: number }>(
      sql`select watermark from waiting_room_steps where event_id = ${eventId} order by at`,
    )
  ).map(({ watermark }) => watermark);

test('of two controllers one works; the other takes over at once when it stops, and soon when it dies', async () => {
  const { eventId, read } = await openRoom({ state: 'OPEN', drawsInSeconds: 3600, watermark: 0 });
  const [first, second] = [controllers.open(), controllers.open({ db: world.pools[1] ?? db })];
  const fences = async () =>
    await db.execute<{ lease: number; room: number }>(sql`
      select l.fence::int as lease, r.fence::int as room from leases l, waiting_rooms r where r.event_id = ${eventId}`);
  await first.run();
  const [{ lease: fence, room } = { lease: 0, room: 0 }] = await fences();
  expect(room).toBe(fence);
  const { version } = await read();
  // So that the lease does not end on a slow machine.
  await db.execute(sql`update leases set expires_at = 'infinity'`);
  for (let n = 0; n < 3; n++) await Promise.all([second.run(), second.run()]);
  expect((await read()).version).toBe(version);
  await first.close();
  await second.run();
  expect((await read()).version).toBe(version + 1);
  expect(await fences()).toEqual([{ lease: fence + 1, room: fence + 1 }]);
  // The second controller writes nothing from now on.
  await expect
    .poll(async () => [await first.run(), await fences()].at(1), { interval: 200 })
    .toEqual([{ lease: fence + 2, room: fence + 2 }]);
});

test('a controller that was delayed and replaced meanwhile writes nothing', async () => {
  const { eventId, read, enter, passSeconds } = await openRoom({ capacity: 2, joined: 9, watermark: 1 });
  await enter(0);
  await passSeconds(3600);
  await tickRoom(db, eventId, { fence: 8, canAdmit: false });
  const [room, session] = [await read(), await sessions[0].read(eventId, 0)];
  await expect(tickRoom(db, eventId, { fence: 7, canAdmit: true })).rejects.toBeInstanceOf(Superseded);
  expect([await read(), await sessions[0].read(eventId, 0)]).toEqual([room, session]);
});

test('without the lease, the lock of the room alone keeps many controllers within its capacity', async () => {
  const room = await openRoom({ capacity: 5, joined: 60, watermark: 0 });
  const { eventId, comers, read, enter, end } = room;
  let going = true;
  const ticking = [0, 1, 2, 3].map(async (n) => {
    while (going) await tickRoom(world.pools[n % 2] ?? db, eventId, { fence: 1, canAdmit: true });
  });
  const over: unknown[] = [];
  const watching = (async () => {
    while (going) {
      // No turn is missed yet, so at most as many turns run and sessions live as there are slots.
      const [{ count } = { count: 0 }] = await db.execute<{ count: number }>(sql`
        select watermark - (select count(*)::int from waiting_room_sessions s
          where s.event_id = r.event_id and ended_at is not null) as count
        from waiting_rooms r where event_id = ${eventId}`);
      if (count > 5) over.push(count);
    }
  })();
  for (const { ordinal, position } of comers) {
    await expect.poll(async () => (await read()).watermark, { interval: 5 }).toBeGreaterThanOrEqual(position);
    expect(await enter(ordinal)).toBe('inside');
    if (ordinal >= 2) await end(ordinal - 2);
  }
  going = false;
  await Promise.all([...ticking, watching]);
  expect(over).toEqual([]);
  const steps = await stepsOf(eventId);
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  expect(steps.at(-1)).toBe((await read()).watermark);
});

test('while Redis is away no fan is admitted, those inside go on, and admission continues when Redis is back', async () => {
  const away = controllers.open({ redis: controllers.noRedis });
  const { eventId, read, enter, comer, enterAll, passSeconds } = await openRoom({
    capacity: 3,
    joined: 9,
    watermark: 2,
    sessionSeconds: 60,
  });
  await enterAll([0, 1]);
  await passSeconds(61);
  expect(await sessions[0].touch(eventId, comer(0))).toMatchObject({ ordinal: 0 });
  await away.run();
  expect(await read()).toMatchObject({ watermark: 2, progress: { inside: 1 } });
  expect(await enter(0)).toBe('inside');
  await away.close();
  await controllers.open().run();
  expect((await read()).watermark).toBeGreaterThanOrEqual(4);
});

test('when Redis loses everything, the next tick publishes the room again', async () => {
  const controller = controllers.open();
  const { eventId, read, enter } = await openRoom({ capacity: 3, joined: 9, watermark: 1 });
  await enter(0);
  await controller.run();
  const before = await read();
  await controllers.redis.flushdb();
  await controller.run();
  const after = await read();
  expect(after).toMatchObject({ watermark: before.watermark, joined: before.joined, steps: before.steps });
  await expect
    .poll(() => controllers.publishedOf(eventId).map(({ version }) => version))
    .toEqual([before.version, after.version]);
  expect(await controllers.redis.get(waitingRoom(eventId))).toBe(String(after.version));
});

test('a room that cannot be written does not stop the others, and the error is thrown', async () => {
  const controller = controllers.open();
  const [stuck, fine] = [await openRoom({ watermark: 0 }), await openRoom({ watermark: 1, joined: 20 })];
  await fine.enter(0);
  await db.transaction(async (tx) => {
    await tx.execute(sql`select from waiting_rooms where event_id = ${stuck.eventId} for update`);
    await expect(controller.run()).rejects.toThrow();
    const { version } = await fine.read();
    expect((await fine.read()).watermark).toBe(10);
    // It is left out for a while.
    await controller.run();
    expect((await fine.read()).version).toBe(version + 1);
  });
  await expect.poll(async () => [await controller.run(), (await stuck.read()).watermark].at(1)).toBe(10);
});
