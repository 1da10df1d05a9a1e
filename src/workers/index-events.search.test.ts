import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type CatalogSearch, openCatalogSearch } from '#domain/catalog/catalog-search.ts';
import { compareIndex, healIndex } from '#domain/catalog/compare-index.ts';
import { type EventIndexer, openEventIndexer } from '#domain/catalog/event-indexer.ts';
import { removeEndedEvents } from '#domain/catalog/index-events.ts';
import { reindexEvents } from '#domain/catalog/reindex-events.ts';
import { searchEvents } from '#domain/catalog/search-events.ts';
import { DependencyAway } from '#events/log/log.ts';
import type { SearchClientOptions } from '#search/client.ts';
import { testSearch } from '#test/support/search/search.ts';
import { type Catalogue, createCatalogue } from '#test/support/search/search-world.ts';
import { compareIndex as compareIndexWorker, indexEvents, removeEnded } from './index-events.ts';

let catalogue: Catalogue;
let engine: SearchClientOptions;
let eventIndexer: EventIndexer;
const signal = new AbortController().signal;

beforeAll(async () => {
  catalogue = await createCatalogue();
});
afterAll(() => catalogue.close());
beforeEach(async () => {
  engine = { ...(await testSearch()), budgetMs: 10_000 };
  eventIndexer = openEventIndexer({ db: catalogue.db, engine });
});
afterEach(() => eventIndexer.close());

const needs = () => ({ db: catalogue.db, eventIndexer });
const indexNeeds = () => ({ db: catalogue.db, index: eventIndexer.index });
const tell = (eventId: string, indexer = eventIndexer) =>
  indexEvents.run(
    { db: catalogue.db, eventIndexer: indexer },
    { type: 'EventChanged', aggregateId: eventId, eventId, updatedVersion: 1 },
    { messageId: randomUUIDv7(), signal },
  );
const everything = { onSaleOnly: false, first: 50, wants: { facets: false } };
const agree = async () => {
  const { postgres, index, different } = await compareIndex(indexNeeds());
  expect(different).toEqual([]);
  expect(index).toEqual(postgres);
  return index.count;
};

it('builds the index at the first start', async () => {
  await removeEnded.run(needs(), { signal });
  expect(await agree()).toBe(104);
});

it('makes a change searchable, and a cancellation', async () => {
  await compareIndexWorker.run(needs(), { signal });
  const search = openCatalogSearch({ db: catalogue.db, engine });
  const find = async (text: string) => searchEvents({ search }, { ...everything, text });
  const eventId = await catalogue.addEvent({ city: 'Toronto', title: 'Flibbertigibbet' });
  await tell(eventId);
  await vi.waitFor(async () => expect((await find('flibbert')).hits).toMatchObject([{ eventId }]), { timeout: 25_000 });
  await catalogue.change(eventId, { title: 'Gobbledygook' });
  await tell(eventId);
  await vi.waitFor(async () => expect((await find('gobbledy')).hits).toMatchObject([{ eventId }]), { timeout: 25_000 });
  await vi.waitFor(async () => expect((await find('flibbert')).hits).toEqual([]), { timeout: 25_000 });
  await catalogue.change(eventId, { status: 'CANCELLED' });
  await tell(eventId);
  await vi.waitFor(async () => expect((await find('gobbledy')).hits).toEqual([]), { timeout: 25_000 });
  await search.close();
});

it('reports since when the index agrees with PostgreSQL', async () => {
  const before = Date.now();
  await compareIndexWorker.run(needs(), { signal });
  const search = openCatalogSearch({ db: catalogue.db, engine });
  const { indexedAt } = await searchEvents({ search }, everything);
  expect(indexedAt.getTime()).toBeGreaterThanOrEqual(before);
  expect(indexedAt.getTime()).toBeLessThanOrEqual(Date.now());
  await search.close();
});

it('removes ended events', async () => {
  const startsAt = new Date(Date.now() + 1500);
  const eventId = await catalogue.addEvent({ city: 'Toronto', title: 'Any moment', startsAt });
  await tell(eventId);
  expect(await eventIndexer.index.versions((await eventIndexer.index.current()) ?? '')).toHaveProperty('size', 105);
  await vi.waitFor(async () => expect(await removeEndedEvents(indexNeeds())).toBe(1), {
    timeout: 25_000,
    interval: 100,
  });
  expect(await agree()).toBe(104);
});

it('keeps the newest version, for any order of messages and any number of writers', async () => {
  const other = openEventIndexer({ db: catalogue.db, engine });
  const ids = await Promise.all(
    Array.from({ length: 5 }, (_, i) => catalogue.addEvent({ city: 'Toronto', title: `Racing ${i}` })),
  );
  await Promise.all(
    ids.map(async (id) => {
      for (let version = 2; version < 12; version++) {
        await catalogue.change(id, { title: `Racing ${version}` });
        await Promise.all([tell(id), tell(id, other)]);
      }
    }),
  );
  expect(await agree()).toBe(109);
  for (const id of ids) await catalogue.change(id, { status: 'CANCELLED' });
  await Promise.all(ids.map((id) => tell(id, other)));
  expect(await agree()).toBe(104);
  await other.close();
});

it('waits for an engine that is away, and parks no message', async () => {
  const away = openEventIndexer({ db: catalogue.db, engine: { ...engine, url: 'http://127.0.0.1:9' } });
  await expect(tell(randomUUIDv7(), away)).rejects.toBeInstanceOf(DependencyAway);
  await away.close();
});

it('does nothing in a system without an engine', async () => {
  const without = { db: catalogue.db, eventIndexer: undefined };
  await removeEnded.run(without, { signal });
  await compareIndexWorker.run(without, { signal });
});

it('repairs differences without a message: missing, left over, changed', async () => {
  await eventIndexer.write([]);
  const [changed, cancelled, missing] = await Promise.all(
    ['Changed', 'Cancelled', 'Missing'].map((title) => catalogue.addEvent({ city: 'Toronto', title })),
  );
  await eventIndexer.write([changed ?? '', cancelled ?? '']);
  await catalogue.change(changed ?? '', { title: 'Changed later' });
  await catalogue.change(cancelled ?? '', { status: 'CANCELLED' });
  const { different } = await compareIndex(indexNeeds());
  expect(new Set(different)).toEqual(new Set([changed, cancelled, missing]));
  expect(await healIndex(indexNeeds())).toBe(3);
  expect(await agree()).toBe(106);
  await catalogue.db.execute(sql`update seat_inventories set available = 95, booked = 5 where event_id = ${missing}`);
  expect(await healIndex(indexNeeds())).toBe(0);
  await catalogue.db.execute(sql`update seat_inventories set available = 85, booked = 15 where event_id = ${missing}`);
  expect(await healIndex(indexNeeds())).toBe(1);
  for (const id of [changed ?? '', missing ?? '']) await catalogue.change(id, { status: 'CANCELLED' });
});

/** Enough that filling takes several batches, so that the writer writes in between. */
const addMany = (count: number) =>
  catalogue.db.execute(sql`
    insert into events (id, organizer_id, venue_id, plan_id, title, category, starts_at, on_sale_at, off_sale_at, status, currency)
    select gen_random_uuid(), organizer_id, venue_id, plan_id, 'Many ' || n, 'OTHER', starts_at, on_sale_at, off_sale_at,
           'PUBLISHED', 'USD'
    from generate_series(1, ${count}::int) n, (select * from events where title like '% vs %' limit 1) like_this`);

/** By relevance, which ends at the 200th hit. */
async function everyPage(search: CatalogSearch, text: string): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await searchEvents({ search }, { ...everything, text, first: 45, after });
    expect(page.totalCount).toBeGreaterThanOrEqual(4000);
    ids.push(...page.hits.map((hit) => hit.eventId));
    after = page.hits.at(-1)?.cursor;
    if (!page.pageInfo.hasNextPage) return ids;
  }
}

it('is rebuilt while searches and changes continue: none fails, none is lost', async () => {
  await addMany(4000);
  await eventIndexer.write([]);
  const search = openCatalogSearch({ db: catalogue.db, engine });
  const other = openEventIndexer({ db: catalogue.db, engine });
  let going = true;
  let searches = 0;
  const searching = Promise.all(
    [1, 2].map(async (worker) => {
      for (let n = 0; going; n++) {
        // Each search differs, so that none is answered from the cache.
        const startsBetween = { from: new Date(Date.now() - worker - n * 10) };
        const page = await searchEvents({ search }, { ...everything, startsBetween });
        expect(page.degraded).toBe(false);
        expect(page.totalCount).toBeGreaterThanOrEqual(4104);
        searches += 1;
      }
    }),
  );
  const live: string[] = [];
  const writing = (async () => {
    while (going) {
      const id = await catalogue.addEvent({ city: 'Toronto', title: 'Meanwhile' });
      live.push(id);
      await tell(id);
      const earlier = live[Math.floor(live.length / 2)] ?? id;
      await catalogue.change(earlier, live.length % 3 ? { title: 'Changed' } : { status: 'CANCELLED' });
      await tell(earlier, other);
    }
  })();
  const rebuilt: (string | undefined)[] = [];
  for (let round = 0; round < 4; round++) rebuilt.push((await reindexEvents(indexNeeds()))?.collection);
  going = false;
  await Promise.all([searching, writing]);
  expect(await agree()).toBeGreaterThan(4104);
  expect(await eventIndexer.index.current()).toBe(rebuilt.at(-1));
  expect(await eventIndexer.index.next()).toBeUndefined();
  expect(new Set(rebuilt).size).toBe(4);
  expect(searches).toBeGreaterThan(20);
  const pages = await everyPage(search, 'many');
  expect(pages).toHaveLength(200);
  expect(new Set(pages).size).toBe(200);
  await search.close();
  await other.close();
  await catalogue.db.execute(sql`update events set status = 'CANCELLED' where title not like '% vs %'`);
  expect(await healIndex(indexNeeds())).toBeGreaterThan(4000);
  expect(await agree()).toBe(104);
});

it('lets only one rebuild run', async () => {
  await eventIndexer.write([]);
  const results = await Promise.all([reindexEvents(indexNeeds()), reindexEvents(indexNeeds())]);
  expect(results.filter(Boolean)).toHaveLength(1);
});

it('keeps no document of an event that was cancelled after the rebuild had read it, and no older version', async () => {
  await eventIndexer.write([]);
  const cancelled = await catalogue.addEvent({ city: 'Toronto', title: 'Cancelled meanwhile' });
  const changed = await catalogue.addEvent({ city: 'Toronto', title: 'Changed meanwhile' });
  const { index } = eventIndexer;
  let fills = 0;
  const interrupted: typeof index = {
    ...index,
    put: async (collection, documents, action) => {
      if (action === 'create' && fills++ === 0) {
        expect(documents.map(({ id }) => id)).toEqual(expect.arrayContaining([cancelled, changed]));
        await catalogue.change(cancelled, { status: 'CANCELLED' });
        await catalogue.change(changed, { title: 'Changed again' });
        await Promise.all([tell(cancelled), tell(changed)]);
      }
      return index.put(collection, documents, action);
    },
  };
  await reindexEvents({ db: catalogue.db, index: interrupted });
  expect(fills).toBe(1);
  expect(await agree()).toBe(105);
  await catalogue.change(changed, { status: 'CANCELLED' });
});
