import { LRUCache } from 'lru-cache';
import type { Db } from '#db/client.ts';
import { type CatalogEvent, findEvents } from './event-queries.ts';

export type EventCache = {
  /** An event that must exist, at most a second old. */
  find(eventId: string): CatalogEvent | Promise<CatalogEvent>;
};

type Kept = { event: CatalogEvent | Promise<CatalogEvent> };

const FRESH_MS = 1_000;
const MAX_KEPT = 1_000;

/**
 * For messages that are pushed to thousands of watchers about the same event: together they cost one query a second.
 */
export function openEventCache({ db }: { db: Db }): EventCache {
  const kept = new LRUCache<string, Kept>({ max: MAX_KEPT, ttl: FRESH_MS });
  const read = (eventId: string): Kept => {
    const event = findEvents({ db }, [eventId]).then(([found]) => {
      if (!found) throw new Error(`event ${eventId} is gone`);
      return found;
    });
    const entry: Kept = { event };
    event.then(
      // Once the event itself is stored, later callers get it without a promise.
      (found) => {
        entry.event = found;
      },
      () => kept.peek(eventId) === entry && kept.delete(eventId),
    );
    return entry;
  };
  return {
    find(eventId) {
      const known = kept.get(eventId);
      if (known) return known.event;
      const entry = read(eventId);
      kept.set(eventId, entry);
      return entry.event;
    },
  };
}
