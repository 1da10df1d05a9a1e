import { afterAll, beforeAll, expect, it } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { openFaultProxy } from '#test/support/network/fault-proxy.ts';
import { testSearch } from '#test/support/search/search.ts';
import { type Catalogue, createCatalogue } from '#test/support/search/search-world.ts';
import { type CatalogSearch, openCatalogSearch } from './catalog-search.ts';
import { type EventIndexer, openEventIndexer } from './event-indexer.ts';
import { findEvents } from './event-queries.ts';
import { listPriceTiers } from './price-tier-queries.ts';
import { findVenues } from './venue-queries.ts';

let catalogue: Catalogue;
let indexer: EventIndexer;
let open: () => CatalogSearch;

beforeAll(async () => {
  catalogue = await createCatalogue();
  const engine = { ...(await testSearch()), budgetMs: 10_000 };
  indexer = openEventIndexer({ db: catalogue.db, engine });
  open = () => openCatalogSearch({ db: catalogue.db, engine });
});
afterAll(async () => {
  await indexer.close();
  await catalogue.close();
});

it.each(['reset', 'black-hole'] as const)(
  'returns events from the index while PostgreSQL is away: %s',
  async (kind) => {
    const eventId = await catalogue.addEvent({ city: 'Toronto', title: `Away ${kind}`, performers: ['One', 'Two'] });
    await indexer.write([eventId]);
    const [event] = await findEvents(catalogue, [eventId]);
    const [venue] = await findVenues(catalogue, [event?.venueId ?? '']);
    const [priceTiers] = await listPriceTiers(catalogue, [eventId]);
    const way = await openFaultProxy(catalogue.url);
    const db = openDb({ url: way.through(catalogue.url), poolMax: 1, name: 'test-away' });
    const search = open();
    const load = (ids: readonly string[]) => findEvents({ db }, ids);
    way.set({ kind });
    const { events, asIndexed } = await search.eventsOf([eventId], load);
    expect(asIndexed).toBe(true);
    const { asIndexed: around, ...told } = events[0] ?? {};
    expect(told).toMatchObject({ title: `Away ${kind}`, saleStatus: 'ON_SALE', priceFromMinor: 5100, available: 100 });
    expect(event).toMatchObject(told);
    expect(around).toEqual({ venue, priceTiers });
    way.set({ kind: 'pass' });
    await expect.poll(async () => (await search.eventsOf([eventId], load)).asIndexed).toBe(false);
    await search.close();
    await closeDb(db);
    await way.close();
  },
);

it('throws the error of a bug', async () => {
  const search = open();
  const bug = new Error('a bug');
  await expect(search.eventsOf([...catalogue.venues.values()], () => Promise.reject(bug))).rejects.toBe(bug);
  await search.close();
});
