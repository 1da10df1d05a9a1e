import { TaskCancelledError, TimeoutStrategy, timeout } from 'cockatiel';
import type { EventDocument } from '#search/event-collection.ts';
import { type EventRecall, SearchBusy } from '#search/event-search.ts';
import { isOutage } from '../outages.ts';
import type { CatalogEvent } from './event-queries.ts';
import { inOrderOf } from './in-order-of.ts';
import { eventOf } from './indexed-event.ts';
import { refuseWhenBusy } from './refuse-when-busy.ts';
import { openAnswerCache } from './search-cache.ts';

export type FoundEvents = {
  /** In the order of the ids; undefined for one that is unknown or no longer published. */
  readonly events: readonly (CatalogEvent | undefined)[];
  /** PostgreSQL is away, and the events are those of the index. */
  readonly asIndexed: boolean;
};
/** Reads the events with these ids from PostgreSQL, in their order. */
export type LoadEvents = (eventIds: readonly string[]) => Promise<readonly (CatalogEvent | undefined)[]>;

/** How long a search waits for PostgreSQL: a silent server would block it for as long as a statement may run. */
const PATIENCE_MS = 2_000;
/** After a failure PostgreSQL is not asked for so long. Then one search asks it, and the others do not wait for it. */
const PAUSE_MS = 1_000;
/** Pages of up to 50 events. Not used while PostgreSQL answers. */
const RECALLED = { freshMs: 1_000, staleMs: 2_000, keepMs: 2_000, max: 500 };

/**
 * Returns the events that a search found, from PostgreSQL or, while it is away, from the index. When the index cannot
 * return them either, it fails with PostgreSQL's error.
 */
export function openFoundEvents(index: EventRecall | undefined) {
  const patience = timeout(PATIENCE_MS, TimeoutStrategy.Aggressive);
  const recalled = openAnswerCache<readonly EventDocument[]>(RECALLED);
  let isAway = false;
  let askAgainAtMs = 0;

  /** Undefined while PostgreSQL is away. */
  const loadInTime = async (eventIds: readonly string[], load: LoadEvents) => {
    if (isAway && performance.now() < askAgainAtMs) return undefined;
    askAgainAtMs = performance.now() + PATIENCE_MS + PAUSE_MS;
    try {
      const events = await patience.execute(() => load(eventIds));
      isAway = false;
      return events;
    } catch (error) {
      if (!isOutage(error) && !(error instanceof TaskCancelledError)) throw error;
      isAway = true;
      askAgainAtMs = performance.now() + PAUSE_MS;
      return undefined;
    }
  };
  const recall = async ({ recall: ask }: EventRecall, eventIds: readonly string[]) => {
    const documents = await recalled.get(eventIds.join(), () => ask(eventIds));
    const now = new Date();
    return inOrderOf(
      eventIds,
      documents.map((document) => eventOf(document, now)),
      ({ id }) => id,
    );
  };

  return async (eventIds: readonly string[], load: LoadEvents): Promise<FoundEvents> => {
    if (eventIds.length === 0 || !index) return { events: await load(eventIds), asIndexed: false };
    const loaded = await loadInTime(eventIds, load);
    if (loaded) return { events: loaded, asIndexed: false };
    try {
      return { events: await recall(index, eventIds), asIndexed: true };
    } catch (error) {
      if (error instanceof SearchBusy) return refuseWhenBusy(error);
      return { events: await load(eventIds), asIndexed: false };
    }
  };
}
