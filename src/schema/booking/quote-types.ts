import type { SeatsQuote } from '#domain/booking/quote-seats.ts';
import type { Charge as ChargeModel, Line } from '#domain/pricing/quote-rules.ts';
import { builder } from '../builder.ts';
import type { Context } from '../context.ts';
import { Seat, Section, seatOf, sectionOf } from '../inventory/seat.ts';
import { Money } from '../money.ts';

export const Charge = builder.objectRef<ChargeModel & { currency: string }>('Charge').implement({
  description: 'A fee or a tax.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the fee or tax.' }),
    amount: t.field({ type: Money, description: 'How much it is.', resolve: (charge) => charge }),
    inclusive: t.exposeBoolean('inclusive', {
      description: 'True when another amount contains it, so that it is not added to the total.',
    }),
  }),
});

export const TicketType = builder.objectRef<{ key: string; name: string }>('TicketType').implement({
  description: 'A way to be admitted, with a price of its own.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'The name for programs, unique at the event.' }),
    name: t.exposeString('name', { description: 'The name for people.' }),
  }),
});

/** Returns the ticket type of a line, as it was called when the line was made. */
export const typeOf = ({ ticketType, ticketTypeName }: Line) => ({ key: ticketType, name: ticketTypeName });

/** Returns the charges with the currency of their quote. */
export const ofCurrency = (currency: string, charges: readonly ChargeModel[]) =>
  charges.map((charge) => ({ ...charge, currency }));

type PlacedLine = Line & { planId: string; currency: string };

const seatOfLine = async ({ planId, seat }: PlacedLine, { resources }: Context) =>
  seatOf(await resources.plans.get(planId), seat);

export const QuoteLine = builder.objectRef<PlacedLine>('QuoteLine').implement({
  description: 'What one ticket costs.',
  fields: (t) => ({
    seat: t.field({
      type: Seat,
      nullable: true,
      description: 'The seat; null for a place without a number.',
      resolve: (line, _args, context) => seatOfLine(line, context),
    }),
    section: t.field({
      type: Section,
      description: 'The section of the seat.',
      resolve: async (line, _args, context) => sectionOf(await seatOfLine(line, context)),
    }),
    ticketType: t.field({ type: TicketType, description: 'The ticket type.', resolve: typeOf }),
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

export const Quote = builder.objectRef<SeatsQuote>('Quote').implement({
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
