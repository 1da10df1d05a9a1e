import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTypesense } from '#processes/dev/servers/typesense.ts';
import { searchWords } from '#search/normal-form/query-words.ts';
import { type Catalogue, createCatalogue } from '#test/support/search/search-world.ts';
import { InvalidInput } from '../errors.ts';
import { type CatalogSearch, openCatalogSearch } from './catalog-search.ts';
import { type EventIndexer, openEventIndexer } from './event-indexer.ts';
import { searchEvents } from './search-events.ts';
import type { SearchEventsRequest } from './search-types.ts';
import { refreshSearchWords } from './search-words-queries.ts';
import { suggestEvents } from './suggest-events.ts';

/** A Typesense for this file only, because it is killed and started again. */
const apiKey = 'a-key-of-this-test';
let dataDir: string;
let engine: Awaited<ReturnType<typeof startTypesense>>;
let catalogue: Catalogue;
let search: CatalogSearch;
let indexer: EventIndexer;

const start = (port?: number) =>
  startTypesense({ dataDir, apiKey, log: () => {}, disposableDir: dataDir, ...(port ? { port } : {}) });
const everything: SearchEventsRequest = { onSaleOnly: false, first: 20, wants: { facets: false } };
const ask = (request: Partial<SearchEventsRequest> = {}) => searchEvents({ search }, { ...everything, ...request });
const MEXICO_CITY = { latitude: 19.4326, longitude: -99.1332 };

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'frontrow-search-test-'));
  [engine, catalogue] = await Promise.all([start(), createCatalogue()]);
  const options = { url: engine.url, apiKey, budgetMs: 10_000 };
  search = openCatalogSearch({ db: catalogue.db, engine: options });
  indexer = openEventIndexer({ db: catalogue.db, engine: options });
  await indexer.write([]);
  await refreshSearchWords(catalogue);
});
afterAll(async () => {
  await search.close();
  await indexer.close();
  await engine.stop();
  await catalogue.close();
  await rm(dataDir, { recursive: true, force: true });
});

describe('searchEvents', () => {
  it('returns the soonest without filters, the likeliest with text, the nearest with a place', async () => {
    const soonest = await ask();
    expect(soonest).toMatchObject({ degraded: false, totalCount: 104, facets: [], pageInfo: { hasNextPage: true } });
    expect(soonest.hits).toEqual((await ask({ sort: 'SOONEST' })).hits);
    const blank = await ask({ text: '  ', city: ' ' });
    expect(blank.hits.map((hit) => hit.eventId)).toEqual(soonest.hits.map((hit) => hit.eventId));
    const nearest = await ask({ near: MEXICO_CITY });
    expect(nearest.hits[0]?.distanceKm).toBeGreaterThan(5);
    expect(nearest.hits[0]?.distanceKm).toBeLessThan(25);
    const messico = await ask({ text: 'Messico' });
    expect(messico.hits[0]?.highlights[0]?.snippet).toContain('<mark>Mexico</mark>');
    const both = await ask({ text: 'Messico', near: MEXICO_CITY, radiusKm: 1000 });
    // Five in Mexico City, one more of Mexico in Guadalajara.
    expect(both.totalCount).toBe(6);
    expect(both.hits.every((hit) => hit.distanceKm !== undefined && hit.distanceKm <= 1000)).toBe(true);
  });

  it('respects a small circle exactly', async () => {
    const [first] = (await ask({ near: MEXICO_CITY, first: 1 })).hits;
    const away = first?.distanceKm ?? Number.NaN;
    expect((await ask({ near: MEXICO_CITY, radiusKm: away + 0.01 })).totalCount).toBe(5);
    expect((await ask({ near: MEXICO_CITY, radiusKm: away - 0.01 })).hits).toEqual([]);
  });

  it('computes facets only when the client selected them', async () => {
    const { facets } = await ask({ wants: { facets: true }, countryCode: 'mx' });
    expect(facets.find(({ field }) => field === 'city')?.counts[0]).toEqual({ value: 'Mexico City', count: 5 });
  });

  it('accepts an amount without a currency when the events have only one', async () => {
    const cheapest = (await ask({ currency: 'mxn', sort: 'PRICE' })).totalCount;
    expect(cheapest).toBe(13);
    const budget = { priceAtMostMinor: 150_000 };
    const inMexico = await ask({ ...budget, countryCode: 'MX' });
    expect(inMexico.totalCount).toBeGreaterThan(0);
    expect(inMexico.totalCount).toBeLessThan(13);
    expect((await ask({ priceAtMost: { amountMinor: 150_000, currency: 'MXN' } })).totalCount).toBe(
      inMexico.totalCount,
    );
    expect((await ask({ sort: 'PRICE', countryCode: 'US' })).totalCount).toBe(78);
    expect((await ask({ ...budget, city: 'Nowhere' })).totalCount).toBe(0);
  });

  it('finds the counted events by a value of a facet', async () => {
    const { facets } = await ask({ wants: { facets: true } });
    const cities = facets.find(({ field }) => field === 'city');
    expect(cities).toMatchObject({ isComplete: true, totalValues: 16 });
    for (const { value, count } of cities?.counts ?? []) {
      expect([value, (await ask({ city: value.toUpperCase() })).totalCount]).toEqual([value, count]);
    }
  });

  it('pages through all hits without a repeat', async () => {
    const seen: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await ask({ first: 50, after });
      seen.push(...page.hits.map((hit) => hit.eventId));
      expect(page.pageInfo.hasPreviousPage).toBe(after !== undefined);
      expect(page.totalCount).toBe(104);
      after = page.hits.at(-1)?.cursor;
      if (!page.pageInfo.hasNextPage) break;
    }
    expect(new Set(seen).size).toBe(104);
    expect(seen).toHaveLength(104);
  });

  const cursorOf = async (request: Partial<SearchEventsRequest>) => (await ask(request)).hits[0]?.cursor ?? '';

  it('accepts a cursor for the same search with another page size only', async () => {
    const after = await cursorOf({ text: 'mexico', categories: ['SPORT', 'COMEDY'] });
    await ask({ text: 'MEXICO ', categories: ['COMEDY', 'SPORT'], first: 3, after });
    await expect(ask({ text: 'mexico', after })).rejects.toMatchObject({ field: 'after' });
    await expect(ask({ after })).rejects.toBeInstanceOf(InvalidInput);
  });

  const place = { near: MEXICO_CITY };
  it.each<[string, Partial<SearchEventsRequest>]>([
    ['first', { first: 0 }],
    ['first', { first: 51 }],
    ['text', { text: 'x'.repeat(201) }],
    ['city', { city: '``' }],
    ['city', { city: 'x'.repeat(201) }],
    ['countryCode', { countryCode: 'MEX' }],
    ['radiusKm', { radiusKm: 5 }],
    ['radiusKm', { ...place, radiusKm: 0 }],
    ['radiusKm', { ...place, radiusKm: Number.NaN }],
    ['near.latitude', { near: { latitude: 90.5, longitude: 0 } }],
    ['near.longitude', { near: { latitude: 0, longitude: 181 } }],
    ['sort', { sort: 'NEAREST' }],
    ['startsBetween', { startsBetween: { from: new Date(2000), to: new Date(1000) } }],
    ['startsBetween.from', { startsBetween: { from: new Date(Number.NaN) } }],
    ['startsBetween.to', { startsBetween: { to: new Date(8.64e15) } }],
    ['priceAtMostMinor', { priceAtMostMinor: -1 }],
    ['priceAtMostMinor', { priceAtMostMinor: 10_000 }],
    ['priceAtMostMinor', { priceAtMostMinor: 0, sort: 'PRICE' }],
    ['sort', { sort: 'PRICE' }],
    ['priceAtMost', { priceAtMostMinor: 1, priceAtMost: { amountMinor: 1, currency: 'USD' } }],
    ['priceAtMost.amountMinor', { priceAtMost: { amountMinor: -1, currency: 'USD' } }],
    ['priceAtMost.currency', { priceAtMost: { amountMinor: 1, currency: '$' } }],
    ['currency', { currency: 'Dollar' }],
    ['currency', { currency: 'CAD', priceAtMost: { amountMinor: 1, currency: 'USD' } }],
    ['after', { after: 'x' }],
    ['after', { after: Buffer.from('[1,"x",1,1,1,"y"]').toString('base64url') }],
  ])('names the field %s that is wrong in %j', async (field, request) => {
    await expect(ask(request)).rejects.toMatchObject({ code: 'INVALID_INPUT', field });
  });

  it.each(['the engine', 'PostgreSQL'])(
    'accepts any text, by %s',
    async (by) => {
      const own = openCatalogSearch({
        db: catalogue.db,
        engine: by === 'PostgreSQL' ? undefined : { url: engine.url, apiKey, budgetMs: 10_000 },
      });
      const typed = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 100 }),
        fc.string({ unit: 'grapheme', maxLength: 50 }),
        fc
          .array(fc.constantFrom(...'`\'"*:&|!()<>-%_ aàßЖ東ي1²ⅷ', '\u0000', '\ud800', 'mexico', 'or'), {
            maxLength: 30,
          })
          .map((parts) => parts.join('')),
      );
      await fc.assert(
        fc.asyncProperty(typed, async (text) => {
          const answer = await searchEvents({ search: own }, { ...everything, text });
          // A text without a word finds nothing, and neither store is queried.
          const isAsked = text.trim() === '' || searchWords(text) !== undefined;
          expect(answer.degraded).toBe(isAsked && by === 'PostgreSQL');
          if (!isAsked) expect(answer.totalCount).toBe(0);
          await suggestEvents({ search: own }, { text, first: 3 });
        }),
        { numRuns: 150 },
      );
      await own.close();
    },
    60_000,
  );

  it('serves any number of callers with one question by one call', async () => {
    const answers = await Promise.all(Array.from({ length: 500 }, () => ask({ text: 'final' })));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.degraded).toBe(false);
  });
});

describe('suggestEvents', () => {
  it('returns titles for a beginning, and none for an empty text', async () => {
    const [first] = await suggestEvents({ search }, { text: 'South Ko', first: 5 });
    expect(first?.highlight).toContain('<mark>South</mark> <mark>Ko');
    expect(await suggestEvents({ search }, { text: ' ! ', first: 5 })).toEqual([]);
    await expect(suggestEvents({ search }, { text: 'x', first: 0 })).rejects.toMatchObject({ field: 'first' });
  });
});

describe('without the engine', () => {
  it('does not wait for an engine that hangs', async () => {
    const impatient = openCatalogSearch({ db: catalogue.db, engine: { url: engine.url, apiKey } });
    process.kill(engine.pid, 'SIGSTOP');
    try {
      const answer = await searchEvents({ search: impatient }, { ...everything, text: 'Messico' });
      expect(answer.degraded).toBe(true);
      expect(answer.hits.length).toBeGreaterThanOrEqual(3);
    } finally {
      process.kill(engine.pid, 'SIGCONT');
      await impatient.close();
    }
  });

  it('continues with PostgreSQL, marks it as degraded, and returns to the engine', async () => {
    const { port } = engine;
    const page = await ask({ first: 40, sort: 'PRICE', currency: 'USD' });
    await engine.stop();

    const degraded = await ask({ text: 'Messico', wants: { facets: true } });
    expect(degraded).toMatchObject({ degraded: true, facets: [] });
    expect(degraded.hits.length).toBeGreaterThanOrEqual(3);
    // A page that began with the engine continues without it.
    const next = await ask({ first: 40, sort: 'PRICE', currency: 'USD', after: page.hits.at(-1)?.cursor });
    expect(next.degraded).toBe(true);
    const seen = [...page.hits, ...next.hits].map((hit) => hit.eventId);
    expect(new Set(seen).size).toBe(78);
    expect((await suggestEvents({ search }, { text: 'mexi', first: 3 }))[0]?.title).toMatch(/Mexico/);
    const many = await Promise.all(
      Array.from({ length: 20 }, (_, i) => ask({ priceAtMostMinor: 1_000_000 + i, currency: 'USD' })),
    );
    expect(many.every((answer) => answer.degraded)).toBe(true);

    engine = await start(port);
    await vi.waitFor(async () => expect((await ask({ text: 'canada' })).degraded).toBe(false), {
      timeout: 25_000,
      interval: 100,
    });
  }, 60_000);
});
