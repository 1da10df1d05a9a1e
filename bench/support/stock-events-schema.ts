import SchemaBuilder from '@pothos/core';
import DataLoader from 'dataloader';
import { asc, inArray } from 'drizzle-orm';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { events, priceTiers, venues } from '#db/tables/catalog.ts';

/** Events with venue and prices, written as in the documentation of Pothos, drizzle and DataLoader. */

type Event = typeof events.$inferSelect;
type Venue = typeof venues.$inferSelect;
type Tier = typeof priceTiers.$inferSelect;
type PricedTier = Tier & { readonly currency: string };
type Money = { amountMinor: number; currency: string };

export type EventsContext = {
  readonly events: DataLoader<string, Event | null>;
  readonly venues: DataLoader<string, Venue>;
  readonly tiers: DataLoader<string, readonly Tier[]>;
};

/** Returns a function that makes the context of a request. */
export function openEventsContext(databaseUrl: string): () => EventsContext {
  const db = drizzle(postgres(databaseUrl, { onnotice: () => {} }));
  return () => ({
    events: new DataLoader((ids) => readEvents(db, ids)),
    venues: new DataLoader((ids) => readVenues(db, ids)),
    tiers: new DataLoader((ids) => readTiers(db, ids)),
  });
}

async function readEvents(db: PostgresJsDatabase, ids: readonly string[]): Promise<(Event | null)[]> {
  const rows = await db
    .select()
    .from(events)
    .where(inArray(events.id, [...ids]));
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

async function readVenues(db: PostgresJsDatabase, ids: readonly string[]): Promise<(Venue | Error)[]> {
  const rows = await db
    .select()
    .from(venues)
    .where(inArray(venues.id, [...ids]));
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? new Error('There is no such venue.'));
}

async function readTiers(db: PostgresJsDatabase, ids: readonly string[]): Promise<Tier[][]> {
  const rows = await db
    .select()
    .from(priceTiers)
    .where(inArray(priceTiers.eventId, [...ids]))
    .orderBy(asc(priceTiers.priceMinor));
  const byEvent = Map.groupBy(rows, ({ eventId }) => eventId);
  return ids.map((id) => byEvent.get(id) ?? []);
}

const builder = new SchemaBuilder<{
  Context: EventsContext;
  DefaultFieldNullability: false;
  Objects: { Money: Money; Venue: Venue; PriceTier: PricedTier; Event: Event };
  Interfaces: { Node: Event };
}>({ defaultFieldNullability: false });

const Node = builder.interfaceRef<Event>('Node').implement({
  fields: (t) => ({ id: t.id({ resolve: ({ id }) => `Event_${id}` }) }),
  resolveType: () => 'Event',
});
builder.objectType('Money', {
  fields: (t) => ({ amountMinor: t.exposeInt('amountMinor'), currency: t.exposeString('currency') }),
});
builder.objectType('Venue', {
  fields: (t) => ({
    name: t.exposeString('name'),
    city: t.exposeString('city'),
    countryCode: t.exposeString('countryCode'),
  }),
});
builder.objectType('PriceTier', {
  fields: (t) => ({
    name: t.exposeString('name'),
    price: t.field({ type: 'Money', resolve: priceOf }),
  }),
});
builder.objectType('Event', {
  interfaces: [Node],
  fields: (t) => ({
    title: t.exposeString('title'),
    startsAt: t.string({ resolve: ({ startsAt }) => startsAt.toISOString() }),
    venue: t.field({ type: 'Venue', resolve: ({ venueId }, _args, context) => context.venues.load(venueId) }),
    priceFrom: t.field({
      type: 'Money',
      nullable: true,
      resolve: async ({ id, currency }, _args, { tiers }) => {
        const [lowest] = await tiers.load(id);
        return lowest ? priceOf({ ...lowest, currency }) : null;
      },
    }),
    priceTiers: t.field({
      type: ['PriceTier'],
      resolve: async ({ id, currency }, _args, { tiers }) =>
        (await tiers.load(id)).map((tier) => ({ ...tier, currency })),
    }),
  }),
});
builder.queryType({
  fields: (t) => ({
    nodes: t.field({
      type: [Node],
      nullable: { list: false, items: true },
      args: { ids: t.arg.idList({ required: true }) },
      resolve: (_root, { ids }, context) =>
        Promise.all(ids.map((id) => context.events.load(String(id).slice('Event_'.length)))),
    }),
  }),
});

function priceOf({ priceMinor, feeMinor, currency }: PricedTier): Money {
  return { amountMinor: priceMinor + feeMinor, currency };
}

export const eventsSchema = builder.toSchema();
