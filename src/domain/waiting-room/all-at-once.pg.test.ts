import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { openRoomStores } from '#test/support/waiting-room/waiting-room-stores.ts';
import { drawOrder, positionOf } from './draw-rules.ts';
import { openJoins } from './joins.ts';
import type { Room } from './room.ts';
import { tickRoom } from './tick-room.ts';

// Three processes, each of which believes that it is the controller.
const world = await openRoomStores({ processes: 3 });
const { db, pools, sessions, places } = world;
const joins = pools.map((pool) => openJoins({ db: pool }));
afterAll(async () => {
  await Promise.all(joins.map((one) => one.close()));
  await world.close();
});

type Way = 'CHECKOUT' | 'LEFT' | 'SILENT' | 'turn not used' | 'left while waiting';
const ways: readonly Way[] = ['CHECKOUT', 'LEFT', 'SILENT', 'CHECKOUT', 'turn not used', 'left while waiting'];

/** The room as an API process sees it. */
function follow(read: () => Promise<Room>) {
  let order: Uint32Array | undefined;
  return async (ordinal: number): Promise<{ room: Room; position: number | undefined }> => {
    const room = await read();
    if (room.draw) order ??= drawOrder(room.draw.secret, room.draw.entries);
    return { room, position: positionOf(room, order, ordinal) };
  };
}

test('fans, an organizer and three controllers at once: all who come get in, and every promise holds', async () => {
  const { eventId, read, set } = await world.openRoom({
    state: 'OPEN',
    drawsInSeconds: 3600,
    capacity: 4,
    joined: 0,
    watermark: 0,
    graceSeconds: 5,
  });
  const where = follow(read);
  const turnOf = async (ordinal: number) => {
    for (;;) {
      const { room, position } = await where(ordinal);
      if (position !== undefined && position <= room.watermark) return position;
      await sleep(20);
    }
  };
  const enter = async (process: (typeof sessions)[0], comer: Parameters<(typeof process)['enter']>[1]) => {
    for (;;) {
      const { kind } = await process.enter(eventId, comer);
      if (kind !== 'full') return kind;
      await sleep(20);
    }
  };
  const goAway = async (way: Way, userId: string, leave: () => Promise<void>) => {
    if (way === 'LEFT') await leave();
    else if (way === 'CHECKOUT') expect(await sessions[0].end(eventId, userId, 'CHECKOUT')).toHaveLength(1);
    else
      await db.execute(sql`
        update waiting_room_sessions set expires_at = clock_timestamp() where event_id = ${eventId} and user_id = ${userId}`);
  };
  let came = 0;
  /** One try to get in; returns the ordinal whose turn was over before. */
  const visit = async (n: number, fan: { userId: string; signInId: string; way: Way }, replacing?: number) => {
    const { userId, signInId, way } = fan;
    const process = sessions[n % 3] ?? sessions[0];
    const answer = await joins[n % 3]?.join(eventId, userId, replacing);
    const ordinal = answer?.kind === 'joined' ? answer.ordinal : Number.NaN;
    const leave = (position?: number) =>
      places.leave(eventId, { userId, sessionId: signInId }, { ordinal, position, isTurn: position !== undefined });
    if (way === 'left while waiting') return await leave();
    const position = await turnOf(ordinal);
    if (way === 'turn not used') return;
    const comer = { ordinal, position, userId, signInId };
    if ((await enter(process, comer)) === 'over') return ordinal;
    came += 1;
    await process.touch(eventId, comer);
    return await goAway(way, userId, () => leave(position));
  };
  const fan = async (n: number) => {
    const who = { userId: randomUUIDv7(), signInId: randomUUIDv7(), way: ways[n % ways.length] ?? 'LEFT' };
    // Some come when the draw is made.
    if (n % 4 === 0) await sleep(200 + n * 10);
    let over = await visit(n, who);
    // Too slow for the turn: once more from the end.
    while (typeof over === 'number') over = await visit(n, who, over);
  };
  let going = true;
  const ticking = pools.map(async (pool) => {
    while (going) {
      await tickRoom(pool, eventId, { fence: 1, canAdmit: true });
      await sleep(10);
    }
  });
  const organizing = (async () => {
    for (let n = 0; going; n++) {
      await sleep(50);
      await set(sql`capacity = ${[2, 7, 0, 4, 1][n % 5] ?? 4}, paused = ${n % 7 === 3}`);
    }
  })();
  const fans = Promise.all(Array.from({ length: 72 }, (_, n) => fan(n)));
  await sleep(100);
  await set(sql`draw_at = clock_timestamp()`);
  await fans;
  going = false;
  await Promise.all([...ticking, organizing]);
  expect(came).toBe(72 - 24);
  expect(await findViolations(world.url)).toEqual([]);
  const [drawn] = await db.execute<{ entries: number; joined: number }>(
    sql`select draw_entries as entries, joined from waiting_rooms where event_id = ${eventId}`,
  );
  expect(drawn?.joined).toBeGreaterThanOrEqual(72);
  expect(drawn?.entries).toBeGreaterThan(0);
});
