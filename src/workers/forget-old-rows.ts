import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { DELETE_BATCH, deleteInBatches } from '#db/delete-in-batches.ts';
import { retireGuests } from '#domain/account/retire-guests.ts';
import { forgetUploads } from '#domain/catalog/uploads/forget-uploads.ts';
import { type TimedWorker, worker } from './run-worker.ts';

const endedLongAgo = sql`r.state = 'ENDED' and r.updated_at < now() - interval '30 days'`;

const ofEndedRooms = (table: 'waiting_room_sessions' | 'waiting_room_places') => sql`
  delete from ${sql.identifier(table)} where ctid = any (array (
    select t.ctid from ${sql.identifier(table)} t join waiting_rooms r using (event_id) where ${endedLongAgo}
    limit ${DELETE_BATCH}))`;

type Needs = { db: Db; retention: { guestsDays: number; unpaidBookingsDays: number } };

/**
 * They were never paid, so they are not books. Deleted with their seats, because a booking has all of its seats or
 * none.
 */
const unpaidBookings = (days: number) => sql`
  with forgotten as (
    delete from bookings where id in (
      select id from bookings
      where status in ('EXPIRED', 'FAILED', 'CANCELLED') and confirmed_at is null and refunded_minor is null
        and payment_status in ('CREATING_SESSION', 'SESSION_CREATED', 'PAYMENT_FAILED')
        and created_at < now() - make_interval(days => ${days}) limit ${DELETE_BATCH})
    returning id), seats as (delete from booking_seats s using forgotten f where s.booking_id = f.id)
  select id from forgotten`;

/** A free seat needs no row. The rows of an event that is on sale are left to its writer. */
const freeSeats = (days: number) => sql`
  delete from event_seats where (event_id, seat_no) in (
    select s.event_id, s.seat_no from events e join event_seats s on s.event_id = e.id
    where s.status = 'AVAILABLE' and e.off_sale_at < now() - make_interval(days => ${days})
      and e.starts_at < now() - make_interval(days => ${days}) limit ${DELETE_BATCH})`;

/**
 * Keeps only what recovery needs: the outbox and the log for seven days (a lost slot is replayed from them), inbox
 * marks for thirty (as long as an idempotency key), refresh tokens and waiting rooms until thirty days after their
 * end. For a day: who let holds end unpaid, and the network from which a place was taken. For a year: what was done
 * with parked messages. Unused uploads go an hour after they expired. Guests and unpaid bookings stay as long as the configuration says.
 */
export const forgetOldRows = worker<Needs, TimedWorker<Needs>>({
  name: 'forget-old-rows',
  everyMs: 3_600_000,
  yields: true,
  run: async ({ db, retention }, { signal }) => {
    const statements = [
      sql`delete from outbox where id in (select id from outbox where created_at < now() - interval '7 days' limit ${DELETE_BATCH})`,
      sql`delete from event_log.messages where id in (
            select id from event_log.messages m where appended_at < now() - interval '7 days'
              and not exists (select from event_log.positions p where p.topic = m.topic and p.partition = m.partition and p."offset" <= m."offset")
            limit ${DELETE_BATCH})`,
      sql`delete from inbox where (consumer, message_id) in (
            select consumer, message_id from inbox where handled_at < now() - interval '30 days' limit ${DELETE_BATCH})`,
      sql`delete from event_log.parked_history where number in (
            select number from event_log.parked_history where at < now() - interval '1 year' limit ${DELETE_BATCH})`,
      sql`delete from refresh_tokens where id in (
            select id from refresh_tokens where expires_at < now() - interval '30 days' limit ${DELETE_BATCH})`,
      sql`delete from hold_strikes where holder in (
            select holder from hold_strikes where struck_at < now() - interval '1 day' limit ${DELETE_BATCH})`,
      sql`update waiting_room_places set address_key = null where ctid = any (array (
            select p.ctid from waiting_room_places p join waiting_rooms r using (event_id)
            where p.address_key is not null and r.state = 'ENDED' and r.updated_at < now() - interval '1 day'
            limit ${DELETE_BATCH}))`,
      // A mail whose mail server was away for so long is no longer wanted.
      sql`delete from mails where id in (select id from mails where created_at < now() - interval '7 days' limit ${DELETE_BATCH})`,
      sql`delete from guest_recoveries where token_hash in (
            select token_hash from guest_recoveries where expires_at < now() - interval '1 day' limit ${DELETE_BATCH})`,
      // An invitation has the address of a person who may never have heard of it.
      sql`delete from organization_invitations where id in (
            select id from organization_invitations where expires_at < now() - interval '1 day' limit ${DELETE_BATCH})`,
      unpaidBookings(retention.unpaidBookingsDays),
      freeSeats(retention.unpaidBookingsDays),
      sql`delete from spent_challenge_answers where answer_hash in (
            select answer_hash from spent_challenge_answers where expires_at < now() limit ${DELETE_BATCH})`,
      ofEndedRooms('waiting_room_sessions'),
      ofEndedRooms('waiting_room_places'),
      // Together, because a room's watermark is that of its last step.
      sql`with forgotten as (delete from waiting_rooms r where ${endedLongAgo} returning event_id)
          delete from waiting_room_steps s using forgotten f where s.event_id = f.event_id`,
    ];
    await deleteInBatches(db, statements, signal);
    await forgetUploads({ db }, signal);
    await retireGuests({ db }, retention.guestsDays, signal);
    return undefined;
  },
});
