import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, expect, test } from 'vitest';
import { WAITING_ROOMS_CHANNEL } from '#redis/channels.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { openRoomControllers } from '#test/support/waiting-room/room-controllers.ts';
import { openRoomStores } from '#test/support/waiting-room/waiting-room-stores.ts';

import { openJoins } from './joins.ts';
import { tellJoined } from './publish-room.ts';

const world = await openRoomStores();
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

test('a room opens, is drawn and admits at its times, and each change is published', async () => {
  const controller = controllers.open();
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
  await expect.poll(() => controllers.publishedOf(eventId).map(({ state }) => state)).toEqual(['OPEN', 'DRAWN']);
  expect(controllers.publishedOf(eventId)[0]).not.toHaveProperty('draw');
});

test('the watermark makes room for those who come, and never passes the last place', async () => {
  const controller = controllers.open();
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

test('turns that are not used do not stall the room, and are counted', async () => {
  const controller = controllers.open();
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

test('fans at the door count, and are called in when a slot is free, the first ones first', async () => {
  const controller = controllers.open();
  const { eventId, read, enterAll, enter, end, news, passSeconds } = await openRoom({
    capacity: 2,
    graceSeconds: 1800,
    sessionSeconds: 7200,
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
  // The end itself is published, too.
  expect(news().slice(before)).toEqual([3, 0]);
  expect((await read()).watermark).toBe(5);
  expect((await sessions[0].read(eventId, 0))?.calledAtMs).toEqual(expect.any(Number));
  await db.execute(sql`
    update waiting_room_sessions set called_at = called_at + interval '10 minutes' where event_id = ${eventId}`);
  await controller.run();
  expect(news().slice(before)).toEqual([3, 0]);
  await passSeconds(610);
  await controller.run();
  expect(news().slice(before)).toEqual([3, 0, 0]);
  expect(await enter(1)).toBe('full');
  expect(await enter(0)).toBe('inside');
});

test('a fan without activity gives the slot to the next one, but not while a payment is open', async () => {
  const controller = controllers.open();
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
  // Even when the end of the hold is late, the payment still is open.
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

test('a room that is paused or without capacity admits no fan, and continues where it was', async () => {
  const controller = controllers.open();
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
  const controller = controllers.open();
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

test('a room without waiting fans and fans inside rests until a fan joins, a room changes or its time comes', async () => {
  const controller = controllers.open();
  const { eventId, read, set } = await openRoom({ capacity: 2, joined: 0 });
  expect(await controller.run()).toBe(0);
  const { version } = await read();
  expect(await controller.run()).toBe(10_000);
  expect((await read()).version).toBe(version);
  let wakes = 0;
  const stop = controller.onWake(() => void wakes++);
  const joins = openJoins({ db, joined: tellJoined({ pubsub: controllers.pubsub }) });
  // A subscription takes a moment.
  await expect.poll(async () => [await joins.join(eventId, randomUUIDv7()), wakes].at(1)).toBeGreaterThan(0);
  await joins.close();
  const publish = async (version: number) => {
    await controllers.pubsub.publish(WAITING_ROOMS_CHANNEL, { ...(await read()), version });
    await expect.poll(() => controllers.publishedOf(eventId).map((room) => room.version)).toContain(version);
  };
  // After this room no wake-up by a join can come any more.
  await publish(version + 1);
  const before = wakes;
  await publish(version + 2);
  expect(wakes).toBeGreaterThan(before);
  stop();
  expect(await controller.run()).toBe(0);
  expect((await read()).watermark).toBeGreaterThan(0);

  await set(sql`watermark = joined, turns_over = joined`);
  await controller.run();
  expect(await controller.run()).toBe(10_000);
  await set(sql`state = 'OPEN', draw_at = clock_timestamp() + interval '4 s'`);
  await controller.run();
  const restMs = await controller.run();
  expect(restMs).toBeGreaterThan(2_000);
  expect(restMs).toBeLessThanOrEqual(4_000);
});
