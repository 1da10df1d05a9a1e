import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { onceFor } from '#db/inbox.ts';
import { inTransaction } from '#db/transaction.ts';
import { PaymentMissing } from './end-payment.ts';
import { BOOKING_FOLLOWER } from './open-payment.ts';
import { lockPaymentOfBooking, markClosing, recordRefundDue } from './payment-statements.ts';

/**
 * The booking side asks for the refund: a confirmed booking was cancelled, or money came for seats that are gone.
 * Only the booking side may ask, because only it knows that no ticket is left. Asking again changes nothing. When no
 * money is known yet, the session is closed; if it turns out to be paid, that is published and the booking side asks
 * again.
 */
export async function requestRefund(
  needs: { db: Db },
  request: { bookingId: string; reason: string; messageId: string },
): Promise<void> {
  const { bookingId, reason, messageId } = request;
  await inTransaction(needs.db, 'request-refund', async (tx) => {
    await onceFor(tx, { consumer: BOOKING_FOLLOWER, messageId }, async () => {
      const payment = await lockPaymentOfBooking(tx, bookingId);
      if (!payment) throw new PaymentMissing(bookingId);
      if (!(await recordRefundDue(tx, payment, { reason }))) await markClosing(tx, payment);
    });
  });
  failpoint('payments.refund-stored');
}
