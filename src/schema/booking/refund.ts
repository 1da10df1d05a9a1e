import { type BookingRefund, findRefund } from '#domain/booking/booking-queries.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { builder } from '../builder.ts';
import { Money } from '../money.ts';
import { findNodesOf, Node } from '../node.ts';
import { Booking, Ticket } from './booking.ts';

const RefundStatus = builder.enumType('RefundStatus', {
  description: 'The state of a refund.',
  values: {
    PENDING: { description: 'The gateway was asked, or is asked soon. While its balance is too low the refund waits.' },
    SUCCEEDED: { description: 'The money was refunded.' },
    FAILED: { description: 'The bank sent the money back. It is with the seller, and the tickets stay void.' },
  } as const,
});

/** A refund of a booking. */
export const Refund = builder.objectRef<BookingRefund>('Refund').implement({
  description: 'Money of a booking that goes back to the fan.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: ({ id }) => encodeGlobalId('Refund', id) }),
    status: t.field({ type: RefundStatus, description: 'The state of the refund.', resolve: ({ status }) => status }),
    amount: t.field({
      type: Money,
      description: 'How much goes back.',
      resolve: ({ amountMinor, currency }) => ({ amountMinor, currency }),
    }),
    tickets: t.field({
      type: [Ticket],
      description: 'The tickets that are void because of it; of a refund that was made at the gateway, all void ones.',
      resolve: async ({ bookingId, seatNos }, _args, { loaders }) => {
        const all = await loaders.voidTickets.load(bookingId);
        return seatNos.length === 0 ? all : all.filter(({ seatNo }) => seatNos.includes(seatNo));
      },
    }),
    reason: t.exposeString('reason', { description: 'Why: the words of the member, or a code of Frontrow.' }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was asked for.',
      resolve: ({ createdAt }) => createdAt,
    }),
  }),
});

findNodesOf('Refund', async (id, { viewer, resources }) => viewer && findRefund(resources.db, viewer, id));

builder.objectFields(Booking, (t) => ({
  refunds: t.field({
    type: [Refund],
    description: 'The refunds of the booking, the oldest first.',
    resolve: ({ id }, _args, { loaders }) => loaders.refunds.load(id),
  }),
  refunded: t.field({
    type: Money,
    description: 'How much of the total was refunded so far.',
    resolve: ({ refundedMinor, currency }) => ({ amountMinor: refundedMinor ?? 0, currency }),
  }),
}));
