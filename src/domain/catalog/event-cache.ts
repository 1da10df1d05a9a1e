import type { Db } from '#db/client.ts';
import { type CatalogEvent, findEvents } from './event-queries.ts';

export type EventCache = {
  /** An event that must exist, at most a second old. */
  find(eventId: string): CatalogEvent | Promise<CatalogEvent>;
};

type Kept = { readAt: number; event: CatalogEvent | Promise<CatalogEvent> };

const FRESH_MS = 1_000;
const MAX_KEPT = 1_000;

/**
 * For messages that are pushed to thousands of watchers about the same event: together they cost one query a second.
 */
export function openEventCache({ db }: { db: Db }): EventCache {
  const kept = new Map<string, Kept>();
  const read = (eventId: string): Kept => {
    const event = findEvents({ db }, [eventId]).then(([found]) => {
      if (!found) throw new Error(`event ${eventId} is gone`);
      return found;
    });
    const entry: Kept = { readAt: performance.now(), event };
    event.then(
      // Once the event itself is stored, later callers get it without a promise.
      (found) => {
        entry.event = found;
      },
      () => kept.get(eventId) === entry && kept.delete(eventId),
    );
    return entry;
  };
  return {
    find(eventId) {
      const known = kept.get(eventId);
      if (known && performance.now() - known.readAt < FRESH_MS) return known.event;
      const entry = read(eventId);
      kept.delete(eventId);
      kept.set(eventId, entry);
      for (const oldest of kept.keys()) {
        if (kept.size <= MAX_KEPT) break;
        kept.delete(oldest);
      }
      return entry.event;
    },
  };
}
