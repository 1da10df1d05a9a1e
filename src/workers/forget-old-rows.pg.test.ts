import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { openPostgresLog } from '#events/log/postgres-log.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { seedRoom } from '#test/support/waiting-room/waiting-room.ts';
import { forgetOldRows } from './forget-old-rows.ts';

const database = await createBookingDatabase();
const db = openDb({ url: database.url, poolMax: 2, name: 'test' });
const retention = { guestsDays: 365, unpaidBookingsDays: 90 };
afterAll(async () => {
  await closeDb(db);
  await database.drop();
});

test('keeps what recovery still needs, deletes what is older, and keeps an unread message at any age', async () => {
  const log = openPostgresLog({ url: database.url, name: 'test' });
  const [read, unread] = [randomUUIDv7(), randomUUIDv7()];
  await log.append([{ id: read, topic: 'catalog', key: 'a', event: {}, createdAt: new Date() }]);
  await log.append([{ id: unread, topic: 'booking', key: 'a', event: {}, createdAt: new Date() }]);
  await log.close();
  await db.execute(sql`
    insert into event_log.positions (consumer_group, topic, partition, "offset")
    select 'group', topic, partition, case topic when 'catalog' then 1 else 0 end from event_log.messages`);
  await db.execute(sql`update event_log.messages set appended_at = now() - interval '8 days'`);
  for (const days of [1, 8]) {
    await db.execute(sql`
      insert into outbox (id, aggregatetype, aggregateid, type, event_id, payload, created_at)
      values (${randomUUIDv7()}, 'catalog', 'a', 'EventChanged', ${randomUUIDv7()}, '{}', now() - make_interval(days => ${days}))`);
    await db.execute(sql`
      insert into inbox (consumer, message_id, handled_at)
      values ('a', ${String(days)}, now() - make_interval(days => ${days * 5}))`);
    await db.execute(sql`
      insert into hold_strikes (holder, strikes, struck_at)
      values (${randomUUIDv7()}, ${days}, now() - make_interval(hours => ${days * 5 + 15}))`);
  }
  await forgetOldRows.run({ db, retention }, { signal: new AbortController().signal });
  const ids = await db.execute<{ id: string }>(sql`select id from event_log.messages`);
  expect(ids.map(({ id }) => id)).toEqual([unread]);
  expect(await db.execute(sql`select count(*)::int as rows from outbox`)).toEqual([{ rows: 1 }]);
  expect(await db.execute(sql`select message_id from inbox`)).toEqual([{ message_id: '1' }]);
  expect(await db.execute(sql`select strikes from hold_strikes`)).toEqual([{ strikes: 1 }]);
});

test('deletes an invitation a day after its end', async () => {
  const { organizationId, organizerId } = await seedEvent(db, { seats: 1 });
  for (const hours of [1, 25])
    await db.execute(sql`
      insert into organization_invitations (id, organization_id, email, role, token_hash, invited_by, expires_at)
      values (${randomUUIDv7()}, ${organizationId}, ${`${hours}@example.org`}, 'READER', sha256(${String(hours)}::bytea),
        ${organizerId}, now() - make_interval(hours => ${hours}))`);
  await forgetOldRows.run({ db, retention }, { signal: new AbortController().signal });
  const kept = await db.execute(sql`select email::text as email from organization_invitations`);
  expect([...kept]).toEqual([{ email: '1@example.org' }]);
});

test('deletes a waiting room thirty days after its end, with all that belongs to it, and no other', async () => {
  const rooms = [
    { state: 'ENDED', days: 31 },
    { state: 'ENDED', days: 29 },
    { state: 'DRAWN', days: 31 },
  ] as const;
  const eventIds: string[] = [];
  for (const { state, days } of rooms) {
    const { eventId } = await seedRoom(db, undefined, { state });
    eventIds.push(eventId);
    const [place] = await db.execute<{ user_id: string }>(sql`
      insert into waiting_room_places (event_id, user_id, ordinal) values (${eventId}, ${randomUUIDv7()}, 0) returning user_id`);
    await db.execute(sql`
      insert into waiting_room_sessions (event_id, ordinal, user_id, position, sign_in_id)
      values (${eventId}, 0, ${place?.user_id}, 1, ${randomUUIDv7()})`);
    await db.execute(sql`insert into waiting_room_steps (event_id, watermark, at) values (${eventId}, 0, now())`);
    await db.execute(sql`
      update waiting_rooms set updated_at = now() - make_interval(days => ${days}) where event_id = ${eventId}`);
  }
  await forgetOldRows.run({ db, retention }, { signal: new AbortController().signal });
  for (const table of ['waiting_rooms', 'waiting_room_places', 'waiting_room_sessions', 'waiting_room_steps']) {
    const rows = await db.execute<{ id: string }>(sql`select distinct event_id as id from ${sql.identifier(table)}`);
    expect(rows.map(({ id }) => id).sort(), table).toEqual(eventIds.slice(1).sort());
  }
});
