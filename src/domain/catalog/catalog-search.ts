import type { Db } from '#db/client.ts';
import { openSearchClient, type SearchClientOptions } from '#search/client.ts';
import {
  type EventPage,
  type EventQuery,
  type EventSearch,
  type EventTitle,
  SearchBusy,
} from '#search/event-search.ts';
import type { SearchWords } from '#search/normal-form/query-words.ts';
import { openSearchSlots } from '#search/search-slots.ts';
import { openTypesenseSearch } from '#search/typesense-search.ts';
import { openFoundEvents } from './found-events.ts';
import { openIndexStamp } from './index-stamp.ts';
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
 * A change must be searchable within 5 s through every process, so an answer is at most 2 s older than the latest look
 * at the index that found it unchanged. The stamp of the index is looked at instead of waiting for notices of changes,
 * because a notice may be lost.
 */
const AGES = { freshMs: 1000, staleMs: 2000, keepMs: 30_000 };
const LOOK_EVERY_MS = 500;
const MAX_ANSWERS = 5000;
/**
 * While the engine is busy, PostgreSQL does one search at a time and the others are refused: a search costs PostgreSQL
 * several times what it costs the engine, and what is too much for the engine must not reach the bookings.
 */
const RELIEF = { inFlight: 1, queue: 0 };

/** Without an `engine` every answer comes from PostgreSQL and is `degraded`. */
export function openCatalogSearch({ db, engine }: { db: Db; engine?: SearchClientOptions | undefined }): CatalogSearch {
  const client = engine && openSearchClient(engine);
  const primary = client && openTypesenseSearch(client);
  const fallback = openSearchFallback({ db });
  const relief = openSearchSlots(RELIEF);
  const stamp = primary && openIndexStamp(() => primary.indexedAt(), LOOK_EVERY_MS);
  const pages = openAnswerCache<Answer<EventPage>>({
    ...AGES,
    max: MAX_ANSWERS,
    sameAtMs: ({ degraded, value }) => (degraded ? undefined : stamp?.sameAtMs(value.indexedAt)),
  });
  // From one moment to the next an unchanged index has other events on sale.
  const pagesOnSale = openAnswerCache<Answer<EventPage>>({ ...AGES, max: MAX_ANSWERS });
  const titles = openAnswerCache<Answer<readonly EventTitle[]>>({ ...AGES, max: MAX_ANSWERS });

  const searchIndex = async (index: EventSearch, query: EventQuery): Promise<EventPage> => {
    const askedAtMs = performance.now();
    const page = await index.search(query);
    stamp?.saw(page.indexedAt, askedAtMs);
    return page;
  };

  return {
    search(query) {
      const key = keyOf(query);
      const cache = query.onSaleAtUs === undefined ? pages : pagesOnSale;
      stamp?.keepUp();
      return cache.get(key, () =>
        ask({
          relief,
          engine: primary && (() => searchIndex(primary, query)),
          postgres: () => fallback.search(query),
          last: () => cache.last(key),
        }),
      );
    },
    suggest(request) {
      const key = JSON.stringify([request.first, request.asked]);
      return titles.get(key, () =>
        ask({
          relief,
          engine: primary && (() => primary.suggest(request)),
          postgres: () => fallback.suggest(request),
          last: () => titles.last(key),
        }),
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

type Ways<T> = {
  readonly engine: (() => Promise<T>) | undefined;
  readonly postgres: () => Promise<T>;
  /** An earlier answer, for when the engine is busy. */
  readonly last: () => Answer<T> | undefined;
  readonly relief: ReturnType<typeof openSearchSlots>;
};

/** Asks the engine or, without one and when it fails, PostgreSQL. @throws SearchBusy */
async function ask<T>({ engine, postgres, last, relief }: Ways<T>): Promise<Answer<T>> {
  if (!engine) return { value: await postgres(), degraded: true };
  try {
    return { value: await engine(), degraded: false };
  } catch (error) {
    // Search must not fail because of the engine, for any reason except more searches than it can do.
    if (!(error instanceof SearchBusy)) return { value: await postgres(), degraded: true };
    return last() ?? { value: await relief.run(new AbortController().signal, postgres), degraded: true };
  }
}

/** `onSaleAtUs` changes with the clock, by at most the age that an answer may have. */
const keyOf = ({ onSaleAtUs, ...query }: EventQuery): string => JSON.stringify([onSaleAtUs !== undefined, query]);
