import type { Db } from '#db/client.ts';
import { endPayment } from '#domain/payments/end-payment.ts';
import { enterSale, enterSaleRefund } from '#domain/payments/enter-sales.ts';
import type { PaymentGateway } from '#domain/payments/gateway.ts';
import { BOOKING_FOLLOWER, openPayment } from '#domain/payments/open-payment.ts';
import { openPayments } from '#domain/payments/open-payments.ts';
import { requestPartRefund, requestRefund } from '#domain/payments/request-refund.ts';
import type { DomainEvent, DomainEventOf } from '#events/contracts.ts';
import { firstOfEachKey } from '#workers/handle-messages.ts';
import type { TopicWorker } from '#workers/run-worker.ts';
import type { Settler } from './settle-due-payments.ts';

export type FollowNeeds = {
  db: Db;
  gateway: Pick<PaymentGateway, 'name'>;
  /** Called after each commit that made a payment due, so that it does not wait for the next look. */
  wake: () => void;
  /** Opens the sessions of new payments that are claimed for it, at once. Without it they are due like any other. */
  settler?: Pick<Settler, 'room' | 'leaseSeconds' | 'take'>;
};

/** Keeps payments in step with bookings. Only commits rows: `settleDuePayments` calls the gateway. */
export const followBookings: TopicWorker<FollowNeeds> = {
  name: BOOKING_FOLLOWER,
  topics: ['booking'],
  async run(needs, event, { messageId }) {
    await follow(needs, event, messageId);
    needs.wake();
  },
  async runMany(needs, messages) {
    const known = firstOfEachKey(messages, ({ event }) => isOpening(event) || !changesPayment(event));
    const openings = known.flatMap(({ event, ...rest }) => (isOpening(event) ? [{ event, ...rest }] : []));
    if (openings.length > 0) {
      const { settler } = needs;
      const limit = settler?.room() ?? 0;
      const claimed = await openPayments(needs, openings, { limit, leaseSeconds: settler?.leaseSeconds ?? 0 });
      settler?.take(claimed);
      if (openings.length > limit) needs.wake();
    }
    return new Set(known.map(({ messageId }) => messageId));
  },
};

/** A free booking needs no session, so it is handled alone. */
const isOpening = (event: DomainEvent): event is DomainEventOf<'BookingCreated'> =>
  event.type === 'BookingCreated' && event.totalMinor > 0;

const CHANGES: ReadonlySet<DomainEvent['type']> = new Set([
  'BookingCreated',
  'BookingExpired',
  'BookingFailed',
  'BookingCancelled',
  'TicketsVoided',
  'BookingConfirmationFailed',
  'BoxOfficeSold',
  'BoxOfficeRefunded',
]);
const changesPayment = (event: DomainEvent): boolean =>
  CHANGES.has(event.type) || (event.type === 'BookingConfirmed' && event.sale !== undefined);

async function follow(needs: FollowNeeds, event: DomainEvent, messageId: string): Promise<void> {
  const bookingId = event.aggregateId;
  switch (event.type) {
    case 'BookingCreated':
      return openPayment(needs, { event, messageId });
    case 'BookingExpired':
    case 'BookingFailed':
      return endPayment(needs, { bookingId, messageId });
    case 'BookingCancelled':
      // The box office sold it: there is no payment.
      if (event.tender !== undefined) return undefined;
      return event.refundDue
        ? requestRefund(needs, { bookingId, reason: 'BOOKING_CANCELLED', messageId, finalMinor: event.refundMinor })
        : endPayment(needs, { bookingId, messageId });
    case 'TicketsVoided':
      return requestPartRefund(needs, { event, messageId });
    case 'BookingConfirmed':
    case 'BoxOfficeSold':
      return enterSale(needs, { event, messageId });
    case 'BoxOfficeRefunded':
      return enterSaleRefund(needs, { event, messageId });
    case 'BookingConfirmationFailed':
      return requestRefund(needs, { bookingId, reason: event.reason, messageId });
    default:
      return undefined;
  }
}
