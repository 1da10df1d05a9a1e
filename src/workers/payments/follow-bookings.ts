import type { Db } from '#db/client.ts';
import { endPayment } from '#domain/payments/end-payment.ts';
import type { PaymentGateway } from '#domain/payments/gateway.ts';
import { BOOKING_FOLLOWER, openPayment } from '#domain/payments/open-payment.ts';
import { requestRefund } from '#domain/payments/request-refund.ts';
import type { DomainEvent } from '#events/contracts.ts';
import type { TopicWorker } from '#workers/run-worker.ts';

export type FollowNeeds = {
  db: Db;
  gateway: Pick<PaymentGateway, 'name'>;
  /** Called after each commit that made a payment due, so that it does not wait for the next look. */
  wake: () => void;
};

/** Keeps payments in step with bookings. Only commits rows: `settleDuePayments` calls the gateway. */
export const followBookings: TopicWorker<FollowNeeds> = {
  name: BOOKING_FOLLOWER,
  topics: ['booking'],
  async run(needs, event, { messageId }) {
    await follow(needs, event, messageId);
    needs.wake();
  },
};

async function follow(needs: FollowNeeds, event: DomainEvent, messageId: string): Promise<void> {
  const bookingId = event.aggregateId;
  switch (event.type) {
    case 'BookingCreated':
      return openPayment(needs, { event, messageId });
    case 'BookingExpired':
    case 'BookingFailed':
      return endPayment(needs, { bookingId, messageId });
    case 'BookingCancelled':
      return event.refundDue
        ? requestRefund(needs, { bookingId, reason: 'BOOKING_CANCELLED', messageId })
        : endPayment(needs, { bookingId, messageId });
    case 'BookingConfirmationFailed':
      return requestRefund(needs, { bookingId, reason: event.reason, messageId });
    default:
      return undefined;
  }
}
