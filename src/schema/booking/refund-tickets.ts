import { NotFound } from '#domain/errors.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { NotRefundable } from '#domain/refunds/errors.ts';
import { type Refunded, refundTickets, refundTicketsRefusals } from '#domain/refunds/refund-tickets.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { Refusal } from '../refusals.ts';
import { requireActor } from '../viewer.ts';
import { Booking } from './booking.ts';
import { IDEMPOTENCY_KEY } from './create-booking.ts';
import { Refund } from './refund.ts';

builder.objectType(NotRefundable, {
  name: 'NotRefundable',
  description:
    'The booking is not confirmed, its event is cancelled, or some of the tickets were refunded before. Nothing was changed.',
  interfaces: [Refusal],
  fields: (t) => ({
    ticketIds: t.idList({
      description: 'The ids of the wanted tickets that are void; empty when the booking has none to refund.',
      resolve: ({ ticketIds }) => ticketIds.map((id) => encodeGlobalId('Ticket', id)),
    }),
  }),
});

const RefundedSeats = builder.enumType('RefundedSeats', {
  description: 'What becomes of the seats of refunded tickets.',
  values: {
    FREE: { description: 'They can be bought again. Seats of an allocation go back to it.' },
    BLOCKED: {
      description:
        'They go to the allocation "Refunded", from which `setAllocation` gives them to the public. Seats of another allocation stay with it.',
    },
  } as const,
});

const RefundTicketsInput = builder.inputType('RefundTicketsInput', {
  description: 'Tickets of a booking that are given back.',
  fields: (t) => ({
    bookingId: t.id({ required: true, description: 'The id of a Booking.' }),
    ticketIds: t.idList({ description: 'The ids of its tickets. Left out: all that are valid.' }),
    refundFees: t.boolean({
      required: true,
      description: 'Whether the fees that the price list calls not refundable are paid back as well.',
    }),
    seats: t.field({ type: RefundedSeats, description: 'What becomes of the seats. Left out: FREE.' }),
    reason: t.string({
      required: true,
      description:
        'Why, for the fan and the members of the organization: 1 to 500 characters; line breaks are allowed.',
    }),
    idempotencyKey: t.string({ required: true, description: IDEMPOTENCY_KEY }),
  }),
});

const RefundTicketsSuccess = builder.objectRef<Refunded>('RefundTicketsSuccess').implement({
  description: 'The tickets are void, and their money is on its way back.',
  fields: (t) => ({
    booking: t.field({
      type: Booking,
      description:
        'The booking with the tickets that are left, CANCELLED without any. The `code` of a ticket is empty here, unless the box office sold it.',
      resolve: ({ booking }) => booking,
    }),
    refund: t.field({
      type: Refund,
      description: 'The refund with its tickets. SUCCEEDED at once when the box office pays it back by hand.',
      resolve: ({ refund }) => refund,
    }),
  }),
});

builder.mutationField('refundTickets', (t) =>
  t.field({
    type: RefundTicketsSuccess,
    description:
      'Gives tickets of a confirmed booking back, all that are named or none: they are void at once and their seats free, and the gateway is asked for the money. What the box office sold is paid back by hand, in the way in which it was paid, and recorded here. The other tickets stay valid. The same key with the same request returns the same refund. Only for owners, managers and finance of its organization.',
    args: {
      input: t.arg({ type: RefundTicketsInput, required: true, description: 'The tickets and what goes back.' }),
    },
    errors: {
      types: [...refundTicketsRefusals],
      union: { name: 'RefundTicketsResult', description: 'The refund, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('refundTickets', async () => {
        const bookingId = decodeId('Booking', input.bookingId);
        if (!bookingId) throw new NotFound('booking');
        const { refundFees, reason, idempotencyKey, seats } = input;
        const ticketIds = input.ticketIds?.map((id) => decodeId('Ticket', id));
        const asked = { bookingId, ticketIds, refundFees, reason, idempotencyKey, seats: seats ?? 'FREE' } as const;
        return refundTickets(context.resources, actor, asked);
      });
    },
  }),
);
