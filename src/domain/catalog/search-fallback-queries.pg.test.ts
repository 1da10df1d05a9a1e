import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventSearch } from '#search/event-search.ts';
import { searchWords } from '#search/normal-form/query-words.ts';
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

it('returns no events, and is not busy, when similar words take too long', async () => {
  const hurried = openSearchFallback({ db: catalogue.db, similarMs: 1 });
  const asked = searchWords('Messico');
  const query = { asked, order: 'RELEVANCE', categories: [], first: 20, facets: false, currencies: false } as const;
  expect((await search.search(query)).totalCount).toBeGreaterThan(0);
  expect(await hurried.search(query)).toMatchObject({ totalCount: 0, hits: [] });
});

it('finds the nearest venues by their index', async () => {
  await catalogue.db.execute(sql`
    insert into venues (id, name, city, country_code, latitude, longitude, time_zone, capacity)
    select gen_random_uuid(), 'Hall ' || n, 'Somewhere', 'CA', -80 + n % 160, -170 + n % 340, 'UTC', 10
    from generate_series(1, 20000) n`);
  await catalogue.db.execute(sql`analyze venues`);
  const plan = await catalogue.db.execute(sql`
    explain select w.id from venues w
    order by ll_to_earth(w.latitude, w.longitude) <-> ll_to_earth(19.4::float8, -99.1::float8), w.id limit 300`);
  expect(JSON.stringify(plan)).toContain('Index Scan using venues_location');
});
