import { codesOf } from '#domain/booking/quote-seats.ts';
import { levelOf } from '#domain/catalog/seat-levels.ts';
import type { SeatingPlan } from '#domain/catalog/seating-plan.ts';
import type {
  Fee as FeeModel,
  PriceLevel as PriceLevelModel,
  PriceList as PriceListModel,
  Tax as TaxModel,
  TicketType as TicketTypeModel,
} from '#domain/pricing/price-list.ts';
import { type EventPrices, findPrices } from '#domain/pricing/price-lists.ts';
import { CODES, withCodes } from '../booking/quote.ts';
import { builder } from '../builder.ts';
import { Money } from '../money.ts';
import { Event } from './event.ts';
import { isFor } from './event-for-members.ts';
import { TaxBase } from './price-inputs.ts';

const SoldTicketType = builder.objectRef<TicketTypeModel>('SoldTicketType').implement({
  description: 'A ticket type of an event, with who may buy it.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'The name for programs, unique at the event.' }),
    name: t.exposeString('name', { description: 'The name for people.' }),
    needsCode: t.boolean({
      description: 'True: only together with a code that opens it.',
      resolve: ({ needsCode }) => needsCode ?? false,
    }),
    boxOfficeOnly: t.boolean({
      description: 'True: only at the box office.',
      resolve: ({ boxOfficeOnly }) => boxOfficeOnly ?? false,
    }),
    maxPerBooking: t.int({
      nullable: true,
      description: 'How many tickets of this type a booking may have; null for no such limit.',
      resolve: ({ maxPerBooking }) => maxPerBooking,
    }),
  }),
});

type Of<T> = T & { readonly currency: string };

const TicketPrice = builder
  .objectRef<Of<{ readonly ticketType: string; readonly amountMinor: number }>>('TicketPrice')
  .implement({
    description: 'What a ticket type costs at a price level.',
    fields: (t) => ({
      ticketType: t.exposeString('ticketType', { description: 'The key of a ticket type of the same list.' }),
      face: t.field({ type: Money, description: 'The face price, before fees and taxes.', resolve: (price) => price }),
    }),
  });

const PriceLevel = builder.objectRef<Of<PriceLevelModel>>('PriceLevel').implement({
  description: 'Seats that cost the same.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'The name for programs, unique in the list.' }),
    name: t.exposeString('name', { description: 'The name for people.' }),
    color: t.string({
      nullable: true,
      description: 'The color on a map of the seats.',
      resolve: ({ color }) => color,
    }),
    prices: t.field({
      type: [TicketPrice],
      description: 'The face price of each ticket type that is sold at this level.',
      resolve: ({ prices, currency }) => prices.map((price) => ({ ...price, currency })),
    }),
  }),
});

const amountOf = (amountMinor: number | undefined, currency: string) =>
  amountMinor === undefined ? null : { amountMinor, currency };

const Fee = builder.objectRef<Of<FeeModel>>('Fee').implement({
  description: 'A fee of a price list. It has exactly one of its three amounts.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name for people.' }),
    perTicket: t.field({
      type: Money,
      nullable: true,
      description: 'An amount for each ticket.',
      resolve: ({ perTicketMinor, currency }) => amountOf(perTicketMinor, currency),
    }),
    perBooking: t.field({
      type: Money,
      nullable: true,
      description: 'An amount for each booking.',
      resolve: ({ perBookingMinor, currency }) => amountOf(perBookingMinor, currency),
    }),
    percent: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'A percentage of the face price of each ticket.',
      resolve: ({ percent }) => percent,
    }),
    refundable: t.exposeBoolean('refundable', { description: 'Whether it is given back with a refund.' }),
  }),
});

const Tax = builder.objectRef<TaxModel>('Tax').implement({
  description: 'A tax of a price list.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name for people.' }),
    percent: t.field({ type: 'Decimal', description: 'The rate.', resolve: ({ percent }) => percent }),
    inclusive: t.exposeBoolean('inclusive', {
      description: 'True: the amounts contain it already. False: it is added to them.',
    }),
    appliesTo: t.field({ type: TaxBase, description: 'What it applies to.', resolve: ({ appliesTo }) => appliesTo }),
  }),
});

const NOT_SOLD = 255;

type Listed = { readonly found: EventPrices; readonly list: PriceListModel; readonly planId: string };

const PriceList = builder.objectRef<Listed>('PriceList').implement({
  description: 'The price list of an event, as `setPrices` takes it.',
  fields: (t) => ({
    priceLevels: t.field({
      type: [PriceLevel],
      description: 'The levels, in their order.',
      resolve: ({ list }) => list.levels.map((level) => ({ ...level, currency: list.currency })),
    }),
    seatLevels: t.string({
      description: `In base64, one byte for each seat in the order of \`seatNo\`: the position of its level in \`priceLevels\`; ${NOT_SOLD} for a seat without a level.`,
      resolve: async ({ found, planId }, _args, { resources }) => paintingOf(found, await resources.plans.get(planId)),
    }),
    ticketTypes: t.field({
      type: [SoldTicketType],
      description: 'The ticket types, in their order.',
      resolve: ({ list }) => [...list.ticketTypes],
    }),
    fees: t.field({
      type: [Fee],
      description: 'The fees of all levels.',
      resolve: ({ list }) => list.fees.map((fee) => ({ ...fee, currency: list.currency })),
    }),
    taxes: t.field({ type: [Tax], description: 'The taxes.', resolve: ({ list }) => [...list.taxes] }),
  }),
});

function paintingOf(found: EventPrices, plan: SeatingPlan): string {
  const positions = new Map(found.prices.list.levels.map(({ key }, position) => [key, position]));
  const bytes = Uint8Array.from(
    { length: plan.seatCount },
    (_, seatNo) => positions.get(levelOf(found, plan, seatNo) ?? '') ?? NOT_SOLD,
  );
  return Buffer.from(bytes).toString('base64');
}

builder.objectFields(Event, (t) => ({
  currency: t.exposeString('currency', { description: 'The currency of all its prices, ISO 4217.' }),
  priceList: t.field({
    type: PriceList,
    nullable: true,
    description:
      'The price list in force, for members of its organization: what `setPrices` would set again. Null for all other callers, and for an event without prices.',
    resolve: async ({ id, planId, organizationId }, _args, context) => {
      if (!(await isFor(context, organizationId, 'Event.priceList'))) return null;
      const found = await findPrices(context.resources, id);
      return found ? { found, list: found.prices.list, planId } : null;
    },
  }),
  ticketTypes: t.field({
    type: [SoldTicketType],
    description:
      'The ticket types that a fan may buy, also with these codes, the default first. A seat sells those that its level has a price for. A code that the event does not accept is the error CODE_INVALID.',
    args: { codes: t.arg.stringList({ description: CODES }) },
    resolve: async ({ id }, { codes }, { resources, attempt }) => {
      const given = await withCodes(codes, attempt, () => codesOf(resources.db, id, codes ?? []));
      const isOpen = (key: string) => given.some(({ opens }) => opens.includes(key));
      return ((await findPrices(resources, id))?.prices.list.ticketTypes ?? []).filter(
        ({ key, needsCode, boxOfficeOnly }) => !boxOfficeOnly && (!needsCode || isOpen(key)),
      );
    },
  }),
}));
