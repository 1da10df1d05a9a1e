import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { onceFor } from '#db/inbox.ts';
import { inTransaction } from '#db/transaction.ts';
import type { DomainEventOf } from '#events/contracts.ts';
import type { InboxMark } from '../inventory/inventory-read-statements.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';
import { replaceableBy } from '../payment-status-rules.ts';

type Needs = { readonly db: Db; readonly writer: InventoryWriter };

/** A fan who waited longer than this for the payment page gets the waiting time back. */
export const LATE_SECONDS = 30;

/**
 * Stores where the fan can pay. A session that opened late extends the hold by the delay, once, by at most two
 * minutes. Newer news about the payment is kept. `unknown`: the database was restored to a time before the booking.
 * Then clients cannot see where to pay; if a fan saw it earlier and pays, the money is refunded.
 */
export async function recordPaymentSession(
  needs: Needs,
  opened: DomainEventOf<'PaymentSessionOpened'>,
  inbox: InboxMark,
): Promise<{ kind: 'recorded' | 'extended' | 'unknown' }> {
  const bookingId = opened.aggregateId;
  const rows = await needs.db.execute<{ is_late: boolean }>(sql`
    select status = 'PENDING_PAYMENT' and hold_extended_at is null
      and clock_timestamp() - created_at > make_interval(secs => ${LATE_SECONDS}) as is_late
    from bookings where id = ${bookingId}`);
  if (!rows[0]) return { kind: 'unknown' };
  if (rows[0].is_late) {
    const command = { kind: 'openSession', bookingId, url: opened.url } as const;
    const answer = await needs.writer.submit(opened.eventId, command, { inbox });
    return { kind: answer.kind === 'extended' ? 'extended' : 'recorded' };
  }
  await inTransaction(needs.db, 'recordPaymentSession', async (tx) => {
    await onceFor(tx, inbox, async () => {
      await tx.execute(sql`
        update bookings set payment_status = 'SESSION_CREATED', payment_url = ${opened.url}
        where id = ${bookingId} and payment_status in ${replaceableBy('SESSION_CREATED')}`);
    });
  });
  failpoint('booking.session-recorded');
  return { kind: 'recorded' };
}
