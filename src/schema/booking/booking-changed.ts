import { watchBooking } from '#domain/booking/watch-booking.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';
import { Booking } from './booking.ts';

builder.subscriptionField('bookingChanged', (t) =>
  t.field({
    type: Booking,
    description:
      'Sends the current state first, then every transition, so that clients need not poll. Completes after the last state. That is CONFIRMED when the event does not allow cancelling a confirmed booking (`cancellableUntil` is null or over), and EXPIRED, FAILED or CANCELLED when no money will move any more (payment PAYMENT_FAILED or REFUNDED, or nothing was to be paid). No field of a booking changes by time alone, so nothing is sent when `cancellableUntil` passes, and a subscription that runs then goes on. When the subscription ends with an error, or without `complete`, subscribe again.',
    args: { bookingId: t.arg.id({ required: true, description: 'The id of a Booking of the viewer.' }) },
    subscribe: (_root, args, context) => {
      const viewer = requireViewer(context);
      const bookingId = decodeId('Booking', args.bookingId);
      if (!bookingId) throw new NotFound('booking');
      return watchBooking(context.resources, viewer, bookingId);
    },
    resolve: (booking) => booking,
  }),
);
