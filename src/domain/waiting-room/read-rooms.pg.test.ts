import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { seedRoom } from '#test/support/waiting-room/waiting-room.ts';
import { readDepartures, readRooms } from './read-rooms.ts';

const database = await createBookingDatabase();
const db = openDb({ url: database.url, poolMax: 2, name: 'read-rooms-test' });
afterAll(async () => {
  await closeDb(db);
  await database.drop();
});

test('the secret of a draw stays in the database until the draw', async () => {
  const { eventId, drawSecret } = await seedRoom(db, undefined, { state: 'OPEN', joined: 3 });
  const [open] = await readRooms(db, { eventIds: [eventId] });
  expect(open).toMatchObject({ eventId, state: 'OPEN', joined: 3, watermark: 0, steps: [], draw: undefined });
  expect(open?.progress).toEqual({ inside: 0, waiting: 3, admittedPerMinute: 0, showUpRate: 1, missed: 0 });
  expect(JSON.stringify(open)).not.toContain(drawSecret);
  await db.execute(sql`
    update waiting_rooms set state = 'DRAWN', draw_entries = 3, drawn_at = now() where event_id = ${eventId}`);
  const [drawn] = await readRooms(db, { eventIds: [eventId] });
  expect(drawn).toMatchObject({ state: 'DRAWN', draw: { secret: drawSecret, entries: 3 } });
});

test('a room has the steps of the turns that still run, and the one before them', async () => {
  const { eventId } = await seedRoom(db, undefined, { joined: 60, graceSeconds: 30 });
  for (const [watermark, secondsAgo] of [
    [10, 300],
    [20, 40],
    [30, 20],
    [40, 1],
  ])
    await db.execute(sql`
      insert into waiting_room_steps values (${eventId}, ${watermark}, now() - make_interval(secs => ${secondsAgo}))`);
  const [room] = await readRooms(db, { eventIds: [eventId] });
  expect(room?.steps.map(({ watermark }) => watermark)).toEqual([20, 30, 40]);
  const [, twenty] = room?.steps ?? [];
  expect(Date.now() - (twenty?.atMs ?? 0)).toBeGreaterThanOrEqual(19_000);
});

test('rooms are found by their change; those that ended long ago only by id', async () => {
  const { eventId: ended } = await seedRoom(db, undefined, { state: 'ENDED' });
  const { eventId: old } = await seedRoom(db, undefined);
  const ids = async (filter?: Parameters<typeof readRooms>[1]) =>
    (await readRooms(db, filter)).map(({ eventId }) => eventId);
  expect(await ids()).toEqual(expect.arrayContaining([ended, old]));
  await db.execute(sql`
    update waiting_rooms set updated_at = now() - interval '25 hours' where event_id in (${ended}, ${old})`);
  const all = await ids();
  expect(all).toContain(old);
  expect(all).not.toContain(ended);
  expect(await ids({ updatedSinceMs: Date.now() - 60_000 })).not.toContain(old);
  expect(await ids({ eventIds: [ended] })).toEqual([ended]);
  expect(await ids({ eventIds: [] })).toEqual([]);
});

test('returns departures until the caller has asked again later', async () => {
  const { eventId, userIds } = await seedRoom(db, undefined, { joined: 5 });
  const leave = (ordinal: number) =>
    db.execute(sql`update waiting_room_places set left_at = clock_timestamp() where user_id = ${userIds[ordinal]}`);
  await leave(1);
  const first = await readDepartures(db, eventId, 0);
  expect(first.ordinals).toEqual([1]);
  await leave(3);
  expect((await readDepartures(db, eventId, first.atMs)).ordinals).toContain(3);
});
