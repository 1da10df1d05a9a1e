import type { CatalogEvent } from '#domain/catalog/event-queries.ts';
import { findPriceTier, type PriceTier as PriceTierModel } from '#domain/catalog/price-tier-queries.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { builder } from '../builder.ts';
import type { Context } from '../context.ts';
import { Money } from '../money.ts';
import { findNodesOf, Node } from '../node.ts';
import { Venue } from './venue.ts';

export const Category = builder.enumType('Category', {
  description: 'The kind of an event.',
  values: {
    SPORT: { description: 'Matches, races, tournaments.' },
    CONCERT: { description: 'Music.' },
    THEATRE: { description: 'Plays, musicals, opera, ballet.' },
    COMEDY: { description: 'Stand-up and other comedy.' },
    FESTIVAL: { description: 'Several performers over a day or more.' },
    FAMILY: { description: 'For children and the adults who come with them.' },
    CONFERENCE: { description: 'Talks and trade fairs.' },
    OTHER: { description: 'Any other kind of event.' },
  } as const,
});

const SaleStatus = builder.enumType('SaleStatus', {
  description: 'Whether seats of the event can be booked now.',
  values: {
    SCHEDULED: {
      description:
        'The sale opens at `onSaleAt`. Or it goes on later: it is paused (`salesPaused`), or the event is postponed.',
    },
    ON_SALE: { description: 'Seats can be booked. All of them may be held at the moment.' },
    SOLD_OUT: { description: 'Every seat is booked or blocked.' },
    ENDED: { description: 'The sale closed at `offSaleAt`.' },
    CANCELLED: { description: 'The event will not take place.' },
  } as const,
});

const PriceTier = builder.objectRef<PriceTierModel & { currency: string }>('PriceTier').implement({
  description: 'What the seats of one price level cost at an event.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (tier) => encodeGlobalId('PriceTier', tier.id) }),
    name: t.exposeString('name', { description: 'The name of the price level, for example `Lower 1`.' }),
    price: t.field({
      type: Money,
      description: 'What a booking of one such seat costs, with all fees and taxes.',
      resolve: ({ priceMinor, feeMinor, currency }) => ({ amountMinor: priceMinor + feeMinor, currency }),
    }),
    fee: t.field({
      type: Money,
      description: 'The part of the price beside the face price: fees, and taxes that are added.',
      resolve: ({ feeMinor, currency }) => ({ amountMinor: feeMinor, currency }),
    }),
  }),
});

const Availability = builder.objectRef<CatalogEvent>('Availability').implement({
  description:
    'The number of seats of an event in each state. The seats not counted as available, held or booked are blocked.',
  fields: (t) => ({
    capacity: t.exposeInt('capacity', { description: 'The number of all seats of the event.' }),
    available: t.exposeInt('available', { description: 'Seats that can be held.' }),
    held: t.exposeInt('held', { description: 'Seats held by bookings that wait for payment.' }),
    booked: t.exposeInt('booked', { description: 'Seats that are sold.' }),
  }),
});

export const Event = builder.objectRef<CatalogEvent>('Event');

Event.implement({
  description: 'One performance at one venue at one time.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (event) => encodeGlobalId('Event', event.id) }),
    title: t.exposeString('title', { description: 'The title, for example `Mexico v South Africa`.' }),
    description: t.exposeString('description', {
      description: 'Plain text; empty when the organizer gave no description.',
    }),
    category: t.field({ type: Category, description: 'The kind of event.', resolve: (event) => event.category }),
    performers: t.exposeStringList('performers', { description: 'The teams, bands or speakers.' }),
    startsAt: t.field({ type: 'DateTime', description: 'When the event begins.', resolve: (event) => event.startsAt }),
    onSaleAt: t.field({ type: 'DateTime', description: 'When the sale opens.', resolve: (event) => event.onSaleAt }),
    offSaleAt: t.field({ type: 'DateTime', description: 'When the sale closes.', resolve: (event) => event.offSaleAt }),
    cancellableUntil: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'Until when a confirmed booking can be cancelled with a refund; null when it cannot be cancelled. Compare it with the clock: no subscription sends anything because it passes.',
      resolve: (event) => event.cancellableUntil,
    }),
    saleStatus: t.field({
      type: SaleStatus,
      description:
        'Whether seats can be booked now, by the clock of the database. In a search while the database is down, it is as old as `availability`.',
      resolve: (event) => event.saleStatus,
    }),
    venue: t.field({
      type: Venue,
      description: 'The venue of the event.',
      resolve: async (event, _args, { loaders }) => {
        const venue = event.asIndexed?.venue ?? (await loaders.venue.load(event.venueId));
        if (!venue) throw new Error(`event ${event.id} has no venue`);
        return venue;
      },
    }),
    priceFrom: t.field({
      type: Money,
      nullable: true,
      description:
        'The lowest price, with all fees and taxes, whether or not a seat at that price is free; null when the event has no price.',
      resolve: ({ priceFromMinor, currency }) =>
        priceFromMinor === undefined ? null : { amountMinor: priceFromMinor, currency },
    }),
    priceTiers: t.field({
      type: [PriceTier],
      description: 'The price tiers of the event, lowest price first.',
      resolve: async ({ id, currency, asIndexed }, _args, { loaders }) =>
        (asIndexed?.priceTiers ?? (await loaders.priceTiers.load(id))).map((tier) => ({ ...tier, currency })),
    }),
    availability: t.field({
      type: Availability,
      description:
        'The number of seats in each state, as of this answer. In a search while the database is down, the numbers are those that the search index has.',
      resolve: (event) => event,
    }),
  }),
});

/** Returns a function that reads any number of events in one query. */
export const loadEvents =
  ({ event }: Context['loaders']) =>
  (eventIds: readonly string[]): Promise<(CatalogEvent | undefined)[]> =>
    Promise.all(eventIds.map((id) => event.load(id)));

/** Returns the event of a field whose event must exist. Throws when it does not. */
export async function requireEvent(eventId: string, { loaders }: Pick<Context, 'loaders'>): Promise<CatalogEvent> {
  const event = await loaders.event.load(eventId);
  if (!event) throw new Error(`event ${eventId} is gone`);
  return event;
}

/** Also for a draft: only for a caller whose right was checked. Throws when it does not exist. */
export async function requireEventOfMembers(
  eventId: string,
  { loaders }: Pick<Context, 'loaders'>,
): Promise<CatalogEvent> {
  const event = await loaders.eventOfMembers.load(eventId);
  if (!event) throw new Error(`event ${eventId} is gone`);
  return event;
}

findNodesOf('PriceTier', (id, { resources }) => findPriceTier(resources, id));
