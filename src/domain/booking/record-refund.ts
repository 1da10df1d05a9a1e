import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { onceFor } from '#db/inbox.ts';
import { inTransaction } from '#db/transaction.ts';
import type { DomainEventOf } from '#events/contracts.ts';
import type { InboxMark } from '../inventory/inventory-read-statements.ts';
import { replaceableBy } from './payment-status-rules.ts';

/** The money is on its way back, or is back: the fan is told at each step. Newer news stays. */
export async function recordRefund(
  { db }: { readonly db: Db },
  refund: DomainEventOf<'RefundRequested' | 'PaymentRefunded'>,
  inbox: InboxMark,
): Promise<{ kind: 'recorded' | 'seenBefore' }> {
  const isBack = refund.type === 'PaymentRefunded';
  const status = isBack ? 'REFUNDED' : 'REFUND_PENDING';
  const isNew = await inTransaction(db, 'recordRefund', (tx) =>
    onceFor(tx, inbox, async () => {
      await tx.execute(sql`
        update bookings set payment_status = ${status},
          refunded_minor = case when ${isBack} then ${refund.amountMinor}::int else refunded_minor end
        where id = ${refund.aggregateId} and payment_status in ${replaceableBy(status)}`);
    }),
  );
  return { kind: isNew ? 'recorded' : 'seenBefore' };
}
