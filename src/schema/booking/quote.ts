import { PriceChanged } from '#domain/booking/errors.ts';
import { quoteSeats } from '#domain/booking/quote-seats.ts';
import { InvalidInput } from '#domain/errors.ts';
import { decodeGlobalId } from '#domain/global-id-rules.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { Refusal } from '../refusals.ts';
import { Quote } from './quote-types.ts';

export const BookingLineInput = builder.inputType('BookingLineInput', {
  description: 'One ticket: a seat, and who is admitted to it.',
  fields: (t) => ({
    seatId: t.id({ description: 'The id of a Seat.' }),
    ticketType: t.string({
      description: 'The key of a ticket type. Left out: the default of the seat, for which its price is shown.',
    }),
  }),
});

type LineInput = { seatId?: string | null | undefined; ticketType?: string | null | undefined };

/** Returns the tickets with raw ids. Throws InvalidInput for one without a seat. */
export const toLines = (lines: readonly LineInput[]) =>
  lines.map(({ seatId, ticketType }) => ({
    seatId: toSeatId(seatId ?? '', 'lines'),
    ticketType: ticketType ?? undefined,
  }));

/** Returns the raw id of a seat. Throws InvalidInput for any other id. */
export function toSeatId(globalId: string, field: string): string {
  const decoded = decodeGlobalId(globalId);
  if (decoded?.type !== 'Seat') throw new InvalidInput(field, 'This is not the id of a seat.');
  return decoded.id;
}

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
    },
    resolve: (_root, { eventId, lines }, { resources }) => {
      const id = decodeId('Event', eventId);
      if (!id) throw new InvalidInput('eventId', 'This is not the id of an event.');
      return quoteSeats(resources, { eventId: id, lines: toLines(lines) });
    },
  }),
);
