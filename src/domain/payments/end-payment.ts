import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { onceFor } from '#db/inbox.ts';
import { inTransaction } from '#db/transaction.ts';
import { BOOKING_FOLLOWER } from './open-payment.ts';
import { lockPaymentOfBooking, markClosing, recordFailure } from './payment-statements.ts';

/**
 * A booking precedes its payment's messages in the log, so a missing payment means that a message was lost or parked.
 */
export class PaymentMissing extends Error {
  constructor(bookingId: string) {
    super(`There is no payment for the booking ${bookingId}.`);
    this.name = 'PaymentMissing';
  }
}

/** A booking ended without money: its session is closed, or never opened. A payment that has ended is not changed. */
export async function endPayment(needs: { db: Db }, request: { bookingId: string; messageId: string }): Promise<void> {
  const { bookingId, messageId } = request;
  await inTransaction(needs.db, 'end-payment', async (tx) => {
    await onceFor(tx, { consumer: BOOKING_FOLLOWER, messageId }, async () => {
      const payment = await lockPaymentOfBooking(tx, bookingId);
      if (!payment) throw new PaymentMissing(bookingId);
      // The gateway was never asked, so there is no session to close.
      if (payment.status === 'CREATING_SESSION' && payment.checks === 0) {
        await recordFailure(tx, payment, 'BOOKING_ENDED');
      } else {
        await markClosing(tx, payment);
      }
    });
  });
  failpoint('payments.closing-stored');
}
