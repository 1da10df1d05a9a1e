import { holdBestAvailable } from '#domain/booking/hold-best-available.ts';
import { InvalidInput, NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';
import { CreateBookingSuccess, createBookingResult, IDEMPOTENCY_KEY } from './create-booking.ts';
import { CODES, withCodes } from './quote.ts';

const HoldBestAvailableInput = builder.inputType('HoldBestAvailableInput', {
  description:
    'How many seats the server shall choose, among which, and a key with which the client may repeat the request.',
  fields: (t) => ({
    eventId: t.id({ required: true, description: 'The id of an Event.' }),
    quantity: t.int({ required: true, description: 'How many seats or places to hold.' }),
    priceLevel: t.string({ description: 'Only seats of the price level with this key. Left out: of any price.' }),
    ticketType: t.string({
      description: 'The key of the ticket type of all seats. Left out: the default of each seat.',
    }),
    sectionIds: t.idList({
      description:
        'Only seats in these sections. Left out: in any section with seats. When all of them are general admission, `quantity` places of one of them are held.',
    }),
    accessible: t.boolean({
      defaultValue: false,
      description:
        'True: one of the seats is a wheelchair place, and the others are beside it. False: none of them is a wheelchair place or the seat of a companion.',
    }),
    quoteHash: t.string({
      description:
        'The `hash` of a quote: holds the chosen seats only if it is also the hash of their quote, or refuses with PriceChanged.',
    }),
    codes: t.stringList({ description: CODES }),
    idempotencyKey: t.string({ required: true, description: IDEMPOTENCY_KEY }),
  }),
});

builder.mutationField('holdBestAvailable', (t) =>
  t.field({
    type: CreateBookingSuccess,
    description:
      'Chooses the best free seats for the viewer and holds all of them, or none: next to each other in one row, or in two adjacent rows, the nearest to the stage, with no single seat left beside them where another choice exists. Requests at the same time get different seats. SeatsUnavailable without seats: there are none for this request.',
    args: {
      input: t.arg({ type: HoldBestAvailableInput, required: true, description: 'Which seats to choose from.' }),
    },
    errors: createBookingResult,
    resolve: (_root, { input }, context) => {
      const viewer = requireViewer(context);
      const { resources, attempt, admission, addressKey } = context;
      const hold = async () => {
        const eventId = decodeId('Event', input.eventId);
        if (!eventId) throw new NotFound('event');
        return holdBestAvailable(resources, viewer, {
          eventId,
          quantity: input.quantity,
          priceLevel: input.priceLevel ?? undefined,
          ticketType: input.ticketType ?? undefined,
          sectionIds: input.sectionIds?.map(toSectionId),
          accessible: input.accessible ?? false,
          quoteHash: input.quoteHash ?? undefined,
          idempotencyKey: input.idempotencyKey,
          admission,
          addressKey: addressKey(),
          codes: input.codes ?? undefined,
        });
      };
      return attempt('createBooking', () => withCodes(input.codes, attempt, hold));
    },
  }),
);

function toSectionId(id: string): string {
  const sectionId = decodeId('Section', id);
  if (!sectionId) throw new InvalidInput('sectionIds', 'This is not the id of a section.');
  return sectionId;
}
