import type { Booking as BookingModel } from '#domain/booking/booking.ts';
import { findBooking, findTicket, type Ticket as TicketRow } from '#domain/booking/booking-queries.ts';
import { findSoldBooking } from '#domain/booking/sold-booking-queries.ts';
import { openPaymentUrl, visibleStatus } from '#domain/booking-status.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { type PricedSeat, readCharges, readLine } from '#domain/pricing/stored-line-rules.ts';
import { builder } from '../builder.ts';
import { Event, requireEvent } from '../catalog/event.ts';
import type { Context } from '../context.ts';
import { Seat, seatOf } from '../inventory/seat.ts';
import { Money } from '../money.ts';
import { decodeId, findNodesOf, Node } from '../node.ts';
import { planOf } from './plan-of.ts';
import { Charge, ofCurrency, QuoteLine, TicketType, typeOf } from './quote-types.ts';

export const BookingStatus = builder.enumType('BookingStatus', {
  description: 'The state of a booking.',
  values: {
    PENDING_PAYMENT: { description: 'The seats are held; the payment page is being prepared.' },
    PAYMENT_READY: { description: 'The seats are held; pay at `payment.url` before `holdExpiresAt`.' },
    CONFIRMED: { description: 'Paid. The booking has its tickets.' },
    EXPIRED: { description: 'Not paid in time. The seats are free again.' },
    FAILED: { description: 'The payment was declined. The seats are free again.' },
    CANCELLED: { description: 'Cancelled by the fan or by the organizer.' },
  } as const,
});

const PaymentStatus = builder.enumType('PaymentStatus', {
  description: 'The state of a payment.',
  values: {
    CREATING_SESSION: { description: 'The payment page is being prepared.' },
    SESSION_CREATED: { description: 'The payment page is open, and the fan can pay.' },
    PAYMENT_SUCCESS: { description: 'The money has arrived.' },
    PAYMENT_FAILED: { description: 'The money will not arrive.' },
    REFUND_PENDING: { description: 'The refund is under way.' },
    REFUNDED: { description: 'The money was refunded.' },
  } as const,
});

const Payment = builder.objectRef<BookingModel>('Payment').implement({
  description: 'The payment of a booking.',
  fields: (t) => ({
    status: t.field({
      type: PaymentStatus,
      description: 'The state of the payment.',
      resolve: (booking) => booking.paymentStatus,
    }),
    url: t.string({
      nullable: true,
      description:
        'The payment page for the fan. Set while the booking is PAYMENT_READY; null before the page is open, and when the fan can no longer pay there.',
      resolve: openPaymentUrl,
    }),
    refunded: t.field({
      type: Money,
      nullable: true,
      description: 'The refunded amount; null when nothing was refunded.',
      resolve: ({ refundedMinor, currency }) =>
        refundedMinor === null ? null : { amountMinor: refundedMinor, currency },
    }),
  }),
});

/** Returns the seat of an event with this number. */
const seatAt = async (eventId: string, seatNo: number, context: Context) =>
  seatOf(await planOf(eventId, context), seatNo);

const BookingSeat = builder.objectRef<PricedSeat & { eventId: string; currency: string }>('BookingSeat').implement({
  description: 'One seat of a booking, at the price when it was held.',
  fields: (t) => ({
    seat: t.field({
      type: Seat,
      description: 'The seat itself.',
      resolve: ({ eventId, seatNo }, _args, context) => seatAt(eventId, seatNo, context),
    }),
    price: t.field({
      type: Money,
      description: 'What the seat costs, with its fees and taxes.',
      resolve: ({ priceMinor, feeMinor, currency }) => ({ amountMinor: priceMinor + feeMinor, currency }),
    }),
    fee: t.field({
      type: Money,
      description: 'The part of the price beside the face price: fees, and taxes that are added.',
      resolve: ({ feeMinor, currency }) => ({ amountMinor: feeMinor, currency }),
    }),
  }),
});

/** `holderName`: set only for a ticket that was found through a booking of the box office. */
type TicketModel = TicketRow & { readonly holderName?: string | null };

const TicketStatus = builder.enumType('TicketStatus', {
  description: 'Whether a ticket admits.',
  values: {
    VALID: { description: 'It admits one person.' },
    VOID: { description: 'It was cancelled or refunded, and admits no longer.' },
  } as const,
});

export const Ticket = builder.objectRef<TicketModel>('Ticket').implement({
  description: 'A ticket: it admits one person to the event.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (ticket) => encodeGlobalId('Ticket', ticket.id) }),
    code: t.exposeString('code', {
      description:
        'A signed text for a QR code. A scanner can verify it offline with the keys at /.well-known/frontrow-tickets.json.',
    }),
    seat: t.field({
      type: Seat,
      description: 'The seat that the ticket is for.',
      resolve: ({ eventId, seatNo }, _args, context) => seatAt(eventId, seatNo, context),
    }),
    ticketType: t.field({
      type: TicketType,
      description: 'The ticket type that the fan chose.',
      resolve: async ({ id, bookingId, seatNo }, _args, { loaders }) => {
        const isOwn = (one: PricedSeat) => one.seatNo === seatNo;
        const seat =
          (await loaders.bookingSeats.load(bookingId)).find(isOwn) ??
          (await loaders.refundedSeats.load(bookingId)).find(isOwn);
        if (!seat) throw new Error(`ticket ${id} is for a seat that its booking does not have`);
        return typeOf(readLine(seat));
      },
    }),
    event: t.field({
      type: Event,
      description: 'The event that the ticket is for.',
      resolve: ({ eventId }, _args, context) => requireEvent(eventId, context),
    }),
    status: t.field({
      type: TicketStatus,
      description: 'Whether the ticket admits.',
      resolve: ({ voidedAt }) => (voidedAt === null ? ('VALID' as const) : ('VOID' as const)),
    }),
    holderName: t.string({
      nullable: true,
      description: 'Who has the ticket, as the box office wrote it down; null for a ticket that was bought online.',
      resolve: ({ holderName }) => holderName ?? null,
    }),
    issuedAt: t.field({
      type: 'DateTime',
      description: 'When the ticket was issued.',
      resolve: (ticket) => ticket.issuedAt,
    }),
  }),
});

/** The viewer's own, or one that the box office sold, for those who may sell: every query for a booking filters by that. */
export const Booking = builder.objectRef<BookingModel>('Booking');

Booking.implement({
  description: "A viewer's attempt to buy seats of one event.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (booking) => encodeGlobalId('Booking', booking.id) }),
    status: t.field({ type: BookingStatus, description: 'The state of the booking.', resolve: visibleStatus }),
    event: t.field({
      type: Event,
      description: 'The event.',
      resolve: ({ eventId }, _args, context) => requireEvent(eventId, context),
    }),
    seats: t.field({
      type: [BookingSeat],
      description:
        'The seats of the booking, in the order of their seat numbers, without those of tickets that were refunded while it went on.',
      resolve: async ({ id, eventId, currency, seats }, _args, { loaders }) =>
        (seats ?? (await loaders.bookingSeats.load(id))).map((seat) => ({ ...seat, eventId, currency })),
    }),
    total: t.field({
      type: Money,
      description: 'The sum of the lines, of the fees of the booking, and of the taxes that are added to these.',
      resolve: ({ totalMinor, currency }) => ({ amountMinor: totalMinor, currency }),
    }),
    holdExpiresAt: t.field({
      type: 'DateTime',
      description: 'Until when the seats are held.',
      resolve: (booking) => booking.holdExpiresAt,
    }),
    holdExtendedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the hold was extended because the service caused a delay; at most once.',
      resolve: (booking) => booking.holdExtendedAt,
    }),
    payment: t.field({ type: Payment, description: 'The payment of the booking.', resolve: (booking) => booking }),
    tickets: t.field({
      type: [Ticket],
      description:
        'One ticket for each seat once the booking is CONFIRMED; empty before. Those that are void are in its `refunds`.',
      resolve: async ({ id, status, tickets, holderName }, _args, { loaders }) => {
        if (status === 'PENDING_PAYMENT') return [];
        return (tickets ?? (await loaders.tickets.load(id))).map((ticket) => ({ ...ticket, holderName }));
      },
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the seats were held.',
      resolve: (booking) => booking.createdAt,
    }),
    confirmedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the booking was confirmed.',
      resolve: (booking) => booking.confirmedAt,
    }),
  }),
});

builder.objectFields(Booking, (t) => ({
  lines: t.field({
    type: [QuoteLine],
    description: 'What each ticket costs, as it was quoted when the seats were held, also one that was refunded.',
    resolve: async ({ id, eventId, currency, seats, voidedTickets }, _args, context) => {
      const [{ planId }, own, refunded] = await Promise.all([
        planOf(eventId, context),
        seats ?? context.loaders.bookingSeats.load(id),
        voidedTickets === null ? [] : context.loaders.refundedSeats.load(id),
      ]);
      return [...own, ...refunded]
        .sort((a, b) => a.seatNo - b.seatNo)
        .map((seat) => ({ ...readLine(seat), planId, currency }));
    },
  }),
  fees: t.field({
    type: [Charge],
    description: 'The fees of the booking as a whole. Those of a ticket are in its line.',
    resolve: ({ charges, currency }) => ofCurrency(currency, readCharges(charges).fees),
  }),
  taxes: t.field({
    type: [Charge],
    description: 'The taxes on the fees of the booking as a whole.',
    resolve: ({ charges, currency }) => ofCurrency(currency, readCharges(charges).taxes),
  }),
}));

async function find(id: string, { viewer, accessKey, resources }: Context): Promise<BookingModel | undefined> {
  const own = viewer && (await findBooking(resources.db, viewer, id));
  const actor = viewer ?? accessKey;
  return own ?? (actor && findSoldBooking(resources, actor, id));
}

findNodesOf('Booking', find);
findNodesOf('Ticket', async (id, { viewer, resources }) => viewer && findTicket(resources.db, viewer, id));

builder.queryField('booking', (t) =>
  t.field({
    type: Booking,
    nullable: true,
    description:
      'The booking with this id; null when it is unknown or not yours. A booking that the box office sold is for those who may sell for its organization.',
    args: { id: t.arg.id({ required: true, description: 'The id of a Booking.' }) },
    resolve: async (_root, { id }, context) => {
      const bookingId = decodeId('Booking', id);
      return bookingId ? find(bookingId, context) : null;
    },
  }),
);
