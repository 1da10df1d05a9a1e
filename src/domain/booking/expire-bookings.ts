import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';

type Needs = { readonly db: Db; readonly writer: InventoryWriter };

export type Expiry = {
  readonly expired: number;
  /** Their payment session was not open yet, which is our fault: these holds were extended, once. */
  readonly extended: number;
  /** Could not be written this time; these holds are still due. */
  readonly failed: number;
  /** Until the next hold ends, by the database's clock; undefined without a hold. 0 or less: one is due now. */
  readonly nextDueInMs: number | undefined;
};

/** Few enough commands to wait for one event without being refused (`TryAgain`). */
const CHUNK = 2000;

/**
 * Ends every hold whose time is over, found through the partial index and written event by event in batches. Returns
 * when the next one is due. May run in several processes at once: each booking ends once.
 */
export async function expireBookings(needs: Needs, signal?: AbortSignal): Promise<Expiry> {
  const nextDue = await nextDueInMs(needs.db);
  const isDue = nextDue !== undefined && nextDue <= 0;
  return isDue ? await expireDue(needs, signal) : { expired: 0, extended: 0, failed: 0, nextDueInMs: nextDue };
}

async function expireDue({ db, writer }: Needs, signal: AbortSignal | undefined): Promise<Expiry> {
  const counts = { expired: 0, extended: 0, failed: 0 };
  while (!signal?.aborted) {
    const due = await db.execute<{ id: string; event_id: string }>(sql`
      select id, event_id from bookings
      where status = 'PENDING_PAYMENT' and hold_expires_at <= clock_timestamp() order by hold_expires_at limit ${CHUNK}`);
    const answers = await Promise.allSettled(
      due.map(async (booking) => {
        const command = { kind: 'release', reason: 'EXPIRED', bookingId: booking.id } as const;
        const answer = await writer.submit(booking.event_id, command, PATIENT);
        failpoint('expiry.begun');
        return answer;
      }),
    );
    let ended = 0;
    for (const answer of answers) {
      if (answer.status === 'rejected') counts.failed += 1;
      else if (answer.value.kind === 'released') ended += 1;
      else if (answer.value.kind === 'extended') counts.extended += 1;
    }
    counts.expired += ended;
    if (due.length < CHUNK || ended === 0) break;
  }
  return { ...counts, nextDueInMs: await nextDueInMs(db) };
}

const PATIENT = { deadlineMs: 30_000 };

async function nextDueInMs(db: Db): Promise<number | undefined> {
  const rows = await db.execute<{ ms: number | null }>(sql`
    select (extract(epoch from min(hold_expires_at) - clock_timestamp()) * 1000)::float8 as ms
    from bookings where status = 'PENDING_PAYMENT'`);
  return rows[0]?.ms ?? undefined;
}
