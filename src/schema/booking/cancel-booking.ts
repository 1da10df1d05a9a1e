import { cancelBooking, cancelBookingRefusals } from '#domain/booking/cancel-booking.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';
import { Booking } from './booking.ts';

const CancelBookingInput = builder.inputType('CancelBookingInput', {
  description: 'What to give back.',
  fields: (t) => ({ bookingId: t.id({ required: true, description: 'The id of a Booking.' }) }),
});

const CancelBookingSuccess = builder
  .objectRef<Awaited<ReturnType<typeof cancelBooking>>>('CancelBookingSuccess')
  .implement({
    description: 'The seats are free again; money that was paid goes back.',
    fields: (t) => ({
      booking: t.field({ type: Booking, description: 'The booking, as it is now.', resolve: ({ booking }) => booking }),
    }),
  });

builder.mutationField('cancelBooking', (t) =>
  t.field({
    type: CancelBookingSuccess,
    description: 'Gives the seats of a booking back: at any time before it is paid, later while the event allows it.',
    args: { input: t.arg({ type: CancelBookingInput, required: true, description: 'What to give back.' }) },
    errors: {
      types: [...cancelBookingRefusals],
      union: { name: 'CancelBookingResult', description: 'The booking, or why it stays.' },
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
