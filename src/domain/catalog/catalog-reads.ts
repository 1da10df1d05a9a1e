import type { Db } from '#db/client.ts';
import { inSets } from '#shared/in-sets.ts';
import { isOutage } from '../outages.ts';
import { findEvents } from './event-queries.ts';
import { listPriceTiers } from './price-tier-queries.ts';
import { findVenues } from './venue-queries.ts';

/** Reads of the catalogue that the concurrent requests of a process share. */
export type CatalogReads = ReturnType<typeof openCatalogReads>;

type Answer<T> = { readonly rows: readonly T[] } | { readonly outage: unknown };
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
 * next one, which begins after all of them have asked. So no caller gets a row that is older than its question. After a
 * failure each caller's own query is tried, except in an outage, which is the same for all.
 */
export function readTogether<T>(read: Read<T>): Read<T> {
  const ask = inSets<readonly string[], Answer<T>>({
    together: async (requests) => {
      const ids = [...new Set(requests.flat())];
      try {
        const found = await read(ids);
        const byId = new Map(ids.map((id, index) => [id, found[index] as T]));
        return requests.map((wanted) => ({ rows: wanted.map((id) => byId.get(id) as T) }));
      } catch (error) {
        if (!isOutage(error)) throw error;
        return requests.map(() => ({ outage: error }));
      }
    },
    alone: async (ids) => ({ rows: await read(ids) }),
    most: MOST_REQUESTS,
  });
  return async (ids) => {
    const answer = await ask(ids);
    if ('outage' in answer) throw answer.outage;
    return answer.rows;
  };
}
