import type { Db } from '#db/client.ts';
import { inSets } from '#shared/in-sets.ts';
import { findEvents } from './event-queries.ts';
import { listPriceTiers } from './price-tier-queries.ts';
import { findVenues } from './venue-queries.ts';

/** Reads of the catalogue that the concurrent requests of a process share. */
export type CatalogReads = ReturnType<typeof openCatalogReads>;

type Read<T> = (ids: readonly string[]) => Promise<readonly T[]>;

/** Requests of a set: together at most a thousand events of pages of fifty. */
const MOST_REQUESTS = 20;

export function openCatalogReads(needs: { db: Db }) {
  return {
    events: readTogether((ids) => findEvents(needs, ids)),
    venues: readTogether((ids) => findVenues(needs, ids)),
    priceTiers: readTogether((ids) => listPriceTiers(needs, ids)),
  };
}

/**
 * Returns a function like `read` whose callers share queries: those that ask while a query runs are answered by the
 * next one, which begins after all of them have asked. So no caller gets a row that is older than its question.
 */
export function readTogether<T>(read: Read<T>): Read<T> {
  return inSets<readonly string[], readonly T[]>({
    together: async (requests) => {
      const ids = [...new Set(requests.flat())];
      const found = await read(ids);
      const byId = new Map(ids.map((id, index) => [id, found[index] as T]));
      return requests.map((wanted) => wanted.map((id) => byId.get(id) as T));
    },
    alone: read,
    most: MOST_REQUESTS,
  });
}
