import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSearchClient, type SearchClient } from '#search/client.ts';
import type { EventSearch } from '#search/event-search.ts';
import { openTypesenseSearch } from '#search/typesense-search.ts';
import { itSearchesEvents } from '#test/support/search/event-search-conformance.ts';
import { testSearch } from '#test/support/search/search.ts';
import { type Catalogue, createCatalogue } from '#test/support/search/search-world.ts';
import { type EventIndexer, openEventIndexer } from './event-indexer.ts';

let catalogue: Catalogue;
let indexer: EventIndexer;
let client: SearchClient;
let search: EventSearch;

beforeAll(async () => {
  catalogue = await createCatalogue();
  const engine = { ...(await testSearch()), budgetMs: 10_000 };
  indexer = openEventIndexer({ db: catalogue.db, engine });
  client = openSearchClient(engine);
  search = openTypesenseSearch(client);
  await indexer.write([]);
});
afterAll(async () => {
  await client.close();
  await indexer.close();
  await catalogue.close();
});

describe('search by Typesense', () => {
  itSearchesEvents(() => ({ search, catalogue, settle: (eventIds) => indexer.write(eventIds) }));

  it('counts facets over all matches, on every page', async () => {
    const query = { order: 'SOONEST', categories: [], first: 10, facets: true, currencies: false } as const;
    const page = await search.search(query);
    const next = await search.search({ ...query, after: page.hits.at(-1)?.position });
    const counts = page.facets.find(({ field }) => field === 'countryCode')?.counts;
    expect(counts).toEqual([
      { value: 'US', count: 78 },
      { value: 'CA', count: 13 },
      { value: 'MX', count: 13 },
    ]);
    expect(page.facets.map(({ field }) => field)).toEqual(['category', 'city', 'countryCode']);
    expect(next.facets).toEqual(page.facets);
    expect((await search.search({ ...query, facets: false })).facets).toEqual([]);
  });
});
