import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { distanceKm } from '#domain/catalog/distance-rules.ts';
import type { EventQuery, EventSearch, Position } from '#search/event-search.ts';
import { placeKeys } from '#search/normal-form/place-keys.ts';
import { type SearchWords, searchWords } from '#search/normal-form/query-words.ts';
import type { Catalogue } from './search-world.ts';
import { citiesAndTyped, typedAndWritten } from './typed-and-written.ts';

export type SearchUnderTest = {
  search: EventSearch;
  catalogue: Catalogue;
  /** Resolves when these events are completely indexed. */
  settle(eventIds: readonly string[]): Promise<void>;
};

const MEXICO_CITY = { latitude: 19.43, longitude: -99.13 };
const DAY_US = 86_400_000_000;
const anything: EventQuery = { order: 'SOONEST', categories: [], first: 20, facets: false, currencies: false };
/** A query, with its text and city as a person types them. */
type Typed = Partial<EventQuery> & { text?: string; city?: string };
const queryOf = ({ text, city, ...query }: Typed): EventQuery => ({
  ...anything,
  ...query,
  asked: text === undefined ? undefined : searchWords(text),
  cityKeys: city === undefined ? undefined : placeKeys(city),
});

/** The promises of every implementation of the search port, tested with the 104 matches of the World Cup. */
export function itSearchesEvents(open: () => SearchUnderTest): void {
  const ask = (query: Typed) => open().search.search(queryOf(query));
  const titlesOf = async (query: Typed) => {
    const page = await ask({ first: 50, ...query });
    const { rowsOf } = titles(open().catalogue);
    return rowsOf(page.hits.map((hit) => hit.eventId));
  };

  it('returns the soonest events for a query without a filter', async () => {
    const page = await ask({ first: 50 });
    const starts = await startsOf(
      open().catalogue,
      page.hits.map((hit) => hit.eventId),
    );
    expect(starts).toHaveLength(50);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(page).toMatchObject({ hasNextPage: true, totalCount: 104 });
  });

  it('finds a misspelt word', async () => {
    const found = await titlesOf({ text: 'messico', order: 'RELEVANCE' });
    expect(found.length).toBeGreaterThanOrEqual(3);
    expect(found[0]).toMatch(/Mexico/);
    expect(await titlesOf({ text: 'swizerland', order: 'RELEVANCE' })).toContainEqual(
      expect.stringMatching(/Switzerland/),
    );
  });

  it('finds a word by its beginning, and only events that have all words', async () => {
    const found = await titlesOf({ text: 'mex afr', order: 'RELEVANCE' });
    expect(found[0]).toBe('Mexico vs South Africa');
  });

  it('finds an event by the city or the name of its venue', async () => {
    const inCity = await ask({ text: 'vancouver', order: 'RELEVANCE' });
    const atVenue = await ask({ text: 'bc place', order: 'RELEVANCE' });
    expect(inCity.totalCount).toBe(7);
    expect(atVenue.totalCount).toBe(7);
  });

  it('ignores accents and case', async () => {
    const page = await ask({ text: 'méxico', order: 'RELEVANCE' });
    expect(page.hits.length).toBeGreaterThan(0);
  });

  it('marks the matches, and no other part of the title can be markup', async () => {
    const { catalogue, settle } = open();
    const eventId = await catalogue.addEvent({ city: 'Vancouver', title: 'Zyxwv <b>live</b> & "loud"' });
    await settle([eventId]);
    const page = await ask({ text: 'zyxwv', order: 'RELEVANCE' });
    expect(page.hits[0]?.highlights.find(({ field }) => field === 'title')?.snippet).toBe(
      '<mark>Zyxwv</mark> &lt;b&gt;live&lt;/b&gt; &amp; &quot;loud&quot;',
    );
    await remove(open(), [eventId]);
  });

  it('sorts by distance without cutting off', async () => {
    const page = await ask({ near: MEXICO_CITY, order: 'NEAREST', first: 50 });
    const away = page.hits.map((hit) => distanceKm(MEXICO_CITY, hit.location));
    expect(away).toEqual([...away].sort((a, b) => a - b));
    expect(away[0]).toBeLessThan(25);
    expect(page.totalCount).toBe(104);
  });

  it('stays within the radius', async () => {
    const page = await ask({ near: MEXICO_CITY, radiusKm: 30, order: 'NEAREST', first: 50 });
    expect(page.totalCount).toBe(5);
    for (const hit of page.hits) expect(distanceKm(MEXICO_CITY, hit.location)).toBeLessThanOrEqual(30);
    // Guadalajara lies 460 km away.
    expect((await ask({ near: MEXICO_CITY, radiusKm: 440 })).totalCount).toBe(5);
    expect((await ask({ near: MEXICO_CITY, radiusKm: 480 })).totalCount).toBe(9);
    expect((await ask({ near: MEXICO_CITY, radiusKm: 20_040 })).totalCount).toBe(104);
  });

  it('filters by city, country, category, start, price and sale, all at once', async () => {
    const { catalogue, settle } = open();
    const soon = Date.now() * 1000 + DAY_US;
    const late = { city: 'Toronto', title: 'Late sale', onSaleAt: new Date(Date.now() + 3_600_000) };
    const added = [
      await catalogue.addEvent({ city: 'Toronto', title: 'Cheap', startsAt: new Date(soon / 1000), priceMinor: 100 }),
      await catalogue.addEvent({ ...late, startsAt: new Date(soon / 1000), priceMinor: 100 }),
      await catalogue.addEvent({ city: 'Toronto', title: 'Dear', startsAt: new Date(soon / 1000), priceMinor: 101 }),
    ];
    await settle(added);
    const filters = { city: 'toronto', countryCode: 'CA', categories: ['CONCERT', 'COMEDY'] };
    const during = { startsFromUs: soon - 1_000_000, startsToUs: soon };
    // A seat costs its price and a fee of 100.
    const budget = { priceAtMostMinor: 200, onSaleAtUs: Date.now() * 1000 };
    const idsOf = async (query: Typed) => (await ask(query)).hits.map((hit) => hit.eventId).sort();
    expect(await idsOf({ ...filters, ...during, ...budget })).toEqual([added[0]]);
    expect(await idsOf({ ...filters, ...during, priceAtMostMinor: 200 })).toEqual([added[0], added[1]].sort());
    expect(await idsOf({ ...filters, ...during })).toEqual([...added].sort());
    expect(await idsOf({ ...filters, ...during, categories: ['COMEDY'] })).toEqual([]);
    expect(await idsOf({ ...filters, ...during, countryCode: 'US' })).toEqual([]);
    expect(await idsOf({ ...filters, startsFromUs: soon - 2_000_000, startsToUs: soon - 1_000_000 })).toEqual([]);
    expect(await idsOf({ city: 'guadalajara zapopan' })).toHaveLength(4);
    await catalogue.db.execute(sql`
      update events set sales_paused = true, updated_version = updated_version + 1 where id = ${added[0]}`);
    await settle(added);
    expect(await idsOf({ ...filters, ...during, ...budget })).toEqual([]);
    expect(await idsOf({ ...filters, ...during, priceAtMostMinor: 200 })).toEqual([added[0], added[1]].sort());
    await remove(open(), added);
  });

  it.each(['SOONEST', 'PRICE', 'POPULARITY'] as const)(
    'returns every event once by %s, while others come and go between the pages',
    async (order) => {
      const { catalogue, settle } = open();
      const { ids: before } = await everyPage(ask, { order, first: 17 });
      const added: string[] = [];
      const { ids, totals } = await everyPage(ask, { order, first: 17 }, async () => {
        const startsAt = new Date(Date.now() + (5 + added.length) * 86_400_000);
        added.push(await catalogue.addEvent({ city: 'Miami (Miami Gardens)', title: 'New', startsAt, popularity: 99 }));
        await settle(added.slice(-1));
      });
      const old = ids.filter((id) => !added.includes(id));
      expect(new Set(ids).size).toBe(ids.length);
      expect(old).toEqual(before);
      expect(before).toHaveLength(104);
      expect(totals[0]).toBe(104);
      await remove(open(), added);
    },
  );

  it.each(['RELEVANCE', 'NEAREST'] as const)(
    'continues by %s after inserts above the page, up to the limit',
    async (order) => {
      const { catalogue, settle } = open();
      const query = { order, first: 10, near: MEXICO_CITY, ...(order === 'RELEVANCE' ? { text: 'world cup' } : {}) };
      const { ids: before } = await everyPage(ask, query);
      const added: string[] = [];
      const { ids } = await everyPage(ask, query, async () => {
        if (added.length === 3) return;
        added.push(await catalogue.addEvent({ city: 'Mexico City', title: 'World Cup party', popularity: 100 }));
        await settle(added.slice(-1));
      });
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.filter((id) => !added.includes(id))).toEqual(before);
      await remove(open(), added);
    },
  );

  it('continues from a hit in the middle of a page', async () => {
    const all = await ask({ first: 10 });
    const rest = await ask({ first: 6, after: all.hits[3]?.position });
    expect(rest.hits.map((hit) => hit.eventId)).toEqual(all.hits.slice(4).map((hit) => hit.eventId));
    expect(rest.totalCount).toBe(104);
  });

  it('finds no draft, no cancelled event and no event that is over', async () => {
    const { catalogue, settle } = open();
    const draft = await catalogue.addEvent({ city: 'Miami (Miami Gardens)', title: 'Quuxdraft' });
    const cancelled = await catalogue.addEvent({ city: 'Miami (Miami Gardens)', title: 'Quuxcancelled' });
    const over = await catalogue.addEvent({
      city: 'Miami (Miami Gardens)',
      title: 'Quuxover',
      onSaleAt: new Date(Date.now() - 7_200_000),
      startsAt: new Date(Date.now() - 3_600_000),
    });
    await settle([draft, cancelled, over]);
    await catalogue.change(draft, { status: 'DRAFT' });
    await catalogue.change(cancelled, { status: 'CANCELLED' });
    await settle([draft, cancelled, over]);
    expect((await ask({ text: 'quux', order: 'RELEVANCE' })).hits).toEqual([]);
  });

  it('finds a text in any script, with any spelling, and marks it as it is written', async () => {
    const { catalogue, settle, search } = open();
    const ids = new Map<string, string>();
    for (const [, title] of typedAndWritten) ids.set(title, await catalogue.addEvent({ city: 'Toronto', title }));
    await settle([...ids.values()]);
    for (const [, title, typed] of typedAndWritten) {
      for (const text of typed) {
        const { hits } = await ask({ text, city: 'toronto', order: 'RELEVANCE', first: 50 });
        const found = hits.find(({ eventId }) => eventId === ids.get(title));
        const snippet = found?.highlights.find(({ field }) => field === 'title')?.snippet ?? '';
        expect([text, textOf(snippet)]).toEqual([text, title]);
        expect(snippet).toContain('<mark>');
      }
      const [text = ''] = typed;
      const titles = await search.suggest({ asked: asking(text), first: 50 });
      expect([text, titles.map(({ eventId }) => eventId)]).toEqual([text, expect.arrayContaining([ids.get(title)])]);
    }
    await remove(open(), [...ids.values()]);
  });

  it('filters by a city in any script, with any spelling', async () => {
    const { catalogue, settle } = open();
    const added: string[] = [];
    for (const [name, ...typed] of citiesAndTyped) {
      const eventId = await catalogue.addEvent({ city: name, title: 'Somewhere', venue: true });
      added.push(eventId);
      await settle([eventId]);
      for (const city of [name, ...typed]) {
        expect([city, (await ask({ city })).hits.map((hit) => hit.eventId)]).toEqual([city, [eventId]]);
      }
    }
    await remove(open(), added);
  });

  it('compares prices within one currency, and reports the currencies', async () => {
    const { catalogue, settle } = open();
    const added: string[] = [];
    for (const [currency, priceMinor] of [
      ['EUR', 9000],
      ['JPY', 9500],
      ['EUR', 12_000],
      ['KWD', 20_000],
      ['IRR', 4_900_000_000],
    ] as const)
      added.push(await catalogue.addEvent({ city: 'Toronto', title: 'Prices', currency, priceMinor }));
    await settle(added);
    const prices = { text: 'prices', order: 'PRICE' } as const;
    const idsOf = async (query: Typed) => (await ask({ ...prices, ...query })).hits.map((hit) => hit.eventId);
    expect(await idsOf({ currency: 'EUR' })).toEqual([added[0], added[2]]);
    expect(await idsOf({ currency: 'EUR', priceAtMostMinor: 10_000 })).toEqual([added[0]]);
    expect(await idsOf({ currency: 'JPY', priceAtMostMinor: 10_000 })).toEqual([added[1]]);
    expect(await idsOf({ currency: 'EUR', priceAtMostMinor: 9_099 })).toEqual([]);
    expect(await idsOf({ currency: 'IRR', priceAtMostMinor: 4_900_000_100 })).toEqual([added[4]]);
    expect(await idsOf({ currency: 'IRR', priceAtMostMinor: 4_900_000_099 })).toEqual([]);
    expect(await idsOf({ currency: 'IRR', priceAtMostMinor: Number.MAX_SAFE_INTEGER })).toEqual([added[4]]);
    const told = await ask({ ...prices, currencies: true, priceAtMostMinor: 9100, first: 1 });
    expect(told.currencies).toEqual(['EUR', 'IRR', 'JPY', 'KWD']);
    const behind = await ask({ ...prices, currencies: true, first: 1, after: told.hits[0]?.position });
    expect(behind.currencies).toEqual(['EUR', 'IRR', 'JPY', 'KWD']);
    expect((await ask({ ...prices, currencies: true, currency: 'KWD' })).currencies).toEqual(['KWD']);
    expect((await ask(prices)).currencies).toEqual([]);
    await remove(open(), added);
  });

  it('continues behind a page of another reading of the text', async () => {
    const { catalogue, settle } = open();
    const added: string[] = [];
    for (let day = 1; day <= 3; day++) {
      const startsAt = new Date(Date.now() + day * 86_400_000);
      added.push(await catalogue.addEvent({ city: 'Toronto', title: 'Qux vs Zot', startsAt }));
    }
    await settle(added);
    const { ids, totals } = await everyPage(ask, { text: 'qux/zot', order: 'SOONEST', first: 1 });
    expect(ids).toEqual(added);
    expect(totals).toEqual([3, 3, 3]);
    await remove(open(), added);
  });

  it('suggests titles with the typed text marked', async () => {
    const suggestions = await open().search.suggest({ asked: asking('mexi'), first: 3 });
    expect(suggestions.length).toBeGreaterThan(0);
    expect(suggestions[0]?.title).toMatch(/Mexico/);
    expect(suggestions[0]?.highlight).toMatch(/<mark>Mexi/);
  });
}

function asking(text: string): SearchWords {
  const asked = searchWords(text);
  if (!asked) throw new Error(`${text} has no word`);
  return asked;
}

/** The snippet as its reader sees it. */
const textOf = (snippet: string): string =>
  snippet
    .replace(/<\/?mark>/g, '')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

type Ask = (query: Typed) => ReturnType<EventSearch['search']>;

async function everyPage(ask: Ask, query: Typed, between: () => Promise<void> = async () => {}) {
  const ids: string[] = [];
  const totals: number[] = [];
  for (let after: Position | undefined; ; ) {
    const page = await ask({ ...query, after });
    ids.push(...page.hits.map((hit) => hit.eventId));
    totals.push(page.totalCount);
    after = page.hits.at(-1)?.position;
    if (!page.hasNextPage) return { ids, totals };
    expect(page.hits).toHaveLength(query.first ?? 0);
    await between();
  }
}

async function remove({ catalogue, settle }: SearchUnderTest, eventIds: readonly string[]): Promise<void> {
  for (const id of eventIds) await catalogue.change(id, { status: 'CANCELLED' });
  await settle(eventIds);
}

async function startsOf({ db }: Catalogue, eventIds: readonly string[]): Promise<number[]> {
  const rows = await rowsFor(db, eventIds);
  return eventIds.map((id) => rows.get(id)?.startsMs ?? Number.NaN);
}

const titles = ({ db }: Catalogue) => ({
  rowsOf: async (eventIds: readonly string[]) => {
    const rows = await rowsFor(db, eventIds);
    return eventIds.map((id) => rows.get(id)?.title ?? '');
  },
});

async function rowsFor(db: Catalogue['db'], eventIds: readonly string[]) {
  const rows = await db.execute<{ id: string; title: string; startsMs: number }>(sql`
    select id, title, (extract(epoch from starts_at) * 1000)::float8 as "startsMs" from events
    where id in (select value::uuid from jsonb_array_elements_text(${JSON.stringify(eventIds)}::jsonb))`);
  return new Map(rows.map((row) => [row.id, row]));
}
