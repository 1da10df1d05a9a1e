import { createBooking, createBookingRefusals } from '#domain/booking/create-booking.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';
import { Booking } from './booking.ts';
import { BookingLineInput, CODES, toLines, toSeatId, withCodes } from './quote.ts';

export const IDEMPOTENCY_KEY =
  'A text that the client chooses, 1 to 200 characters. For 30 days, the same request with the same key returns the same booking.';

const CreateBookingInput = builder.inputType('CreateBookingInput', {
  description: 'The seats to hold, and a key with which the client may repeat the request.',
  fields: (t) => ({
    eventId: t.id({ required: true, description: 'The id of an Event.' }),
    seatIds: t.idList({ description: 'The ids of the seats, each once, with the default ticket type.' }),
    lines: t.field({
      type: [BookingLineInput],
      description:
        'Instead of `seatIds`: the seats with their ticket types, and numbers of places of general admission sections.',
    }),
    quoteHash: t.string({
      description: 'The `hash` of a quote of these seats: holds them at this price, or refuses with PriceChanged.',
    }),
    codes: t.stringList({ description: CODES }),
    idempotencyKey: t.string({ required: true, description: IDEMPOTENCY_KEY }),
  }),
});

type Success = Awaited<ReturnType<typeof createBooking>>;

export const CreateBookingSuccess = builder.objectRef<Success>('CreateBookingSuccess').implement({
  description: 'The seats are held until `booking.holdExpiresAt`.',
  fields: (t) => ({
    booking: t.field({ type: Booking, description: 'The booking, as it is now.', resolve: ({ booking }) => booking }),
    replayed: t.exposeBoolean('replayed', {
      description: 'True when an earlier request with this key created the booking.',
    }),
  }),
});

/** Both mutations that hold seats have this one result. */
export const createBookingResult = {
  types: [...createBookingRefusals],
  result: { name: 'CreateBookingSuccess' },
  union: { name: 'CreateBookingResult', description: 'The booking, or the reason for the refusal.' },
};

builder.mutationField('createBooking', (t) =>
  t.field({
    type: CreateBookingSuccess,
    description: 'Holds all the seats for the viewer, or none of them.',
    args: { input: t.arg({ type: CreateBookingInput, required: true, description: 'The seats to hold.' }) },
    errors: createBookingResult,
    resolve: (_root, { input }, context) => {
      const viewer = requireViewer(context);
      const { resources, attempt, admission, addressKey } = context;
      const hold = async () => {
        const eventId = decodeId('Event', input.eventId);
        if (!eventId) throw new NotFound('event');
        const { idempotencyKey, seatIds, lines, quoteHash } = input;
        return createBooking(resources, viewer, {
          eventId,
          seatIds: seatIds?.map((seatId) => toSeatId(seatId, 'seatIds')),
          lines: lines ? toLines(lines) : undefined,
          quoteHash: quoteHash ?? undefined,
          idempotencyKey,
          admission,
          addressKey: addressKey(),
          codes: input.codes ?? undefined,
        });
      };
      return attempt('createBooking', () => withCodes(input.codes, attempt, hold));
    },
  }),
);
