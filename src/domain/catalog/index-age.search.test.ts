import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testSearch } from '#test/support/search/search.ts';
import { type Catalogue, createCatalogue } from '#test/support/search/search-world.ts';
import { type CatalogSearch, openCatalogSearch } from './catalog-search.ts';
import { type EventIndexer, openEventIndexer } from './event-indexer.ts';
import { removeEndedEvents } from './index-events.ts';
import { searchEvents } from './search-events.ts';
import type { SearchEventsRequest } from './search-types.ts';

let catalogue: Catalogue;
let indexer: EventIndexer;
let search: CatalogSearch;
let proxy: Server;
/** Searches for events, as opposed to looks at the stamp, that reached the engine. */
let searches = 0;

beforeAll(async () => {
  catalogue = await createCatalogue();
  const engine = { ...(await testSearch()), budgetMs: 10_000 };
  indexer = openEventIndexer({ db: catalogue.db, engine });
  await indexer.write([]);
  proxy = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (body.includes('"sort_by"')) searches += 1;
    const headers = { 'x-typesense-api-key': engine.apiKey };
    const answer = await fetch(`${engine.url}${request.url}`, { method: 'POST', headers, body });
    response.writeHead(answer.status).end(await answer.text());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  search = openCatalogSearch({ db: catalogue.db, engine: { ...engine, url } });
});
afterAll(async () => {
  await search.close();
  proxy.close();
  await indexer.close();
  await catalogue.close();
});

const ask = (request: Partial<SearchEventsRequest> = {}) =>
  searchEvents({ search }, { onSaleOnly: false, first: 50, wants: { facets: false }, ...request });
const askFor = async (ms: number, request: Partial<SearchEventsRequest>): Promise<number> => {
  const before = searches;
  for (const endAt = performance.now() + ms; performance.now() < endAt; await sleep(100)) await ask(request);
  return searches - before;
};
/** An answer is at most two seconds older than the latest look at the stamp. */
const soon = { timeout: 8_000, interval: 50 };

it('asks the engine once while the index does not change, and again after a change', async () => {
  const request = { text: 'flibbertigibbet' };
  expect(await askFor(5_000, request)).toBe(1);
  const eventId = await catalogue.addEvent({ city: 'Toronto', title: 'Flibbertigibbet' });
  await indexer.write([eventId]);
  await expect.poll(async () => (await ask(request)).hits, soon).toMatchObject([{ eventId }]);
  expect(await askFor(3_000, request)).toBeLessThanOrEqual(1);
});

it('asks again for events that are on sale now, because they change with the clock', async () => {
  expect(await askFor(4_000, { onSaleOnly: true, text: 'mexico' })).toBeGreaterThan(1);
});

it('no longer counts an event that has ended', async () => {
  const request = { text: 'fleeting' };
  const startsAt = new Date(Date.now() + 1500);
  await indexer.write([await catalogue.addEvent({ city: 'Toronto', title: 'Fleeting', startsAt })]);
  expect(await ask(request)).toMatchObject({ totalCount: 1 });
  const needs = { db: catalogue.db, index: indexer.index };
  await expect.poll(() => removeEndedEvents(needs), { timeout: 25_000, interval: 100 }).toBe(1);
  await expect.poll(async () => (await ask(request)).totalCount, soon).toBe(0);
});
