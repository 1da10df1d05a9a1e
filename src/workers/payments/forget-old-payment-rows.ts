import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { DELETE_BATCH, deleteInBatches } from '#db/delete-in-batches.ts';
import { type TimedWorker, worker } from '#workers/run-worker.ts';

/**
 * Keeps only what recovery needs: the outbox for seven days (a lost slot is replayed from it), inbox marks and
 * applied notices for thirty, and for a year what was done with parked messages. Payments themselves are books and
 * stay.
 */
export const forgetOldPaymentRows = worker<{ db: Db }, TimedWorker<{ db: Db }>>({
  name: 'forget-old-payment-rows',
  everyMs: 3_600_000,
  run: async ({ db }, { signal }) => {
    const statements = [
      sql`delete from outbox where id in (select id from outbox where created_at < now() - interval '7 days' limit ${DELETE_BATCH})`,
      sql`delete from inbox where (consumer, message_id) in (
            select consumer, message_id from inbox where handled_at < now() - interval '30 days' limit ${DELETE_BATCH})`,
      sql`delete from notices where (gateway, gateway_event_id) in (
            select gateway, gateway_event_id from notices where handled_at < now() - interval '30 days' limit ${DELETE_BATCH})`,
      sql`delete from event_log.parked_history where number in (
            select number from event_log.parked_history where at < now() - interval '1 year' limit ${DELETE_BATCH})`,
    ];
    await deleteInBatches(db, statements, signal);
    return undefined;
  },
});
