import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { signInCrowd } from '#test/fans/crowd.ts';
import { buy, openMap } from '#test/fans/waiting-room-buyer.ts';
import type { WaitingRoomFan } from '#test/fans/waiting-room-fan.ts';
import { expectAllInvariants } from '#test/support/databases/all-invariants.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { openWaitingRoomWorld } from '#test/support/waiting-room/waiting-room-world.ts';

// Behind a proxy the proxy names the address, so that a flood has another address than the fans.
const world = await openWaitingRoomWorld({ env: { TRUST_PROXY: 'true' } });
const { db } = world;
afterAll(() => world.close());

const placesOf = async ({ eventId }: SeededEvent) =>
  db.execute<{ user_id: string; ordinal: number }>(
    sql`select user_id, ordinal from waiting_room_places where event_id = ${eventId} order by ordinal`,
  );
const isRefusal = (code: string) => expect.objectContaining({ code });

test('a fan who joins fifty times at once through two processes has one place, like every other fan', async () => {
  const event = await world.room({ state: 'OPEN', drawsInSeconds: 3_600 });
  const crowd = await signInCrowd(world.system.apiUrl, 10);
  const calls = crowd.flatMap((by) => Array.from({ length: 50 }, (_, at) => ({ by, at })));
  const answers = await Promise.all(
    calls.map(async ({ by, at }) => {
      const address = `10.1.${crowd.indexOf(by)}.${at}`;
      const fan = await world.fan(event, { by, at, forwardedFor: address });
      return { userId: fan.userId, ...(await fan.join()) };
    }),
  );
  expect(answers.filter(({ state }) => state !== 'WAITING')).toEqual([]);
  const tickets = Map.groupBy(answers, ({ userId }) => userId);
  for (const [userId, given] of tickets) {
    expect(given).toHaveLength(50);
    expect([...new Set(given.map(({ ticket }) => ticket))], userId).toHaveLength(1);
  }
  const places = await placesOf(event);
  expect(places.map(({ ordinal }) => ordinal)).toEqual(crowd.map((_, ordinal) => ordinal));
  expect(new Set(places.map(({ user_id }) => user_id))).toEqual(new Set(tickets.keys()));
});

test('a flood of joins learns when to come back, and the fans inside do not notice', { timeout: 90_000 }, async () => {
  const event = await world.room({ capacity: 10 }, { seats: 400, rows: 10 });
  const insiders = await Promise.all(
    Array.from({ length: 10 }, (_, at) => world.insider(event, { at, forwardedFor: `10.2.0.${at}` })),
  );
  const flooding = await signInCrowd(world.system.apiUrl, 20);
  const flooders = await Promise.all(flooding.map((by, at) => world.fan(event, { by, at, forwardedFor: '10.66.6.6' })));
  let isOver = false;
  const joining = flooders.map(async (fan) => {
    const answers: Awaited<ReturnType<typeof fan.join>>[] = [];
    while (!isOver || answers.length < 200)
      answers.push(...(await Promise.all(Array.from({ length: 10 }, () => fan.join()))));
    return answers;
  });
  await Promise.all(
    insiders.map(async (fan, index) => {
      for (let n = 0; n < 8; n++) {
        expect((await fan.seatMap()).layout.seatCount).toBe(400);
        const answer = await fan.book([event.seatId(8 * index + n)]);
        expect(answer).toMatchObject({ __typename: 'CreateBookingSuccess' });
      }
    }),
  );
  isOver = true;
  const joins = await Promise.all(joining);

  const shed = joins.flat().filter(({ state }) => state === undefined);
  expect(shed.length).toBeGreaterThan(1_000);
  expect(
    shed.filter(({ code, retry }) => code !== 'RATE_LIMITED' || retry.advice !== 'AFTER' || retry.afterSeconds < 1),
  ).toEqual([]);
  // Every fan who got through has one place.
  const places = await placesOf(event);
  expect(places.map(({ ordinal }) => ordinal)).toEqual(places.map((_, ordinal) => ordinal));
  expect(new Set(places.map(({ user_id }) => user_id)).size).toBe(places.length);
  expect(insiders.map(({ last }) => last?.state)).toEqual(insiders.map(() => 'INSIDE'));
});

/** This many fans in order of joining; as many of them as the capacity hear that it is their turn. */
async function queue(event: SeededEvent, count: number): Promise<WaitingRoomFan[]> {
  const fans: WaitingRoomFan[] = [];
  for (let at = 0; at < count; at++) {
    const fan = await world.fan(event, { at, forwardedFor: `10.3.0.${at}` });
    expect(await fan.join()).toMatchObject({ position: at + 1 });
    await fan.watch();
    fans.push(fan);
  }
  return fans;
}

test.concurrent('a fan who leaves and joins again is at the end, and the fans behind move up', async () => {
  const event = await world.room({ capacity: 1, graceSeconds: 5 });
  const [first, second, third] = (await queue(event, 3)) as [WaitingRoomFan, WaitingRoomFan, WaitingRoomFan];
  await first.when('YOUR_TURN');
  await openMap(first);
  const { ticket } = second;
  expect(await second.leave()).toMatchObject({ state: 'LEFT', admission: null });
  await second.when('LEFT');
  expect(await second.join()).toMatchObject({ state: 'WAITING', position: 4 });
  expect(second.ticket).not.toBe(ticket);
  // The ticket of the place that was given up shows the present place.
  second.ticket = ticket;
  expect(await second.askForPlace()).toMatchObject({ state: 'WAITING', position: 4 });
  await second.watch();

  expect(await first.leave()).toMatchObject({ state: 'LEFT' });
  await first.when('LEFT');
  await third.when('YOUR_TURN');
  await openMap(third);
  await third.when('INSIDE');
  expect(await first.join()).toMatchObject({ state: 'WAITING', position: 5 });
  expect(await third.leave()).toMatchObject({ state: 'LEFT' });
  await second.when('YOUR_TURN');
});

test.concurrent('a fan who bought has left, and may join again at the end', async () => {
  const event = await world.room({ capacity: 1 });
  const [buyer] = (await queue(event, 1)) as [WaitingRoomFan];
  await buyer.when('YOUR_TURN');
  expect(await buy(buyer, event, 2)).toMatchObject({ status: 'CONFIRMED' });
  await buyer.when('LEFT');
  expect(await buyer.join()).toMatchObject({ position: 2 });
});

test.concurrent('a fan who comes and finds the room full keeps the turn at the door without a time limit', {
  timeout: 60_000,
}, async () => {
  const event = await world.room({ capacity: 2, graceSeconds: 5 });
  const [first, second, third] = (await queue(event, 3)) as [WaitingRoomFan, WaitingRoomFan, WaitingRoomFan];
  await Promise.all([first.when('YOUR_TURN'), second.when('YOUR_TURN')]);
  await db.execute(sql`update waiting_rooms set capacity = 1, version = version + 1, updated_at = clock_timestamp()
    where event_id = ${event.eventId}`);
  await openMap(first);
  let isIn = false;
  const goingIn = second
    .throughTheDoor(() => openMap(second))
    .then((map) => {
      isIn = map !== undefined;
    });
  // Three times as long as a turn lasts.
  const knocksOn = async () => {
    const [row] = await db.execute<{ knocks_on: boolean }>(sql`
      select s.knocked_at > step.at + interval '15 seconds' as knocks_on
      from waiting_room_sessions s join waiting_room_steps step on step.event_id = s.event_id and step.watermark = 2
      where s.event_id = ${event.eventId} and s.position = 2`);
    return row?.knocks_on;
  };
  await expect.poll(knocksOn, { timeout: 40_000, interval: 500 }).toBe(true);
  expect({ isIn, last: second.last?.state }).toEqual({ isIn: false, last: 'YOUR_TURN' });
  await first.leave();
  await goingIn;
  expect(isIn).toBe(true);
  expect(third.states).toEqual(['WAITING']);
  await second.leave();
  await third.when('YOUR_TURN');
});

test('an event without a waiting room needs no admission and is not affected by one', async () => {
  const event = await seedEvent(db, { seats: 4 });
  const fan = await world.fan(event, { forwardedFor: '10.4.0.1' });
  fan.admission = 'an unknown admission';
  fan.ticket = 'nor this';
  expect(await fan.join()).toEqual(isRefusal('NOT_FOUND'));
  expect(await fan.leave()).toEqual(isRefusal('NOT_FOUND'));
  expect(await fan.askForPlace()).toBeNull();
  const map = await openMap(fan);
  expect(await fan.book(event.seatIds(0, 1))).toMatchObject({ __typename: 'CreateBookingSuccess' });
  await fan.until(() => (map.frames > 0 ? map : undefined), 'the change of the map');
  expect(map.wrong).toEqual([]);
  for (const table of ['waiting_rooms', 'waiting_room_places', 'waiting_room_steps', 'waiting_room_sessions'])
    expect([
      ...(await db.execute(sql`select * from ${sql.identifier(table)} where event_id = ${event.eventId}`)),
    ]).toEqual([]);
});

test('a room that is over lets all fans in', async () => {
  const event = await world.room({ state: 'ENDED' });
  const fan = await world.fan(event, { forwardedFor: '10.5.0.1' });
  expect(await fan.join()).toEqual(isRefusal('EVENT_NOT_ON_SALE'));
  expect((await fan.seatMap()).layout.seatCount).toBe(100);
  expect(await fan.book(event.seatIds(0))).toMatchObject({ __typename: 'CreateBookingSuccess' });
});

test('a room that is not open yet lets no fan join and all fans in', async () => {
  const event = await world.room({ state: 'CLOSED', opensInSeconds: 600 });
  const fan = await world.fan(event, { forwardedFor: '10.5.0.2' });
  const refused = await fan.join();
  expect(refused).toMatchObject({ code: 'EVENT_NOT_ON_SALE', retry: { advice: 'AFTER' } });
  expect(new Date(refused.opensAt).getTime()).toBeGreaterThan(Date.now() + 500_000);
  expect((await fan.seatMap()).layout.seatCount).toBe(100);
});

test('every invariant holds', () => expectAllInvariants(world.system));
