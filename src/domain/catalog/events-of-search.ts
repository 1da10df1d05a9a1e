import type { CatalogSearch } from './catalog-search.ts';
import type { CatalogEvent } from './event-queries.ts';
import type { LoadEvents } from './found-events.ts';
import { searchEvents } from './search-events.ts';
import type {
  EventSuggestion,
  SearchEventsRequest,
  SearchEventsResult,
  SearchHit,
  SuggestEventsRequest,
} from './search-types.ts';
import { suggestEvents } from './suggest-events.ts';

type Needs = { readonly search: Omit<CatalogSearch, 'probe' | 'close'>; readonly load: LoadEvents };
type WithEvent<T> = T & { readonly event: CatalogEvent };

export type FoundPage = Omit<SearchEventsResult, 'hits'> & { readonly edges: readonly WithEvent<SearchHit>[] };

/**
 * `searchEvents` with the event of each hit. `load` reads events from PostgreSQL; while PostgreSQL is away, the events come
 * from the index and the page is `degraded`. Hits whose event the catalogue no longer has are left out.
 *
 * @throws InvalidInput with the field; RateLimited when neither the index nor the fallback has capacity
 */
export async function findEvents({ search, load }: Needs, request: SearchEventsRequest): Promise<FoundPage> {
  const { hits, ...found } = await searchEvents({ search }, request);
  const { events, asIndexed } = await search.eventsOf(idsOf(hits), load);
  return { ...found, degraded: found.degraded || asIndexed, edges: withEvents(hits, events) };
}

/** `suggestEvents` with the event of each title. */
export async function findSuggestedEvents(
  { search, load }: Needs,
  request: SuggestEventsRequest,
): Promise<readonly WithEvent<EventSuggestion>[]> {
  const suggestions = await suggestEvents({ search }, request);
  const { events } = await search.eventsOf(idsOf(suggestions), load);
  return withEvents(suggestions, events);
}

const idsOf = (found: readonly { readonly eventId: string }[]): string[] => found.map(({ eventId }) => eventId);

const withEvents = <T>(found: readonly T[], events: readonly (CatalogEvent | undefined)[]): WithEvent<T>[] =>
  found.flatMap((one, index) => {
    const event = events[index];
    return event ? [{ ...one, event }] : [];
  });
