import { afterAll, beforeAll, describe } from 'vitest';
import type { EventSearch } from '#search/event-search.ts';
import { itSearchesEvents } from '#test/support/search/event-search-conformance.ts';
import { type Catalogue, createCatalogue } from '#test/support/search/search-world.ts';
import { openSearchFallback } from './search-fallback-queries.ts';
import { refreshSearchWords, writeSearchWords } from './search-words-queries.ts';

let catalogue: Catalogue;
let search: EventSearch;

beforeAll(async () => {
  catalogue = await createCatalogue();
  await refreshSearchWords(catalogue);
  search = openSearchFallback({ db: catalogue.db });
});
afterAll(() => catalogue.close());

describe('search by PostgreSQL', () => {
  itSearchesEvents(() => ({ search, catalogue, settle: (eventIds) => writeSearchWords(catalogue, eventIds) }));
});
