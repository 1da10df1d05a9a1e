import type { Db } from '#db/client.ts';
import { healIndex } from '#domain/catalog/compare-index.ts';
import type { EventIndexer } from '#domain/catalog/event-indexer.ts';
import { removeEndedEvents } from '#domain/catalog/index-events.ts';
import { ensureIndex } from '#domain/catalog/reindex-events.ts';
import { refreshSearchWords, writeSearchWords } from '#domain/catalog/search-words-queries.ts';
import { DependencyAway } from '#events/log/log.ts';
import { SearchUnavailable } from '#search/event-search.ts';
import { untilCalm } from '#shared/calm.ts';
import { type TimedWorker, type TopicWorker, worker } from './run-worker.ts';

/** `eventIndexer` is undefined in a system without a search engine; PostgreSQL serves its searches. */
type Needs = { db: Db; eventIndexer: EventIndexer | undefined };

/**
 * Follows the catalogue: writes first the words for PostgreSQL's search, the fallback, then the index. While the
 * engine is away its messages wait; none is parked for that.
 */
export const indexEvents = worker<Needs, TopicWorker<Needs>>({
  name: 'index-events',
  topics: ['catalog'],
  run: (needs, event) => index(needs, [event.eventId]),
  runMany: async (needs, messages) => {
    await index(needs, [...new Set(messages.map(({ event }) => event.eventId))]);
    return new Set(messages.map(({ messageId }) => messageId));
  },
});

/** Payments and seat maps that the same process follows come first. An event is found a second later at most. */
const YIELDS_MS = 1_000;

async function index({ db, eventIndexer }: Needs, eventIds: readonly string[]): Promise<void> {
  await untilCalm({ mostMs: YIELDS_MS });
  await writeSearchWords({ db }, eventIds);
  if (!eventIndexer) return;
  await eventIndexer.write(eventIds).catch((error: unknown) => {
    throw error instanceof SearchUnavailable ? new DependencyAway(error.message, { cause: error }) : error;
  });
}

/** No message reports that time has passed. Also builds the index when it is missing, as after the first start. */
export const removeEnded = worker<Needs, TimedWorker<Needs>>({
  name: 'remove-ended-events',
  everyMs: 10_000,
  yields: true,
  run: async ({ db, eventIndexer }) => {
    if (!eventIndexer) return undefined;
    const needs = { db, index: eventIndexer.index };
    await ensureIndex(needs);
    await removeEndedEvents(needs);
    return undefined;
  },
});

/**
 * Writes the words that are missing after a release, a change of the Unicode data or a restore; otherwise does
 * nothing.
 */
export const refreshWords = worker<Needs, TimedWorker<Needs>>({
  name: 'refresh-search-words',
  everyMs: 60_000,
  yields: true,
  run: async ({ db }) => {
    await refreshSearchWords({ db });
    return undefined;
  },
});

/** Repairs what no message reported: a lost engine volume, a document written by hand, and the share of free seats. */
export const compareIndex = worker<Needs, TimedWorker<Needs>>({
  name: 'compare-index',
  everyMs: 300_000,
  yields: true,
  run: async ({ db, eventIndexer }) => {
    if (!eventIndexer) return undefined;
    const needs = { db, index: eventIndexer.index };
    await ensureIndex(needs);
    await healIndex(needs);
    return undefined;
  },
});
