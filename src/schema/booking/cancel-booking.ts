import { cancelBooking, cancelBookingRefusals } from '#domain/booking/cancel-booking.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';
import { Booking } from './booking.ts';

const CancelBookingInput = builder.inputType('CancelBookingInput', {
  description: 'The booking to cancel.',
  fields: (t) => ({ bookingId: t.id({ required: true, description: 'The id of a Booking.' }) }),
});

const CancelBookingSuccess = builder
  .objectRef<Awaited<ReturnType<typeof cancelBooking>>>('CancelBookingSuccess')
  .implement({
    description: 'The seats are free again, and any money paid is refunded.',
    fields: (t) => ({
      booking: t.field({ type: Booking, description: 'The booking, as it is now.', resolve: ({ booking }) => booking }),
    }),
  });

builder.mutationField('cancelBooking', (t) =>
  t.field({
    type: CancelBookingSuccess,
    description:
      'Cancels a booking and frees its seats: at any time before it is paid, and later while the event allows it.',
    args: { input: t.arg({ type: CancelBookingInput, required: true, description: 'The booking to cancel.' }) },
    errors: {
      types: [...cancelBookingRefusals],
      union: { name: 'CancelBookingResult', description: 'The booking, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const viewer = requireViewer(context);
      return context.attempt('cancelBooking', async () => {
        const bookingId = decodeId('Booking', input.bookingId);
        if (!bookingId) throw new NotFound('booking');
        return cancelBooking(context.resources, viewer, { bookingId });
      });
    },
  }),
);
