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
      'The current state first, then every transition, so there is nothing to poll and nothing to miss. Completes after the last state: CONFIRMED when the event lets no confirmed booking be cancelled (`cancellableUntil` is null or over), EXPIRED, FAILED or CANCELLED when the money has come to rest (payment PAYMENT_FAILED or REFUNDED, or nothing was to be paid). An end with an error, or without `complete`, is not the last state: subscribe again.',
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
