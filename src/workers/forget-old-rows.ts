import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { DELETE_BATCH, deleteInBatches } from '#db/delete-in-batches.ts';
import { type TimedWorker, worker } from './run-worker.ts';

const endedLongAgo = sql`r.state = 'ENDED' and r.updated_at < now() - interval '30 days'`;

const ofEndedRooms = (table: 'waiting_room_sessions' | 'waiting_room_places') => sql`
  delete from ${sql.identifier(table)} where ctid = any (array (
    select t.ctid from ${sql.identifier(table)} t join waiting_rooms r using (event_id) where ${endedLongAgo}
    limit ${DELETE_BATCH}))`;

/**
 * Keeps what recovery needs and no more: the outbox and the log for seven days (a lost slot is replayed from them),
 * inbox marks for thirty (as long as an idempotency key), refresh tokens and waiting rooms until thirty days after their
 * end, for a day who let holds end unpaid and which network a place was taken from, and for a year what was done with parked messages.
 */
export const forgetOldRows = worker<{ db: Db }, TimedWorker<{ db: Db }>>({
  name: 'forget-old-rows',
  everyMs: 3_600_000,
  run: async ({ db }, { signal }) => {
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
      ofEndedRooms('waiting_room_sessions'),
      ofEndedRooms('waiting_room_places'),
      // Together, since a room's watermark is that of its last step.
      sql`with forgotten as (delete from waiting_rooms r where ${endedLongAgo} returning event_id)
          delete from waiting_room_steps s using forgotten f where s.event_id = f.event_id`,
    ];
    await deleteInBatches(db, statements, signal);
    return undefined;
  },
});
