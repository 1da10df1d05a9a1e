import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { importCatalog } from '#domain/catalog/import/import-catalog.ts';
import { startTypesense } from '#processes/dev/servers/typesense.ts';
import { openRawClient } from '#shared/postgres.ts';
import { post } from '#test/fans/graphql-http.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

const apiKey = 'a-key-of-this-test';
const data = resolve(import.meta.dirname, '../../data');
let dataDir: string;
let engine: Awaited<ReturnType<typeof startTypesense>>;
let system: System;

const startEngine = (port?: number) =>
  startTypesense({ dataDir, apiKey, log: () => {}, disposableDir: dataDir, ...(port ? { port } : {}) });

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'frontrow-search-test-'));
  engine = await startEngine();
  system = await startSystem({
    processes: ['relay', 'worker', 'api'],
    env: { TYPESENSE_URL: engine.url, TYPESENSE_API_KEY: apiKey },
  });
  const sql = openRawClient({ url: system.bookingUrl, poolMax: 1, name: 'test' });
  await importCatalog({ sql }, { folders: [join(data, 'worldcup-2026'), join(data, 'race-track-seating')] });
  await sql.end();
});
afterAll(async () => {
  await system.stop();
  await engine.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const fields = `totalCount degraded pageInfo { hasNextPage endCursor }
  edges { distanceKm node { id title startsAt performers priceFrom { amountMinor currency } venue { city location { latitude } } } }`;

// biome-ignore lint/suspicious/noExplicitAny: the test looks into answers of many shapes
async function search(filters: string, selection = fields): Promise<any> {
  const { data: answer, errors } = await post(system.apiUrl, {
    query: `{ searchEvents(${filters}) { ${selection} } }`,
  });
  if (errors) throw new Error(JSON.stringify(errors));
  return answer.searchEvents;
}
// biome-ignore lint/suspicious/noExplicitAny: as above
const nodes = (page: any): any[] => page.edges.map(({ node }: any) => node);

test('imported events are found soon after', async () => {
  await expect.poll(async () => (await search('first: 1')).totalCount).toBe(105);
});

test('a misspelt word and the beginning of a word find the event', async () => {
  const misspelt = await search('text: "Messico", first: 10');
  expect(nodes(misspelt).some(({ performers }) => performers.includes('Mexico'))).toBe(true);
  expect(misspelt.degraded).toBe(false);
  const begun = await search('text: "argen", first: 10');
  expect(nodes(begun).every(({ performers }) => performers.includes('Argentina'))).toBe(true);
  expect(begun.totalCount).toBeGreaterThan(2);
});

test('the nearest come first, a radius cuts off', async () => {
  const near = await search('near: { latitude: 19.43, longitude: -99.13 }, sort: NEAREST, first: 50');
  const distances = near.edges.map(({ distanceKm }: { distanceKm: number }) => distanceKm);
  expect(distances).toEqual([...distances].sort((a, b) => a - b));
  expect(nodes(near)[0].venue.city).toContain('Mexico City');
  const within = await search('near: { latitude: 19.43, longitude: -99.13 }, radiusKm: 50, first: 50');
  expect(within.totalCount).toBe(5);
  expect(new Set(nodes(within).map(({ venue }) => venue.city))).toEqual(new Set(['Mexico City']));
});

test('dates, prices and facets', async () => {
  const all = await search('sort: SOONEST, first: 50');
  const [from, to] = [nodes(all)[3].startsAt, nodes(all)[9].startsAt];
  const ranged = await search(`startsBetween: { from: "${from}", to: "${to}" }, first: 50`);
  expect(nodes(ranged).every(({ startsAt }) => startsAt >= from && startsAt <= to)).toBe(true);
  expect(ranged.totalCount).toBeGreaterThanOrEqual(6);
  const prices = nodes(await search('currency: "USD", first: 50')).map(({ priceFrom }) => priceFrom);
  const limit = prices.map(({ amountMinor }) => amountMinor).sort((a, b) => a - b)[10];
  const cheap = await search(`priceAtMost: { amountMinor: ${limit}, currency: "USD" }, first: 50`);
  expect(nodes(cheap).every(({ priceFrom }) => priceFrom.amountMinor <= limit && priceFrom.currency === 'USD')).toBe(
    true,
  );
  expect(cheap.totalCount).toBeGreaterThan(0);
  expect(cheap.totalCount).toBeLessThan(78);
  const faceted = await search(
    'countryCode: "MX", first: 1',
    'totalCount facets { field isComplete totalValues counts { value count } }',
  );
  const cities = faceted.facets.find(({ field }: { field: string }) => field === 'city');
  expect(cities.counts.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(faceted.totalCount);
  expect(cities).toMatchObject({ isComplete: true, totalValues: cities.counts.length });
});

test('amounts of several currencies are not compared: the client names the currency', async () => {
  for (const [filters, field] of [
    ['priceAtMostMinor: 100000', 'priceAtMostMinor'],
    ['sort: PRICE', 'sort'],
  ]) {
    const refusal = await search(`${filters}, first: 1`).catch((error: Error) => JSON.parse(error.message));
    expect(refusal).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field } }]);
    expect(refusal[0].message).toContain('more than one currency (CAD, EUR, MXN, USD)');
  }
  const mexican = nodes(await search('sort: PRICE, countryCode: "MX", first: 50'));
  const amounts = mexican.map(({ priceFrom }) => priceFrom.amountMinor);
  expect(amounts).toEqual([...amounts].sort((a, b) => a - b));
  expect(new Set(mexican.map(({ priceFrom }) => priceFrom.currency))).toEqual(new Set(['MXN']));
  expect(nodes(await search('priceAtMostMinor: 1000000, currency: "mxn", first: 50')).length).toBeGreaterThan(0);
});

test('a cursor goes through all pages without a repeat', async () => {
  const seen: string[] = [];
  for (let after = ''; ; ) {
    const page = await search(`sort: SOONEST, first: 25${after}`);
    seen.push(...nodes(page).map(({ id }) => id));
    if (!page.pageInfo.hasNextPage) break;
    after = `, after: "${page.pageInfo.endCursor}"`;
  }
  expect(seen).toHaveLength(105);
  expect(new Set(seen).size).toBe(105);
});

test('a text without a word finds nothing', async () => {
  for (const text of ['!!!', '...', '—', '🎪', '\\u200b'])
    expect(await search(`text: "${text}", first: 5`, 'totalCount edges { node { id } } degraded')).toEqual({
      totalCount: 0,
      edges: [],
      degraded: false,
    });
  expect((await search('text: "  ", first: 1')).totalCount).toBe(105);
});

test('suggestions follow the typing', async () => {
  const { data: answer } = await post(system.apiUrl, {
    query: '{ suggestEvents(text: "braz") { title highlight event { id } } }',
  });
  expect(answer.suggestEvents.length).toBeGreaterThan(0);
  expect(answer.suggestEvents.every(({ title }: { title: string }) => title.includes('Brazil'))).toBe(true);
});

test('with the engine stopped PostgreSQL answers and says so; with the engine back everything is as before', async () => {
  const port = Number(new URL(engine.url).port);
  await engine.stop();
  const degraded = await search('text: "Argentina", near: { latitude: 33, longitude: -97 }, first: 10');
  expect(degraded.degraded).toBe(true);
  expect(nodes(degraded).every(({ performers }) => performers.includes('Argentina'))).toBe(true);
  engine = await startEngine(port);
  await expect
    .poll(async () => (await search(`text: "Argentina", first: ${1 + Math.floor(Math.random() * 40)}`)).degraded)
    .toBe(false);
});
