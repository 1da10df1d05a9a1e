import SchemaBuilder from '@pothos/core';
import DataLoader from 'dataloader';
import { asc, eq, inArray } from 'drizzle-orm';
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
  readonly soonest: (first: number) => Promise<Event[]>;
  readonly venues: DataLoader<string, Venue>;
  readonly tiers: DataLoader<string, readonly Tier[]>;
};

/** Returns a function that makes the context of a request. */
export function openEventsContext(databaseUrl: string): () => EventsContext {
  const db = drizzle(postgres(databaseUrl, { onnotice: () => {} }));
  return () => ({
    soonest: (first) =>
      db.select().from(events).where(eq(events.status, 'PUBLISHED')).orderBy(asc(events.startsAt)).limit(first),
    venues: new DataLoader((ids) => readVenues(db, ids)),
    tiers: new DataLoader((ids) => readTiers(db, ids)),
  });
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
}>({ defaultFieldNullability: false });

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
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => `Event_${id}` }),
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
const EventEdge = builder.objectRef<{ node: Event }>('EventEdge').implement({
  fields: (t) => ({ node: t.field({ type: 'Event', resolve: ({ node }) => node }) }),
});
const EventConnection = builder.objectRef<{ edges: { node: Event }[] }>('EventConnection').implement({
  fields: (t) => ({ edges: t.field({ type: [EventEdge], resolve: ({ edges }) => edges }) }),
});
builder.queryType({
  fields: (t) => ({
    searchEvents: t.field({
      type: EventConnection,
      args: { first: t.arg.int({ required: true }) },
      resolve: async (_root, { first }, context) => ({
        edges: (await context.soonest(first)).map((node) => ({ node })),
      }),
    }),
  }),
});

function priceOf({ priceMinor, feeMinor, currency }: PricedTier): Money {
  return { amountMinor: priceMinor + feeMinor, currency };
}

export const eventsSchema = builder.toSchema();
