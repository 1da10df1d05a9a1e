import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FaultProxy, openFaultProxy } from '#test/support/network/fault-proxy.ts';
import { testSearch } from '#test/support/search/search.ts';
import { type Catalogue, createCatalogue } from '#test/support/search/search-world.ts';
import { RateLimited } from '../errors.ts';
import { type CatalogSearch, openCatalogSearch } from './catalog-search.ts';
import { openEventIndexer } from './event-indexer.ts';
import { searchEvents } from './search-events.ts';
import { refreshSearchWords } from './search-words-queries.ts';

const BUDGET_MS = 1_500;
const EACH_WAY_MS = 200;
const SEARCHES = 60;
let catalogue: Catalogue;
let way: FaultProxy;
let search: CatalogSearch;

beforeAll(async () => {
  catalogue = await createCatalogue();
  const engine = await testSearch();
  const indexer = openEventIndexer({ db: catalogue.db, engine: { ...engine, budgetMs: 10_000 } });
  await indexer.write([]);
  await indexer.close();
  await refreshSearchWords(catalogue);
  way = await openFaultProxy(engine.url);
  const slow = { ...engine, url: way.through(engine.url), budgetMs: BUDGET_MS };
  search = openCatalogSearch({ db: catalogue.db, engine: slow });
});
afterAll(async () => {
  await search.close();
  await way.close();
  await catalogue.close();
});

it('refuses what is too much for the engine, instead of passing all of it on to PostgreSQL', async () => {
  const ask = (text: string) =>
    searchEvents({ search }, { text, onSaleOnly: false, first: 20, wants: { facets: false } });
  expect(await ask('mexico')).toMatchObject({ degraded: false });
  way.set({ kind: 'latency', ms: EACH_WAY_MS });
  const answers = await Promise.allSettled(Array.from({ length: SEARCHES }, (_, n) => ask(`mexico ${n}`)));
  const pages = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
  expect(failures.filter((failure) => !(failure instanceof RateLimited))).toEqual([]);
  expect(failures.length).toBeGreaterThan(SEARCHES / 2);
  expect(pages.filter(({ degraded }) => !degraded).length).toBeGreaterThanOrEqual(2);
  const byPostgres = pages.filter(({ degraded }) => degraded).length;
  expect(byPostgres).toBeGreaterThanOrEqual(1);
  expect(byPostgres).toBeLessThan(SEARCHES / 4);
});
