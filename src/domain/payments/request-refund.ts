import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { onceFor } from '#db/inbox.ts';
import { inTransaction } from '#db/transaction.ts';
import type { DomainEventOf } from '#events/contracts.ts';
import { creditsOf } from './credit-lines.ts';
import { PaymentMissing } from './end-payment.ts';
import { BOOKING_FOLLOWER } from './open-payment.ts';
import { lockPaymentOfBooking, markClosing } from './payment-statements.ts';
import { askForRefund, askForWhole } from './refund-statements.ts';

/**
 * The booking side asks for the refund: a confirmed booking was cancelled, or money came for seats that are gone.
 * Only the booking side may ask, because only it knows that no ticket is left. Asking again changes nothing. When no
 * money is known yet, the session is closed; if it turns out to be paid, that is published and the booking side asks
 * again.
 */
export async function requestRefund(
  needs: { db: Db },
  request: { bookingId: string; reason: string; messageId: string; finalMinor?: number | undefined },
): Promise<void> {
  const { bookingId, reason, messageId, finalMinor } = request;
  await inTransaction(needs.db, 'request-refund', async (tx) => {
    await onceFor(tx, { consumer: BOOKING_FOLLOWER, messageId }, async () => {
      const payment = await lockPaymentOfBooking(tx, bookingId);
      if (!payment) throw new PaymentMissing(bookingId);
      if (payment.capturedAt === null) await markClosing(tx, payment);
      else await askForWhole(tx, payment, reason, finalMinor);
    });
  });
  failpoint('payments.refund-stored');
}

/**
 * Tickets of a booking are void, and the booking side says what goes back for them. Never more than is left of each line,
 * however many such messages there are.
 */
export async function requestPartRefund(
  needs: { db: Db },
  request: { event: DomainEventOf<'TicketsVoided'>; messageId: string },
): Promise<void> {
  const { event, messageId } = request;
  const { refund, seatNos, aggregateId: bookingId } = event;
  if (!refund) return;
  await inTransaction(needs.db, 'request-part-refund', async (tx) => {
    await onceFor(tx, { consumer: BOOKING_FOLLOWER, messageId }, async () => {
      const payment = await lockPaymentOfBooking(tx, bookingId);
      if (!payment?.capturedAt) throw new PaymentMissing(bookingId);
      const of = { parts: creditsOf(refund.split), atMostMinor: refund.amountMinor };
      await askForRefund(tx, payment, { id: refund.id, origin: 'BOOKING', reason: refund.reason, of, seatNos });
    });
  });
  failpoint('payments.refund-stored');
}
