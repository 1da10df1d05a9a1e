import type { CatalogEvent } from '#domain/catalog/event-queries.ts';
import { findPriceTier, type PriceTier as PriceTierModel } from '#domain/catalog/price-tier-queries.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { builder } from '../builder.ts';
import type { Context } from '../context.ts';
import { Money } from '../money.ts';
import { decodeId, findNodesOf, Node } from '../node.ts';
import { Venue } from './venue.ts';

export const Category = builder.enumType('Category', {
  description: 'What kind of event it is.',
  values: {
    SPORT: { description: 'Matches, races, tournaments.' },
    CONCERT: { description: 'Music.' },
    THEATRE: { description: 'Plays, musicals, opera, ballet.' },
    COMEDY: { description: 'Stand-up and other comedy.' },
    FESTIVAL: { description: 'Several performers over a day or more.' },
    FAMILY: { description: 'For children and those who come with them.' },
    CONFERENCE: { description: 'Talks and trade fairs.' },
    OTHER: { description: 'None of the others.' },
  } as const,
});

const SaleStatus = builder.enumType('SaleStatus', {
  description: 'Whether seats of the event can be booked now.',
  values: {
    SCHEDULED: { description: 'The sale opens at `onSaleAt`.' },
    ON_SALE: { description: 'Seats can be booked; all of them may be held for the moment.' },
    SOLD_OUT: { description: 'Every seat is booked or blocked.' },
    ENDED: { description: 'The sale closed at `offSaleAt`.' },
    CANCELLED: { description: 'The event does not take place.' },
  } as const,
});

const PriceTier = builder.objectRef<PriceTierModel & { currency: string }>('PriceTier').implement({
  description: 'What the seats of some sections cost at an event.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (tier) => encodeGlobalId('PriceTier', tier.id) }),
    name: t.exposeString('name', { description: 'For example `Lower 1`.' }),
    price: t.field({
      type: Money,
      description: 'Of one seat, without the fee.',
      resolve: ({ priceMinor, currency }) => ({ amountMinor: priceMinor, currency }),
    }),
    fee: t.field({
      type: Money,
      description: 'On top of the price, for one seat.',
      resolve: ({ feeMinor, currency }) => ({ amountMinor: feeMinor, currency }),
    }),
  }),
});

const Availability = builder.objectRef<CatalogEvent>('Availability').implement({
  description: 'How many seats of an event are in which state; `blocked` seats are the rest.',
  fields: (t) => ({
    capacity: t.exposeInt('capacity', { description: 'All seats of the event.' }),
    available: t.exposeInt('available', { description: 'Free to hold.' }),
    held: t.exposeInt('held', { description: 'Held by bookings that wait for payment.' }),
    booked: t.exposeInt('booked', { description: 'Sold.' }),
  }),
});

export const Event = builder.objectRef<CatalogEvent>('Event');

Event.implement({
  description: 'One performance at one venue at one time.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (event) => encodeGlobalId('Event', event.id) }),
    title: t.exposeString('title', { description: 'For example `Mexico v South Africa`.' }),
    description: t.exposeString('description', { description: 'Plain text; empty when nothing is said.' }),
    category: t.field({ type: Category, description: 'What kind of event it is.', resolve: (event) => event.category }),
    performers: t.exposeStringList('performers', { description: 'Teams, bands, speakers: who is on.' }),
    startsAt: t.field({ type: 'DateTime', description: 'When it begins.', resolve: (event) => event.startsAt }),
    onSaleAt: t.field({ type: 'DateTime', description: 'When its sale opens.', resolve: (event) => event.onSaleAt }),
    offSaleAt: t.field({ type: 'DateTime', description: 'When its sale closes.', resolve: (event) => event.offSaleAt }),
    cancellableUntil: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Until when a confirmed booking can be cancelled with a refund; null: it can not.',
      resolve: (event) => event.cancellableUntil,
    }),
    saleStatus: t.field({
      type: SaleStatus,
      description:
        'Whether seats can be booked now, by the clock of the database; as its `availability` says, in a search while that is away.',
      resolve: (event) => event.saleStatus,
    }),
    venue: t.field({
      type: Venue,
      description: 'Where it takes place.',
      resolve: async (event, _args, { loaders }) => {
        const venue = event.asIndexed?.venue ?? (await loaders.venue.load(event.venueId));
        if (!venue) throw new Error(`event ${event.id} has no venue`);
        return venue;
      },
    }),
    priceFrom: t.field({
      type: Money,
      nullable: true,
      description: 'Its lowest price, without the fee, whether or not such a seat is free; null without any price.',
      resolve: ({ priceFromMinor, currency }) =>
        priceFromMinor === undefined ? null : { amountMinor: priceFromMinor, currency },
    }),
    priceTiers: t.field({
      type: [PriceTier],
      description: 'All prices, from the lowest up.',
      resolve: async ({ id, currency, asIndexed }, _args, { loaders }) =>
        (asIndexed?.priceTiers ?? (await loaders.priceTiers.load(id))).map((tier) => ({ ...tier, currency })),
    }),
    availability: t.field({
      type: Availability,
      description:
        'How many seats are in which state: as of this answer, or as the search index last counted them, in a search while the database is away.',
      resolve: (event) => event,
    }),
  }),
});

/** For `eventsOf`: one query, however many. */
export const loadEvents =
  ({ event }: Context['loaders']) =>
  (eventIds: readonly string[]): Promise<(CatalogEvent | undefined)[]> =>
    Promise.all(eventIds.map((id) => event.load(id)));

/** For a field that names an event which must exist. */
export async function requireEvent(eventId: string, { loaders }: Pick<Context, 'loaders'>): Promise<CatalogEvent> {
  const event = await loaders.event.load(eventId);
  if (!event) throw new Error(`event ${eventId} is gone`);
  return event;
}

findNodesOf('PriceTier', (id, { resources }) => findPriceTier(resources, id));
findNodesOf('Event', (id, { loaders }) => loaders.event.load(id));

builder.queryField('event', (t) =>
  t.field({
    type: Event,
    nullable: true,
    description: 'The event with this id; null when it is unknown.',
    args: { id: t.arg.id({ required: true, description: 'The id of an Event.' }) },
    resolve: async (_root, { id }, { loaders }) => {
      const eventId = decodeId('Event', id);
      return eventId ? loaders.event.load(eventId) : null;
    },
  }),
);
