import type { Db } from '#db/client.ts';
import { type ConfirmBookingNeeds, confirmBooking } from '#domain/booking/confirm-booking.ts';
import { failBooking } from '#domain/booking/fail-booking.ts';
import { followPaymentEvents } from '#domain/booking/follow-payment-events.ts';
import { recordPaymentSession } from '#domain/booking/record-payment-session.ts';
import { recordDispute, recordRefund, recordRefundChange } from '#domain/booking/record-refund.ts';
import type { DomainEvent } from '#events/contracts.ts';
import { bookingChannel, bookingNews } from '#redis/channels.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { type TopicWorker, worker } from './run-worker.ts';

type Needs = ConfirmBookingNeeds & { db: Db; pubsub: PubSub };

const NAME = 'follow-payments';

/** Keeps bookings in step with their payments: where to pay, paid, declined, being refunded, refunded. */
export const followPayments = worker<Needs, TopicWorker<Needs>>({
  name: NAME,
  topics: ['payment'],
  run: async (needs, event, { messageId }) => {
    await follow(needs, event, { consumer: NAME, messageId });
    publish(needs, event.aggregateId);
  },
  runMany: (needs, messages) =>
    followPaymentEvents({ ...needs, changed: (bookingId) => publish(needs, bookingId) }, NAME, messages),
});

/**
 * Not awaited: while Redis is away each publish takes a second to fail, and confirmations must not wait for that. A
 * lost publish does no harm, because the watchers of a booking read it again when pub/sub is back.
 */
const publish = ({ pubsub }: Needs, bookingId: string): void => {
  pubsub.publish(bookingChannel(bookingId), bookingNews(bookingId)).catch(() => {});
};

async function follow(
  needs: Needs,
  event: DomainEvent,
  inbox: { consumer: string; messageId: string },
): Promise<unknown> {
  switch (event.type) {
    case 'PaymentSessionOpened':
      return recordPaymentSession(needs, event, inbox);
    case 'PaymentSucceeded':
      return confirmBooking(needs, event, inbox);
    case 'PaymentFailed':
      return failBooking(needs, event, inbox);
    case 'RefundRequested':
    case 'PaymentRefunded':
      return recordRefund(needs, event, inbox);
    case 'RefundChanged':
      return recordRefundChange(needs, event, inbox);
    case 'PaymentDisputed':
      return recordDispute(needs, event, inbox);
    default:
      return undefined;
  }
}
