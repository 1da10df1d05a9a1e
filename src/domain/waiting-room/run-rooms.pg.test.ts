import { sql } from 'drizzle-orm';
import { afterAll, afterEach, expect, test } from 'vitest';
import { WAITING_ROOMS_CHANNEL } from '#redis/channels.ts';
import { openRedis } from '#redis/client.ts';
import { waitingRoom } from '#redis/keys.ts';
import { openPubSub } from '#redis/pubsub.ts';
import { NO_REDIS } from '#test/support/box.ts';
import { seedEvent } from '#test/support/catalog.ts';
import { testRedisUrl } from '#test/support/redis.ts';
import { openRoomStores } from '#test/support/waiting-room-stores.ts';
import type { Room } from './room.ts';
import { openRoomController, type RoomController } from './run-rooms.ts';
import { Superseded, tickRoom } from './tick-room.ts';

const world = await openRoomStores({ processes: 2 });
const { db, changed, openRoom, sessions } = world;
const redisUrl = await testRedisUrl();
const redis = openRedis({ url: redisUrl, name: 'run-rooms-test' });
const noRedis = openRedis({ url: NO_REDIS, name: 'run-rooms-test' });
const pubsub = openPubSub({ url: redisUrl, name: 'run-rooms-test' });
const published: Room[] = [];
await pubsub.subscribe(WAITING_ROOMS_CHANNEL, (room: Room) => void published.push(room));
const controllers: RoomController[] = [];
afterEach(async () => {
  for (const controller of controllers.splice(0)) await controller.close();
  // The next test's controller has only its own rooms.
  await db.execute(sql`update waiting_rooms set state = 'ENDED'`);
});
afterAll(async () => {
  await pubsub.close();
  for (const connection of [redis, noRedis]) connection.disconnect();
  await world.close();
});

function openController(own: Partial<Parameters<typeof openRoomController>[0]> = {}): RoomController {
  const controller = openRoomController({ db, redis, changed, ...own });
  controllers.push(controller);
  return controller;
}

const stepsOf = async (eventId: string) =>
  (
    await db.execute<{ watermark: number }>(
      sql`select watermark from waiting_room_steps where event_id = ${eventId} order by at`,
    )
  ).map(({ watermark }) => watermark);

test('a room opens, is drawn and admits when its times have come, each told to everybody', async () => {
  const controller = openController();
  const { eventId, read, set } = await openRoom({
    state: 'CLOSED',
    opensInSeconds: 3600,
    drawsInSeconds: 7200,
    joined: 5,
    watermark: 0,
    capacity: 3,
  });
  const closed = await read();
  await controller.run();
  expect(await read()).toEqual(closed);
  await set(sql`opens_at = clock_timestamp()`);
  await controller.run();
  expect(await read()).toMatchObject({ state: 'OPEN', draw: undefined, watermark: 0, version: closed.version + 1 });
  await set(sql`draw_at = clock_timestamp()`);
  await controller.run();
  const drawn = await read();
  expect(drawn).toMatchObject({ state: 'DRAWN', draw: { entries: 5 }, watermark: 3, version: closed.version + 2 });
  expect(drawn.steps.map(({ watermark }) => watermark)).toEqual([3]);
  await expect
    .poll(() => published.filter((room) => room.eventId === eventId).map(({ state }) => state))
    .toEqual(['OPEN', 'DRAWN']);
  expect(published.find((room) => room.eventId === eventId && room.state === 'OPEN')).not.toHaveProperty('draw');
});

test('the watermark makes room for those who come, and passes nobody who joined', async () => {
  const controller = openController();
  const { eventId, read, enterAll, end } = await openRoom({ capacity: 4, joined: 6, watermark: 0 });
  await controller.run();
  expect((await read()).watermark).toBe(4);
  expect(await enterAll([0, 1, 2, 3])).toEqual(['inside', 'inside', 'inside', 'inside']);
  await controller.run();
  expect(await read()).toMatchObject({ watermark: 4, progress: { inside: 4, waiting: 2 } });
  await end(0);
  await controller.run();
  expect((await read()).watermark).toBe(5);
  for (const ordinal of [1, 2, 3]) await end(ordinal);
  await controller.run();
  expect((await read()).watermark).toBe(6);
  expect(await stepsOf(eventId)).toEqual([4, 5, 6]);
});

test('turns that nobody takes do not stall the room, and are counted', async () => {
  const controller = openController();
  const { read, enterAll, passSeconds } = await openRoom({ capacity: 4, joined: 100, watermark: 0, graceSeconds: 30 });
  await controller.run();
  await enterAll([0, 1]);
  await controller.run();
  expect((await read()).watermark).toBe(4);
  await passSeconds(31);
  await controller.run();
  const { watermark, progress } = await read();
  expect(progress).toMatchObject({ inside: 2, missed: 2 });
  expect(progress.showUpRate).toBeLessThan(1);
  expect(watermark).toBeGreaterThanOrEqual(6);
  await controller.run();
  expect((await read()).progress.missed).toBe(2);
});

test('those who are at the door count, and are called in when a slot is free, the first ones first', async () => {
  const controller = openController();
  const { eventId, read, enterAll, enter, end, news, passSeconds } = await openRoom({
    capacity: 2,
    joined: 9,
    watermark: 5,
  });
  await enterAll([3, 4]);
  await enterAll([2, 0, 1]);
  const before = news().length;
  await controller.run();
  expect(news()).toHaveLength(before);
  await end(3);
  await controller.run();
  // The end itself is told, too.
  expect(news().slice(before)).toEqual([3, 0]);
  expect((await read()).watermark).toBe(5);
  expect((await sessions[0].read(eventId, 0))?.calledAtMs).toEqual(expect.any(Number));
  await controller.run();
  expect(news().slice(before)).toEqual([3, 0]);
  await passSeconds(6);
  await controller.run();
  expect(news().slice(before)).toEqual([3, 0, 0]);
  expect(await enter(1)).toBe('full');
  expect(await enter(0)).toBe('inside');
});

test('who is silent gives the slot to the next one, but not while a payment is open', async () => {
  const controller = openController();
  const { eventId, read, enterAll, book, news, passSeconds } = await openRoom({
    capacity: 2,
    joined: 5,
    watermark: 2,
    sessionSeconds: 100,
  });
  await enterAll([0, 1]);
  const bookingId = await book(0);
  await passSeconds(101);
  await controller.run();
  expect(news()).toEqual([0, 1, 1]);
  expect((await sessions[0].read(eventId, 1))?.endedAtMs).toEqual(expect.any(Number));
  const paying = await sessions[0].read(eventId, 0);
  const [hold] = await db.execute<{ ms: number }>(
    sql`select (extract(epoch from hold_expires_at) * 1000)::float8 as ms from bookings where id = ${bookingId}`,
  );
  expect(paying?.endedAtMs).toBeNull();
  expect(paying?.expiresAtMs).toBeCloseTo((hold?.ms ?? 0) + 30_000, 0);
  expect(await read()).toMatchObject({ watermark: 3, progress: { inside: 1 } });
  // Should the hold be late to end, the payment still is.
  await passSeconds(1000);
  await db.execute(sql`update bookings set hold_expires_at = now() - interval '1 hour' where id = ${bookingId}`);
  await controller.run();
  expect((await sessions[0].read(eventId, 0))?.endedAtMs).toBeNull();
  await db.execute(sql`update bookings set status = 'EXPIRED' where id = ${bookingId}`);
  await controller.run();
  expect((await sessions[0].read(eventId, 0))?.endedAtMs).toEqual(expect.any(Number));
});

test('a checkout gives the slot back, unless another payment of the fan is open', async () => {
  const { eventId, comer, enter, book } = await openRoom({ capacity: 1 });
  await enter(0);
  const bookingId = await book(0);
  const checkout = () => sessions[0].end(eventId, comer(0).userId, 'CHECKOUT', { beforeMs: Date.now() + 60_000 });
  expect(await checkout()).toEqual([]);
  await db.execute(sql`update bookings set status = 'CONFIRMED' where id = ${bookingId}`);
  expect(await checkout()).toEqual([0]);
});

test('a room that is paused or without capacity admits nobody, and goes on where it was', async () => {
  const controller = openController();
  const { read, set } = await openRoom({ capacity: 0, joined: 9, watermark: 0 });
  const watermarkAfter = async (assignment: ReturnType<typeof sql>) => {
    await set(assignment);
    await controller.run();
    return (await read()).watermark;
  };
  expect(await watermarkAfter(sql`capacity = 0`)).toBe(0);
  expect(await watermarkAfter(sql`capacity = 2`)).toBe(2);
  expect(await watermarkAfter(sql`capacity = 5, paused = true`)).toBe(2);
  expect(await watermarkAfter(sql`capacity = 0, paused = false`)).toBe(2);
  expect(await watermarkAfter(sql`capacity = 3`)).toBe(3);
});

test('a room ends with its event: sold out once it was drawn, over, or cancelled', async () => {
  const controller = openController();
  const ended = async (state: 'OPEN' | 'DRAWN', change: (eventId: string) => ReturnType<typeof sql>) => {
    const { eventId } = await seedEvent(db, { seats: 4 });
    const { read } = await openRoom({ eventId, state, drawsInSeconds: 3600 });
    await db.execute(change(eventId));
    await controller.run();
    return (await read()).state;
  };
  const sold = (held: number) => (eventId: string) =>
    sql`update seat_inventories set available = 0, booked = ${4 - held}, held = ${held} where event_id = ${eventId}`;
  expect(await ended('DRAWN', sold(0))).toBe('ENDED');
  expect(await ended('DRAWN', sold(1))).toBe('DRAWN');
  expect(await ended('OPEN', sold(0))).toBe('OPEN');
  expect(await ended('OPEN', (id) => sql`update events set status = 'CANCELLED' where id = ${id}`)).toBe('ENDED');
  const over = (id: string) =>
    sql`update events set on_sale_at = now() - interval '2 h', off_sale_at = now() - interval '1 h' where id = ${id}`;
  expect(await ended('DRAWN', over)).toBe('ENDED');
});

test('of two controllers one works; it can be followed at once when it stops, and soon when it dies', async () => {
  const { eventId, read } = await openRoom({ state: 'OPEN', drawsInSeconds: 3600, watermark: 0 });
  const [first, second] = [openController(), openController({ db: world.pools[1] ?? db })];
  const fences = async () =>
    await db.execute<{ lease: number; room: number }>(sql`
      select l.fence::int as lease, r.fence::int as room from leases l, waiting_rooms r where r.event_id = ${eventId}`);
  await first.run();
  const [{ lease: fence, room } = { lease: 0, room: 0 }] = await fences();
  expect(room).toBe(fence);
  const { version } = await read();
  for (let n = 0; n < 3; n++) await Promise.all([second.run(), second.run()]);
  expect((await read()).version).toBe(version);
  await first.close();
  await second.run();
  expect((await read()).version).toBe(version + 1);
  expect(await fences()).toEqual([{ lease: fence + 1, room: fence + 1 }]);
  // The second one says nothing any more.
  await expect
    .poll(async () => [await first.run(), await fences()].at(1), { timeout: 20_000, interval: 200 })
    .toEqual([{ lease: fence + 2, room: fence + 2 }]);
});

test('a controller that was held up and replaced meanwhile writes nothing', async () => {
  const { eventId, read, enter, passSeconds } = await openRoom({ capacity: 2, joined: 9, watermark: 1 });
  await enter(0);
  await passSeconds(3600);
  await tickRoom(db, eventId, { fence: 8, canAdmit: false });
  const [room, session] = [await read(), await sessions[0].read(eventId, 0)];
  await expect(tickRoom(db, eventId, { fence: 7, canAdmit: true })).rejects.toBeInstanceOf(Superseded);
  expect([await read(), await sessions[0].read(eventId, 0)]).toEqual([room, session]);
});

test('without the lease the lock of the room alone keeps many controllers to its capacity', async () => {
  const room = await openRoom({ capacity: 5, joined: 60, watermark: 0 });
  const { eventId, comers, read, enter, end } = room;
  let going = true;
  const ticking = [0, 1, 2, 3].map(async (n) => {
    while (going) await tickRoom(world.pools[n % 2] ?? db, eventId, { fence: 1, canAdmit: true });
  });
  const over: unknown[] = [];
  const watching = (async () => {
    while (going) {
      // Nobody is missed yet, so no more turns run and sessions live than there are slots.
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

test('while Redis is away nobody is admitted, those inside go on, and it goes on when Redis is back', async () => {
  const away = openController({ redis: noRedis });
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
  await openController().run();
  expect((await read()).watermark).toBeGreaterThanOrEqual(4);
});

test('Redis loses everything: the next tick tells the room again', async () => {
  const controller = openController();
  const { eventId, read } = await openRoom({ capacity: 3, watermark: 0 });
  await controller.run();
  const before = await read();
  await redis.flushdb();
  published.length = 0;
  await controller.run();
  const after = await read();
  expect(after).toMatchObject({ watermark: before.watermark, joined: before.joined, steps: before.steps });
  await expect
    .poll(() => published.filter((room) => room.eventId === eventId))
    .toMatchObject([{ version: after.version }]);
  expect(await redis.get(waitingRoom(eventId))).toBe(String(after.version));
});

test('a room that can not be written does not stop the others, and the error is told', async () => {
  const controller = openController();
  const [stuck, fine] = [await openRoom({ watermark: 0 }), await openRoom({ watermark: 0 })];
  await db.transaction(async (tx) => {
    await tx.execute(sql`select from waiting_rooms where event_id = ${stuck.eventId} for update`);
    await expect(controller.run()).rejects.toThrow();
    const { version } = await fine.read();
    expect((await fine.read()).watermark).toBe(10);
    // It is left alone for a while.
    await controller.run();
    expect((await fine.read()).version).toBe(version + 1);
  });
  await expect
    .poll(async () => [await controller.run(), (await stuck.read()).watermark].at(1), { timeout: 20_000 })
    .toBe(10);
});
