import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testSearch } from '#test/support/search/search.ts';
import { openSearchClient, type SearchClient } from './client.ts';
import type { EventDocument } from './event-collection.ts';
import { openEventIndex } from './event-index.ts';
import type { EventQuery } from './event-search.ts';
import { BadFilter, isText } from './filter.ts';
import { openTypesenseSearch } from './typesense-search.ts';

let client: SearchClient;
const known: EventDocument = {
  id: '01900000-0000-7000-8000-000000000001',
  seq: 1,
  title: 'Hidden',
  performers: [],
  description: '',
  category: 'SPORT',
  venue_name: 'Nowhere',
  city: 'Qwghlm',
  title_words: 'hidden',
  performers_words: '',
  description_words: '',
  venue_words: 'nowhere',
  city_words: 'qwghlm',
  city_keys: ['qwghlm'],
  country_code: 'GB',
  location: [55, -10],
  starts_at: 2_000_000_000_000_000,
  ends_at: 2_000_000_000_000_000,
  on_sale_at: 1_000_000_000_000_000,
  off_sale_at: 2_000_000_000_000_000,
  price_from_minor: 100,
  currency: 'GBP',
  popularity: 1,
  available_share: 10,
  updated_version: 1,
  venue_id: '01900000-0000-7000-8000-000000000002',
  plan_id: '01900000-0000-7000-8000-000000000003',
  cancellable_until: null,
  address: null,
  time_zone: 'Europe/London',
  venue_capacity: 10,
  price_tiers: [],
  capacity: 10,
  available: 10,
  held: 0,
  booked: 0,
  details: {
    organization_id: 'o',
    on_sale_at: 1_000_000_000_000_000,
    sales_paused: false,
    ends_at: null,
    doors_at: null,
    previous_starts_at: null,
    refund_until: null,
    hold_seconds: null,
    seats_per_booking: null,
    seats_per_viewer: null,
    orphan_policy: 'OFF',
    revision: 1,
  },
};

beforeAll(async () => {
  client = openSearchClient({ ...(await testSearch()), budgetMs: 10_000 });
  const index = openEventIndex(client);
  const collection = await index.startNext();
  await index.stamp(new Date());
  await index.put(collection, [known], 'create');
  await index.swap(collection);
});
afterAll(() => client.close());

/** Texts that try to end the quotes, to open a clause, or to be empty. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(
        '`',
        '\\',
        '``',
        '[',
        ']',
        '(',
        ')',
        ',',
        '&&',
        '||',
        ':=',
        ':>',
        '*',
        '\u0000',
        '\n',
        'city',
        'x',
        '-',
        '東',
        'é',
        '😀',
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.join('')),
  fc.constantFrom('x` || city_keys:=`qwghlm', 'x`] || id:!=[`x', '`]', '[`', 'null', '-', '!x', '..', '9'.repeat(40)),
);
const anything: EventQuery = { order: 'SOONEST', categories: [], first: 5, facets: false, currencies: false };

it('never lets a text add a clause, and never harms the engine', async () => {
  const search = openTypesenseSearch(client);
  await fc.assert(
    fc.asyncProperty(hostile, async (city) => {
      let refused = false;
      try {
        isText('city_keys', [city]);
      } catch (error) {
        refused = error instanceof BadFilter;
      }
      const asked = search.search({ ...anything, cityKeys: [city] });
      if (refused) await expect(asked).rejects.toThrow(BadFilter);
      // The one document has another city: any hit was let in by the text.
      else expect((await asked).hits).toEqual([]);
    }),
    { numRuns: 400 },
  );
  expect((await search.search({ ...anything, cityKeys: ['qwghlm'] })).hits).toHaveLength(1);
});

it('accepts every number and place in range', async () => {
  const search = openTypesenseSearch(client);
  const number = fc.oneof(
    fc.maxSafeInteger(),
    fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0, -0),
  );
  const query = fc.record({
    startsFromUs: number,
    priceAtMostMinor: number,
    near: fc.record({
      latitude: fc.double({ min: -90, max: 90, noNaN: true }),
      longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    }),
    radiusKm: fc.double({ min: 1e-9, max: 20_040, noNaN: true }),
    order: fc.constantFrom('SOONEST', 'NEAREST', 'PRICE', 'POPULARITY'),
    after: fc.option(fc.record({ rank: fc.constant(1), key: number, seq: number, eventId: fc.constant(known.id) }), {
      nil: undefined,
    }),
  });
  await fc.assert(
    fc.asyncProperty(query, async (parts) => {
      const page = await search.search({ ...anything, ...parts } as EventQuery);
      expect(page.hits.length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 300 },
  );
});
