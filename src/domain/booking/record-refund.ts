import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { onceFor } from '#db/inbox.ts';
import { bookingRefunds } from '#db/tables/booking.ts';
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
      if (refund.type === 'RefundRequested') await storeRefund(tx, ofWhole(refund));
      else
        await tx.execute(sql`update booking_refunds set status = 'SUCCEEDED', updated_at = now()
          where id = ${refund.aggregateId} and status = 'PENDING'`);
    }),
  );
  return { kind: isNew ? 'recorded' : 'seenBefore' };
}

/** Its id is the booking's. */
const ofWhole = ({ aggregateId, eventId, amountMinor, currency, reason }: DomainEventOf<'RefundRequested'>) =>
  ({
    ...{ id: aggregateId, bookingId: aggregateId, eventId, amountMinor, currency, reason },
    status: 'PENDING',
    origin: 'BOOKING',
  }) as const;

/**
 * Messages of one refund come in order, so a later one replaces the state. The amount is what the payments service found
 * left of what the writer asked for. The seats and the reason are those that the writer stored.
 */
async function storeRefund(tx: Tx, refund: typeof bookingRefunds.$inferInsert): Promise<void> {
  const { status, amountMinor } = refund;
  await tx
    .insert(bookingRefunds)
    .values(refund)
    .onConflictDoUpdate({ target: bookingRefunds.id, set: { status, amountMinor, updatedAt: sql`now()` } });
}

/**
 * Records a refund of a part, one that was made at the gateway, or that one has failed: the money is with us again, and
 * the tickets stay void.
 */
export async function recordRefundChange(
  { db }: Pick<Needs, 'db'>,
  change: DomainEventOf<'RefundChanged'>,
  inbox: InboxMark,
): Promise<void> {
  const { refundId: id, aggregateId: bookingId, eventId, status, origin, amountMinor, currency, reason } = change;
  await inTransaction(db, 'recordRefundChange', async (tx) => {
    await onceFor(tx, inbox, async () => {
      await storeRefund(tx, { id, bookingId, eventId, status, origin, amountMinor, currency, reason });
      await tx.execute(sql`
        update bookings set refunded_minor = nullif(${change.refundedMinor}::bigint, 0),
          payment_status = case when ${status === 'FAILED'} and payment_status in ('REFUND_PENDING', 'REFUNDED')
            then 'PAYMENT_SUCCESS' else payment_status end
        where id = ${bookingId}`);
    });
  });
}

/** A bank has taken all of the money back: the booking is cancelled, and its tickets are void. */
export async function recordDispute(
  { db, writer }: Needs,
  dispute: DomainEventOf<'PaymentDisputed'>,
  inbox: InboxMark,
): Promise<void> {
  const [booking] = await db.execute<{ event_id: string; status: string }>(
    sql`select event_id, status from bookings where id = ${dispute.aggregateId}`,
  );
  if (dispute.takesAll && booking?.status === 'CONFIRMED')
    await writer.submit(booking.event_id, { kind: 'release', reason: 'REFUNDED', bookingId: dispute.aggregateId });
  await inTransaction(db, 'recordDispute', (tx) => onceFor(tx, inbox, async () => undefined));
}
