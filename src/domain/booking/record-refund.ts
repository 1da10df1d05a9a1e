import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { onceFor } from '#db/inbox.ts';
import { inTransaction } from '#db/transaction.ts';
import type { DomainEventOf } from '#events/contracts.ts';
import type { InboxMark } from '../inventory/inventory-read-statements.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';
import { replaceableBy } from '../payment-status-rules.ts';

type Needs = { readonly db: Db; readonly writer: InventoryWriter };

/**
 * Records that the money is on its way back, or is back, so that the fan sees each step. Newer news is kept. A
 * booking that is confirmed nevertheless was cancelled after the time to which the database was restored: it is
 * cancelled once more.
 */
export async function recordRefund(
  { db, writer }: Needs,
  refund: DomainEventOf<'RefundRequested' | 'PaymentRefunded'>,
  inbox: InboxMark,
): Promise<{ kind: 'recorded' | 'seenBefore' }> {
  const isBack = refund.type === 'PaymentRefunded';
  const status = isBack ? 'REFUNDED' : 'REFUND_PENDING';
  const [booking] = await db.execute<{ event_id: string; status: string }>(
    sql`select event_id, status from bookings where id = ${refund.aggregateId}`,
  );
  if (booking?.status === 'CONFIRMED')
    await writer.submit(booking.event_id, { kind: 'release', reason: 'REFUNDED', bookingId: refund.aggregateId });
  const isNew = await inTransaction(db, 'recordRefund', (tx) =>
    onceFor(tx, inbox, async () => {
      await tx.execute(sql`
        update bookings set payment_status = ${status},
          refunded_minor = case when ${isBack} then ${refund.amountMinor}::bigint else refunded_minor end
        where id = ${refund.aggregateId} and payment_status in ${replaceableBy(status)}`);
    }),
  );
  return { kind: isNew ? 'recorded' : 'seenBefore' };
}
