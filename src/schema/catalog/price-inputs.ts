import { builder } from '../builder.ts';
import { SeatSelectionInput } from './seat-selection.ts';

const TicketPriceInput = builder.inputType('TicketPriceInput', {
  description: 'What a ticket type costs at a level.',
  fields: (t) => ({
    ticketType: t.string({ required: true, description: 'The key of a ticket type of the same list.' }),
    amountMinor: t.field({ type: 'MinorUnits', required: true, description: 'The face price, before fees and taxes.' }),
  }),
});

const PriceLevelInput = builder.inputType('PriceLevelInput', {
  description: 'Seats that cost the same. A later level overwrites the earlier ones on its seats.',
  fields: (t) => ({
    key: t.string({ required: true, description: 'The name for programs, unique in the list.' }),
    name: t.string({ required: true, description: 'The name for people.' }),
    color: t.string({ description: 'The color on a map of the seats, for example `#2f6fde`.' }),
    seats: t.field({ type: SeatSelectionInput, required: true, description: 'The seats of the level.' }),
    prices: t.field({
      type: [TicketPriceInput],
      required: true,
      description: 'The face price of each ticket type that is sold at this level.',
    }),
  }),
});

const TicketTypeInput = builder.inputType('TicketTypeInput', {
  description: 'A way to be admitted. The first one that every fan may buy is the default.',
  fields: (t) => ({
    key: t.string({ required: true, description: 'The name for programs, unique in the list.' }),
    name: t.string({ required: true, description: 'The name for people.' }),
    needsCode: t.boolean({ defaultValue: false, description: 'True: only together with a code that opens it.' }),
    boxOfficeOnly: t.boolean({ defaultValue: false, description: 'True: only at the box office.' }),
    maxPerBooking: t.int({ description: 'How many tickets of this type a booking may have. Left out: no such limit.' }),
  }),
});

const FeeInput = builder.inputType('FeeInput', {
  description: 'A fee. Exactly one of its three amounts is given.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name for people.' }),
    perTicketMinor: t.field({ type: 'MinorUnits', description: 'An amount for each ticket.' }),
    perBookingMinor: t.field({ type: 'MinorUnits', description: 'An amount for each booking.' }),
    percent: t.field({ type: 'Decimal', description: 'A percentage of the face price of each ticket.' }),
    refundable: t.boolean({ required: true, description: 'Whether it is given back with a refund.' }),
  }),
});

export const TaxBase = builder.enumType('TaxBase', {
  description: 'What a tax applies to.',
  values: {
    FACE: { description: 'The face prices.' },
    FEES: { description: 'The fees.' },
    ALL: { description: 'Face prices and fees.' },
  } as const,
});

const TaxInput = builder.inputType('TaxInput', {
  description: 'A tax.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name for people.' }),
    percent: t.field({ type: 'Decimal', required: true, description: 'The rate.' }),
    inclusive: t.boolean({
      required: true,
      description: 'True: the amounts contain it already. False: it is added to them.',
    }),
    appliesTo: t.field({ type: TaxBase, required: true, description: 'What it applies to.' }),
  }),
});

export const SetPricesInput = builder.inputType('SetPricesInput', {
  description: 'The whole price list of an event.',
  fields: (t) => ({
    eventId: t.id({ required: true, description: 'The id of an Event.' }),
    priceLevels: t.field({
      type: [PriceLevelInput],
      required: true,
      description: 'The levels. Each seat that is sold has one.',
    }),
    ticketTypes: t.field({ type: [TicketTypeInput], required: true, description: 'The ticket types.' }),
    fees: t.field({ type: [FeeInput], required: true, description: 'The fees; an empty list for none.' }),
    taxes: t.field({ type: [TaxInput], required: true, description: 'The taxes; an empty list for none.' }),
  }),
});
