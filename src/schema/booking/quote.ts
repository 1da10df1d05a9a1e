import { requireOrganizerEvent } from '#domain/allocation/organizer-event-queries.ts';
import type { BookingLine } from '#domain/booking/booking-lines.ts';
import { CodeInvalid, PriceChanged } from '#domain/booking/errors.ts';
import { quoteSeats } from '#domain/booking/quote-seats.ts';
import { InvalidInput } from '#domain/errors.ts';
import { decodeGlobalId } from '#domain/global-id-rules.ts';
import { builder } from '../builder.ts';
import type { Context } from '../context.ts';
import { decodeId } from '../node.ts';
import { Refusal } from '../refusals.ts';
import { requireActor } from '../viewer.ts';
import { Quote } from './quote-types.ts';

export const BookingLineInput = builder.inputType('BookingLineInput', {
  description:
    'Tickets, and who is admitted with them: one for a seat (`seatId`), or `quantity` for places of a general admission section (`sectionId`).',
  fields: (t) => ({
    seatId: t.id({ description: 'The id of a Seat.' }),
    sectionId: t.id({
      description:
        'Instead of `seatId`: the id of a general admission Section. The server takes its lowest free places.',
    }),
    quantity: t.int({ description: 'With `sectionId`: how many places.' }),
    ticketType: t.string({
      description: 'The key of a ticket type. Left out: the default of the seat, for which its price is shown.',
    }),
  }),
});

type LineInput = typeof BookingLineInput.$inferInput;

/** Returns the tickets with raw ids. Throws InvalidInput for one that names neither a seat nor a number of places. */
export const toLines = (lines: readonly LineInput[]): BookingLine[] =>
  lines.map(({ seatId, sectionId, quantity, ticketType: type }) => {
    const ticketType = type ?? undefined;
    if (!sectionId) {
      if (quantity !== undefined && quantity !== null)
        throw new InvalidInput('lines', 'Give `quantity` together with `sectionId`.');
      return { seatId: toSeatId(seatId ?? '', 'lines'), ticketType };
    }
    if (seatId) throw new InvalidInput('lines', 'Give either `seatId` or `sectionId`.');
    const id = decodeId('Section', sectionId);
    if (!id) throw new InvalidInput('lines', 'This is not the id of a section.');
    return { sectionId: id, quantity: quantity ?? 0, ticketType };
  });

export const CODES =
  'Codes that open seats or ticket types, or lower the price, at most five. Case, blanks and hyphens do not count. Only one of them may be a discount.';

/** Runs the work within the caller's budget of tries with codes, if the request has some. Throws RateLimited. */
export const withCodes = <T>(
  codes: readonly string[] | null | undefined,
  attempt: Context['attempt'],
  work: () => Promise<T>,
): Promise<T> => (codes?.length ? attempt('giveCodes', work) : work());

/** Returns the raw id of a seat. Throws InvalidInput for any other id. */
export function toSeatId(globalId: string, field: string): string {
  const decoded = decodeGlobalId(globalId);
  if (decoded?.type !== 'Seat') throw new InvalidInput(field, 'This is not the id of a seat.');
  return decoded.id;
}

builder.objectType(CodeInvalid, {
  name: 'CodeInvalid',
  description:
    'The event does not accept the code, or not now: it is unknown, over, used up, of another event, or a second discount. The API does not say which. Nothing was held.',
  interfaces: [Refusal],
  // `code` is the reason for programs, as in every refusal.
  fields: (t) => ({ value: t.exposeString('value', { description: 'The code, as it was given.' }) }),
});

builder.objectType(PriceChanged, {
  name: 'PriceChanged',
  description: 'The price is no longer that of `quoteHash`, and no seat was held.',
  interfaces: [Refusal],
  fields: (t) => ({ quote: t.field({ type: Quote, description: 'The new price.', resolve: (refusal) => refusal }) }),
});

builder.queryField('quote', (t) =>
  t.field({
    type: Quote,
    description: 'What these seats cost now, whether or not they are free. Holds nothing.',
    args: {
      eventId: t.arg.id({ required: true, description: 'The id of an Event.' }),
      lines: t.arg({ type: [BookingLineInput], required: true, description: 'The tickets, each seat once.' }),
      codes: t.arg.stringList({ description: CODES }),
      atBoxOffice: t.arg.boolean({
        defaultValue: false,
        description:
          'True: the price at the box office, with any ticket type, also of a draft. Only for owners, managers and the box office of its organization.',
      }),
    },
    resolve: async (_root, { eventId, lines, codes, atBoxOffice }, context) => {
      const { resources, attempt } = context;
      const id = decodeId('Event', eventId);
      if (!id) throw new InvalidInput('eventId', 'This is not the id of an event.');
      if (atBoxOffice)
        await requireOrganizerEvent(resources, requireActor(context), { eventId: id, operation: 'Query.quote' });
      const request = {
        ...{ eventId: id, lines: toLines(lines), codes: codes ?? undefined },
        atBoxOffice: atBoxOffice ?? false,
      };
      return withCodes(codes, attempt, () => quoteSeats(resources, request));
    },
  }),
);
