import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { findViolations } from '#processes/invariants/violations.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { seedUpload } from '#test/support/seating/uploads.ts';
import { forgetOldRows } from './forget-old-rows.ts';

const database = await createBookingDatabase();
const db = openDb({ url: database.url, poolMax: 2, name: 'test' });
const retention = { guestsDays: 365, unpaidBookingsDays: 90 };
afterAll(async () => {
  await closeDb(db);
  await database.drop();
});

const addUser = async ({
  days,
  isGuest = true,
  session = false,
}: {
  days: number;
  isGuest?: boolean;
  session?: boolean;
}) => {
  const id = randomUUIDv7();
  await db.execute(sql`
    insert into users (id, email, display_name, is_guest, created_at)
    values (${id}, ${`${id}@example.org`}, 'A Fan', ${isGuest}, now() - make_interval(days => ${days}))`);
  await db.execute(sql`
    insert into refresh_tokens (id, user_id, family_id, token_hash, expires_at)
    values (${randomUUIDv7()}, ${id}, ${id}, ${id}, now() + make_interval(days => ${session ? 1 : -1}))`);
  return id;
};
type OldBooking = { userId: string; eventId: string; days: number; paid: boolean; seatNo?: number };
const addBooking = async ({ userId, eventId, days, paid, seatNo = 0 }: OldBooking) => {
  const id = randomUUIDv7();
  const created = sql`now() - make_interval(days => ${days})`;
  await db.execute(sql`
    insert into bookings (id, user_id, event_id, status, total_minor, currency, hold_expires_at, idempotency_key, request_hash,
      payment_status, version, created_at, confirmed_at, released_at, refunded_minor)
    values (${id}, ${userId}, ${eventId}, ${paid ? 'CANCELLED' : 'EXPIRED'}, 1, 'EUR', ${created}, ${`key-${id}`}, 'hash',
      ${paid ? 'REFUNDED' : 'PAYMENT_FAILED'}, 0, ${created}, ${paid ? created : null}, ${paid ? created : null}, ${paid ? 1 : null})`);
  await db.execute(sql`
    insert into booking_seats (booking_id, event_id, seat_no, price_minor, fee_minor) values (${id}, ${eventId}, ${seatNo}, 1, 0)`);
  return id;
};
const pastEvent = async (days: number) => {
  const event = await seedEvent(db, { seats: 4 });
  const then = sql`now() - make_interval(days => ${days})`;
  await db.execute(sql`
    update events set on_sale_at = ${then} - interval '1 day', off_sale_at = ${then}, starts_at = ${then} where id = ${event.eventId}`);
  return event.eventId;
};
const run = () => forgetOldRows.run({ db, retention }, { signal: new AbortController().signal });
const emailOf = async (id: string) =>
  (await db.execute<{ email: string }>(sql`select email::text as email from users where id = ${id}`))[0]?.email;

test('old guests are deleted when they never booked; those who booked lose only their personal data', async () => {
  const [long, short] = [await pastEvent(366), await pastEvent(360)];
  const [nothing, active, recent, buyer, later, account] = [
    await addUser({ days: 400 }),
    await addUser({ days: 400, session: true }),
    await addUser({ days: 300 }),
    await addUser({ days: 400 }),
    await addUser({ days: 400 }),
    await addUser({ days: 400, isGuest: false }),
  ] as const;
  const booking = await addBooking({ userId: buyer, eventId: long, days: 380, paid: true });
  await addBooking({ userId: later, eventId: short, days: 380, paid: true });
  await run();
  expect(await emailOf(nothing)).toBeUndefined();
  for (const id of [active, recent, later, account]) expect(await emailOf(id)).toBe(`${id}@example.org`);
  expect(await emailOf(buyer)).toBe(`erased-${buyer}@erased.invalid`);
  const [kept] = await db.execute(
    sql`select user_id, total_minor::float8 as total_minor, idempotency_key from bookings where id = ${booking}`,
  );
  expect(kept).toEqual({ user_id: buyer, total_minor: 1, idempotency_key: `erased ${booking}` });
  expect(await findViolations(database.url)).toEqual([]);
});

test('bookings that were never paid are deleted after their time, with their seats; paid ones stay', async () => {
  const eventId = await pastEvent(400);
  const userId = await addUser({ days: 10, session: true });
  const [old, young, paid] = [
    await addBooking({ userId, eventId, days: 91, paid: false }),
    await addBooking({ userId, eventId, days: 89, paid: false, seatNo: 1 }),
    await addBooking({ userId, eventId, days: 91, paid: true, seatNo: 2 }),
  ];
  await run();
  for (const table of ['bookings', 'booking_seats']) {
    const column = table === 'bookings' ? sql`id` : sql`booking_id`;
    const rows = await db.execute<{ id: string }>(sql`
      select ${column} as id from ${sql.identifier(table)} where ${column} in (${old}, ${young}, ${paid})`);
    expect(rows.map(({ id }) => id).sort(), table).toEqual([young, paid].sort());
  }
  expect(await findViolations(database.url)).toEqual([]);
});

test('rows of free seats are deleted when their event is long over', async () => {
  const [over, lately] = [await pastEvent(91), await pastEvent(80)];
  for (const eventId of [over, lately])
    await db.execute(
      sql`insert into event_seats (event_id, seat_no, status) values (${eventId}, 0, 'AVAILABLE'), (${eventId}, 1, 'BLOCKED')`,
    );
  await run();
  const rows = await db.execute<{ event_id: string; seat_no: number }>(sql`
    select event_id, seat_no from event_seats where event_id in (${over}, ${lately}) order by event_id, seat_no`);
  expect(rows.map((row) => ({ ...row }))).toEqual(
    [
      { event_id: over, seat_no: 1 },
      { event_id: lately, seat_no: 0 },
      { event_id: lately, seat_no: 1 },
    ].sort((a, b) => a.event_id.localeCompare(b.event_id) || a.seat_no - b.seat_no),
  );
});

test('uploads that were not used are deleted an hour after they expired; images of events stay', async () => {
  const { organizationId } = await seedEvent(db, { seats: 1 });
  const add = async (hours: number, more: { purpose?: 'EVENT_IMAGE'; used?: true } = {}) => {
    const id = await seedUpload(db, { organizationId, bytes: 'bytes', ...more });
    await db.execute(sql`
      update uploads set expires_at = now() - make_interval(hours => ${hours}),
        used_at = case when ${more.used === true} then now() end
      where id = ${id}`);
    return id;
  };
  const image = { purpose: 'EVENT_IMAGE', used: true } as const;
  const kept = [await add(-1), await add(0), await add(1000, image)];
  // More than are deleted at once.
  for (let n = 0; n < 21; n++) await add(2);
  await add(2, { used: true });
  await run();
  for (const [table, column] of [['uploads', 'id'] as const, ['upload_pieces', 'upload_id'] as const]) {
    const rows = await db.execute<{ id: string }>(
      sql`select ${sql.identifier(column)} as id from ${sql.identifier(table)} order by 1`,
    );
    expect(
      rows.map(({ id }) => id),
      table,
    ).toEqual([...kept].sort());
  }
});
