import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { appendToOutbox } from '#db/outbox.ts';
import { inTransaction } from '#db/transaction.ts';
import { type CatalogSearch, openCatalogSearch } from '#domain/catalog/catalog-search.ts';
import { type EventIndexer, openEventIndexer } from '#domain/catalog/event-indexer.ts';
import { pauseSales, resumeSales } from '#domain/catalog/event-life/pause-sales.ts';
import { rescheduleEvent } from '#domain/catalog/event-life/reschedule-event.ts';
import { searchEvents } from '#domain/catalog/search-events.ts';
import type { EventLog } from '#events/log/log.ts';
import { openPostgresLog } from '#events/log/postgres-log.ts';
import { startTypesense } from '#processes/dev/servers/typesense.ts';
import { type Catalogue, createCatalogue } from '#test/support/search/search-world.ts';
import { indexEvents, removeEnded } from '#workers/index-events.ts';
import { relayOutbox, relaySlot } from '#workers/relay-outbox.ts';
import { runWorkers } from '#workers/run-worker.ts';

const apiKey = 'a-key-of-this-test';
const stopping = new AbortController();
const troubles: string[] = [];
let dataDir: string;
let engine: Awaited<ReturnType<typeof startTypesense>>;
let catalogue: Catalogue;
/** Two api processes, each with a cache of its own. */
let searches: CatalogSearch[];
let eventIndexer: EventIndexer;
let eventLog: EventLog;
let running: Promise<unknown>;

const start = (port?: number) =>
  startTypesense({ dataDir, apiKey, log: () => {}, disposableDir: dataDir, ...(port ? { port } : {}) });

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'frontrow-freshness-test-'));
  [engine, catalogue] = await Promise.all([start(), createCatalogue()]);
  const { db, url } = catalogue;
  const options = { url: engine.url, apiKey };
  searches = [1, 2].map(() => openCatalogSearch({ db, engine: options }));
  eventIndexer = openEventIndexer({ db, engine: options });
  eventLog = openPostgresLog({ url, name: 'test' });
  const log = { info: () => {}, warn: () => {}, error: (fields: object) => void troubles.push(JSON.stringify(fields)) };
  const { signal } = stopping;
  const streaming = Promise.withResolvers<void>();
  const onState = (state: string) => state === 'streaming' && streaming.resolve();
  running = Promise.all([
    relayOutbox({ url, slot: relaySlot(url), log: eventLog, signal, onState }),
    runWorkers([indexEvents, removeEnded], { db, eventIndexer }, { eventLog, log, signal }),
  ]);
  // A new slot waits for the transactions of every other test; that wait is not part of a change's way.
  await streaming.promise;
});
afterAll(async () => {
  stopping.abort();
  await running;
  await eventLog.close();
  await eventIndexer.close();
  for (const search of searches) await search.close();
  await engine.stop();
  await catalogue.close();
  await rm(dataDir, { recursive: true, force: true });
});

const announce = (eventId: string, type: 'EventPublished' | 'EventChanged' | 'EventCancelled') =>
  inTransaction(catalogue.db, 'test', (tx) =>
    appendToOutbox(tx, [{ type, aggregateId: eventId, eventId, updatedVersion: 1 }]),
  );
const find = (search: CatalogSearch, text: string) =>
  searchEvents({ search }, { text, first: 5, onSaleOnly: false, wants: { facets: false } });
/** A change must be searchable within 5 s through every process, by the engine. */
const everyoneFinds = async (text: string, eventIds: readonly string[], timeout = 5000) => {
  for (const search of searches) {
    const answer = async () => {
      const { degraded, hits } = await find(search, text);
      return { degraded, eventIds: hits.map((hit) => hit.eventId) };
    };
    await expect.poll(answer, { timeout, interval: 50 }).toEqual({ degraded: false, eventIds });
  }
};

it('finds published, changed and cancelled events within 5 s, through every process', async () => {
  await everyoneFinds('mexico south africa', [await idOf('Mexico vs South Africa')], 20_000);
  await everyoneFinds('flibbertigibbet', []);
  const eventId = await catalogue.addEvent({ city: 'Toronto', title: 'Flibbertigibbet' });
  await announce(eventId, 'EventPublished');
  await everyoneFinds('flibbertigibbet', [eventId]);
  await catalogue.change(eventId, { title: 'Gobbledygook' });
  await announce(eventId, 'EventChanged');
  await everyoneFinds('gobbledygook', [eventId]);
  await everyoneFinds('flibbertigibbet', []);
  await catalogue.change(eventId, { status: 'CANCELLED' });
  await announce(eventId, 'EventCancelled');
  await everyoneFinds('gobbledygook', []);
});

it('follows the life of an event: on sale, paused, postponed, with a new date', async () => {
  const { db } = catalogue;
  const eventId = await catalogue.addEvent({ city: 'Toronto', title: 'Brouhaha' });
  const [event] = await db.execute<{ organizationId: string; userId: string }>(sql`
    select e.organization_id as "organizationId", m.user_id as "userId"
    from events e join organization_members m on m.organization_id = e.organization_id where e.id = ${eventId} limit 1`);
  const actor = { userId: event?.userId ?? '' };
  const needs = { db, rights: { requireRight: async () => 'OWNER' as const } };
  const onSale = async (eventIds: readonly string[]) => {
    for (const search of searches) {
      const answer = async () => {
        const wanted = { text: 'brouhaha', first: 5, onSaleOnly: true, wants: { facets: false } };
        const { degraded, hits } = await searchEvents({ search }, wanted);
        return { degraded, eventIds: hits.map((hit) => hit.eventId) };
      };
      await expect.poll(answer, { timeout: 5_000, interval: 50 }).toEqual({ degraded: false, eventIds });
    }
  };
  await announce(eventId, 'EventPublished');
  await onSale([eventId]);
  await pauseSales(needs, actor, eventId);
  await onSale([]);
  await everyoneFinds('brouhaha', [eventId]);
  await resumeSales(needs, actor, eventId);
  await onSale([eventId]);
  await rescheduleEvent(needs, actor, { eventId, startsAt: null, refundUntil: null });
  await everyoneFinds('brouhaha', []);
  await rescheduleEvent(needs, actor, { eventId, startsAt: '2040-06-11T20:00', refundUntil: null });
  await onSale([eventId]);
});

it('catches up with changes made while the engine was away, and parks nothing', async () => {
  const { port } = engine;
  await engine.stop();
  const eventId = await catalogue.addEvent({ city: 'Toronto', title: 'Kerfuffle' });
  await announce(eventId, 'EventPublished');
  // PostgreSQL finds it by the words that the same worker writes for it.
  for (const search of searches) {
    const found = () => find(search, 'kerfuffle');
    await expect.poll(found, { timeout: 10_000 }).toMatchObject({ degraded: true, hits: [{ eventId }] });
  }
  engine = await start(port);
  await everyoneFinds('kerfuffle', [eventId], 30_000);
  expect(troubles).toEqual([]);
  const parked = await catalogue.db.execute(sql`select count(*)::int as count from event_log.parked`);
  expect(parked[0]).toEqual({ count: 0 });
});

async function idOf(title: string): Promise<string> {
  const [row] = await catalogue.db.execute<{ id: string }>(sql`select id from events where title = ${title}`);
  return row?.id ?? '';
}
