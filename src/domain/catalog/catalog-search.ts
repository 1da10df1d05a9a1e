import type { Db } from '#db/client.ts';
import { openSearchClient, type SearchClientOptions } from '#search/client.ts';
import { type EventPage, type EventQuery, type EventTitle, SearchBusy } from '#search/event-search.ts';
import type { SearchWords } from '#search/normal-form/query-words.ts';
import { openTypesenseSearch } from '#search/typesense-search.ts';
import { openFoundEvents } from './found-events.ts';
import { openAnswerCache } from './search-cache.ts';
import { openSearchFallback } from './search-fallback-queries.ts';

/** `degraded`: the answer comes from PostgreSQL instead of the engine. */
type Answer<T> = { readonly value: T; readonly degraded: boolean };

/** A process's handle on search: the engine with its limits, the fallback, and a cache of recent answers. */
export type CatalogSearch = {
  search(query: EventQuery): Promise<Answer<EventPage>>;
  suggest(request: { asked: SearchWords; first: number }): Promise<Answer<readonly EventTitle[]>>;
  /** False without an engine. @throws SearchUnavailable with the reason, while the engine does not answer */
  probe(): Promise<boolean>;
  /** Reads the events of a search's hits. */
  readonly eventsOf: ReturnType<typeof openFoundEvents>;
  close(): Promise<void>;
};

/**
 * A change must be searchable within 5 s through every process, so an answer is at most 2 s old. Longer ages with a
 * notice per change would gain nothing in a catalogue that changes every second, and would depend on the notice to
 * arrive.
 */
const AGES = { freshMs: 1000, staleMs: 2000, keepMs: 30_000 };
const MAX_ANSWERS = 5000;

/** Without an `engine` every answer comes from PostgreSQL and is `degraded`. */
export function openCatalogSearch({ db, engine }: { db: Db; engine?: SearchClientOptions | undefined }): CatalogSearch {
  const client = engine && openSearchClient(engine);
  const primary = client && openTypesenseSearch(client);
  const fallback = openSearchFallback({ db });
  const pages = openAnswerCache<Answer<EventPage>>({ ...AGES, max: MAX_ANSWERS });
  const titles = openAnswerCache<Answer<readonly EventTitle[]>>({ ...AGES, max: MAX_ANSWERS });

  const ask = async <T>(
    first: (() => Promise<T>) | undefined,
    second: () => Promise<T>,
    last: () => Answer<T> | undefined,
  ): Promise<Answer<T>> => {
    if (!first) return { value: await second(), degraded: true };
    try {
      return { value: await first(), degraded: false };
    } catch (error) {
      // Search must not fail because of the engine, for any reason.
      const earlier = error instanceof SearchBusy ? last() : undefined;
      return earlier ?? { value: await second(), degraded: true };
    }
  };

  return {
    search(query) {
      const key = keyOf(query);
      return pages.get(key, () =>
        ask(
          primary && (() => primary.search(query)),
          () => fallback.search(query),
          () => pages.last(key),
        ),
      );
    },
    suggest(request) {
      const key = JSON.stringify([request.first, request.asked]);
      return titles.get(key, () =>
        ask(
          primary && (() => primary.suggest(request)),
          () => fallback.suggest(request),
          () => titles.last(key),
        ),
      );
    },
    async probe() {
      await client?.probe();
      return client !== undefined;
    },
    eventsOf: openFoundEvents(primary),
    async close() {
      await client?.close();
    },
  };
}

/** `onSaleAtUs` changes with the clock, by at most the age that an answer may have. */
const keyOf = ({ onSaleAtUs, ...query }: EventQuery): string => JSON.stringify([onSaleAtUs !== undefined, query]);
