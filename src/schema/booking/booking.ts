import type { Booking as BookingModel } from '#domain/booking/booking.ts';
import { findBooking, findTicket, type Ticket as TicketModel } from '#domain/booking/booking-queries.ts';
import { openPaymentUrl, visibleStatus } from '#domain/booking/booking-status.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import type { BookingSeatState } from '#domain/inventory/inventory-command.ts';
import { builder } from '../builder.ts';
import { Event, requireEvent } from '../catalog/event.ts';
import type { Context } from '../context.ts';
import { Seat, seatOf } from '../inventory/seat.ts';
import { Money } from '../money.ts';
import { decodeId, findNodesOf, Node } from '../node.ts';
import { planOf } from './plan-of.ts';

export const BookingStatus = builder.enumType('BookingStatus', {
  description: 'The life of a booking.',
  values: {
    PENDING_PAYMENT: { description: 'The seats are held; the way to pay is being prepared.' },
    PAYMENT_READY: { description: 'The seats are held; pay at `payment.url` before `holdExpiresAt`.' },
    CONFIRMED: { description: 'Paid. The tickets are there.' },
    EXPIRED: { description: 'Not paid in time. The seats are free again.' },
    FAILED: { description: 'The payment was declined. The seats are free again.' },
    CANCELLED: { description: 'Given back by the fan or called off by the organizer.' },
  } as const,
});

const PaymentStatus = builder.enumType('PaymentStatus', {
  description: 'The life of a payment.',
  values: {
    CREATING_SESSION: { description: 'The way to pay is being prepared.' },
    SESSION_CREATED: { description: 'The fan can pay.' },
    PAYMENT_SUCCESS: { description: 'The money has arrived.' },
    PAYMENT_FAILED: { description: 'The money will not arrive.' },
    REFUND_PENDING: { description: 'The money is going back.' },
    REFUNDED: { description: 'The money has gone back.' },
  } as const,
});

const Payment = builder.objectRef<BookingModel>('Payment').implement({
  description: 'How a booking is paid.',
  fields: (t) => ({
    status: t.field({
      type: PaymentStatus,
      description: 'Where the money is.',
      resolve: (booking) => booking.paymentStatus,
    }),
    url: t.string({
      nullable: true,
      description:
        'Where the fan pays: set while the booking is PAYMENT_READY; null before the session is open, and once paying there is of no use.',
      resolve: openPaymentUrl,
    }),
    refunded: t.field({
      type: Money,
      nullable: true,
      description: 'What has gone back; null when nothing has.',
      resolve: ({ refundedMinor, currency }) =>
        refundedMinor === null ? null : { amountMinor: refundedMinor, currency },
    }),
  }),
});

/** The seat of an event with this number. */
const seatAt = async (eventId: string, seatNo: number, context: Context) =>
  seatOf(await planOf(eventId, context), seatNo);

const BookingSeat = builder
  .objectRef<BookingSeatState & { eventId: string; currency: string }>('BookingSeat')
  .implement({
    description: 'One of the seats of a booking, at the price of the moment it was held.',
    fields: (t) => ({
      seat: t.field({
        type: Seat,
        description: 'The seat itself.',
        resolve: ({ eventId, seatNo }, _args, context) => seatAt(eventId, seatNo, context),
      }),
      price: t.field({
        type: Money,
        description: 'Without the fee.',
        resolve: ({ priceMinor, currency }) => ({ amountMinor: priceMinor, currency }),
      }),
      fee: t.field({
        type: Money,
        description: 'On top of the price.',
        resolve: ({ feeMinor, currency }) => ({ amountMinor: feeMinor, currency }),
      }),
    }),
  });

const Ticket = builder.objectRef<TicketModel>('Ticket').implement({
  description: 'What lets one person in.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (ticket) => encodeGlobalId('Ticket', ticket.id) }),
    code: t.exposeString('code', {
      description: 'Signed, for a QR code; verified offline with the keys at /.well-known/frontrow-tickets.json.',
    }),
    seat: t.field({
      type: Seat,
      description: 'The seat it is for.',
      resolve: ({ eventId, seatNo }, _args, context) => seatAt(eventId, seatNo, context),
    }),
    event: t.field({
      type: Event,
      description: 'The event it is for.',
      resolve: ({ eventId }, _args, context) => requireEvent(eventId, context),
    }),
    issuedAt: t.field({ type: 'DateTime', description: 'When it was made.', resolve: (ticket) => ticket.issuedAt }),
  }),
});

/** Only ever the viewer's: whoever reads one has asked for it as its owner. */
export const Booking = builder.objectRef<BookingModel>('Booking');

Booking.implement({
  description: "A viewer's attempt to buy seats of one event.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (booking) => encodeGlobalId('Booking', booking.id) }),
    status: t.field({ type: BookingStatus, description: 'Where it is in its life.', resolve: visibleStatus }),
    event: t.field({
      type: Event,
      description: 'The event.',
      resolve: ({ eventId }, _args, context) => requireEvent(eventId, context),
    }),
    seats: t.field({
      type: [BookingSeat],
      description: 'Its seats, by seat number.',
      resolve: async ({ id, eventId, currency, seats }, _args, { loaders }) =>
        (seats ?? (await loaders.bookingSeats.load(id))).map((seat) => ({ ...seat, eventId, currency })),
    }),
    total: t.field({
      type: Money,
      description: 'All prices and fees.',
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
      description: 'When the hold was extended because the delay was ours; at most once.',
      resolve: (booking) => booking.holdExtendedAt,
    }),
    payment: t.field({ type: Payment, description: 'How it is paid.', resolve: (booking) => booking }),
    tickets: t.field({
      type: [Ticket],
      description: 'Once it is CONFIRMED, one for each seat.',
      resolve: ({ id, status }, _args, { loaders }) => (status === 'PENDING_PAYMENT' ? [] : loaders.tickets.load(id)),
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the seats were held.',
      resolve: (booking) => booking.createdAt,
    }),
    confirmedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was confirmed.',
      resolve: (booking) => booking.confirmedAt,
    }),
  }),
});

const find = async (id: string, { viewer, resources }: Context) => viewer && findBooking(resources.db, viewer, id);

findNodesOf('Booking', find);
findNodesOf('Ticket', async (id, { viewer, resources }) => viewer && findTicket(resources.db, viewer, id));

builder.queryField('booking', (t) =>
  t.field({
    type: Booking,
    nullable: true,
    description: 'The booking with this id; null when it is unknown or not yours.',
    args: { id: t.arg.id({ required: true, description: 'The id of a Booking.' }) },
    resolve: async (_root, { id }, context) => {
      const bookingId = decodeId('Booking', id);
      return bookingId ? find(bookingId, context) : null;
    },
  }),
);
