import { watchBooking } from '#domain/booking/watch-booking.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';
import { Booking } from './booking.ts';

builder.subscriptionField('bookingChanged', (t) =>
  t.field({
    type: Booking,
    description: 'The current state first, then every transition, so there is nothing to poll and nothing to miss.',
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
