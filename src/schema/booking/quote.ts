import { PriceChanged } from '#domain/booking/errors.ts';
import { quoteSeats, type SeatsQuote } from '#domain/booking/quote-seats.ts';
import { InvalidInput } from '#domain/errors.ts';
import { decodeGlobalId } from '#domain/global-id-rules.ts';
import type { Charge as ChargeModel, Line } from '#domain/pricing/quote-rules.ts';
import { STANDARD } from '#domain/pricing/tier-prices-rules.ts';
import { builder } from '../builder.ts';
import { Seat, Section, seatOf, sectionOf } from '../inventory/seat.ts';
import { Money } from '../money.ts';
import { decodeId } from '../node.ts';
import { Refusal } from '../refusals.ts';

export const BookingLineInput = builder.inputType('BookingLineInput', {
  description: 'One ticket: a seat, and who is admitted to it.',
  fields: (t) => ({
    seatId: t.id({ description: 'The id of a Seat.' }),
    ticketType: t.string({ description: 'The key of a ticket type. Left out: the default of the event.' }),
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

const Charge = builder.objectRef<ChargeModel & { currency: string }>('Charge').implement({
  description: 'A fee or a tax.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the fee or tax.' }),
    amount: t.field({ type: Money, description: 'How much it is.', resolve: (charge) => charge }),
    inclusive: t.exposeBoolean('inclusive', {
      description: 'True when another amount contains it, so that it is not added to the total.',
    }),
  }),
});

const TicketType = builder.objectRef<{ key: string; name: string }>('TicketType').implement({
  description: 'A way to be admitted, with a price of its own.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'The name for programs, unique at the event.' }),
    name: t.exposeString('name', { description: 'The name for people.' }),
  }),
});

const ofCurrency = (currency: string, charges: readonly ChargeModel[]) =>
  charges.map((charge) => ({ ...charge, currency }));

const QuoteLine = builder.objectRef<Line & { planId: string; currency: string }>('QuoteLine').implement({
  description: 'What one ticket costs.',
  fields: (t) => ({
    seat: t.field({
      type: Seat,
      nullable: true,
      description: 'The seat; null for a place without a number.',
      resolve: async ({ planId, seat }, _args, { resources }) => seatOf(await resources.plans.get(planId), seat),
    }),
    section: t.field({
      type: Section,
      description: 'The section of the seat.',
      resolve: async ({ planId, seat }, _args, { resources }) =>
        sectionOf(seatOf(await resources.plans.get(planId), seat)),
    }),
    ticketType: t.field({ type: TicketType, description: 'The ticket type.', resolve: () => STANDARD }),
    face: t.field({
      type: Money,
      description: 'The price on the ticket, after discounts and without fees.',
      resolve: ({ faceMinor, currency }) => ({ amountMinor: faceMinor, currency }),
    }),
    fees: t.field({
      type: [Charge],
      description: 'The fees of this ticket.',
      resolve: ({ fees, currency }) => ofCurrency(currency, fees),
    }),
    taxes: t.field({
      type: [Charge],
      description: 'The taxes of this ticket.',
      resolve: ({ taxes, currency }) => ofCurrency(currency, taxes),
    }),
    total: t.field({
      type: Money,
      description: 'What the fan pays for this ticket: the face price, the fees, and the taxes that are added.',
      resolve: ({ totalMinor, currency }) => ({ amountMinor: totalMinor, currency }),
    }),
  }),
});

const Quote = builder.objectRef<SeatsQuote>('Quote').implement({
  description: 'What a booking would cost. The sum of its lines, fees and added taxes is its total.',
  fields: (t) => ({
    lines: t.field({
      type: [QuoteLine],
      description: 'The tickets, in the order of `seatNo`.',
      resolve: ({ planId, quote }) => quote.lines.map((line) => ({ ...line, planId, currency: quote.currency })),
    }),
    fees: t.field({
      type: [Charge],
      description: 'The fees of the booking as a whole.',
      resolve: ({ quote }) => ofCurrency(quote.currency, quote.fees),
    }),
    taxes: t.field({
      type: [Charge],
      description: 'The taxes on the fees of the booking as a whole.',
      resolve: ({ quote }) => ofCurrency(quote.currency, quote.taxes),
    }),
    total: t.field({
      type: Money,
      description: 'What the fan pays.',
      resolve: ({ quote }) => ({ amountMinor: quote.totalMinor, currency: quote.currency }),
    }),
    hash: t.string({
      description: 'Changes with every change of a price. Send it as `quoteHash` to book at this price or not at all.',
      resolve: ({ quote }) => quote.hash,
    }),
  }),
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
    },
    resolve: (_root, { eventId, lines }, { resources }) => {
      const id = decodeId('Event', eventId);
      if (!id) throw new InvalidInput('eventId', 'This is not the id of an event.');
      return quoteSeats(resources, { eventId: id, lines: toLines(lines) });
    },
  }),
);
