import type { EventDocument } from './event-collection.ts';
import type { EventHighlight } from './highlight.ts';
import type { SearchWords } from './normal-form/query-words.ts';

export type GeoPoint = { readonly latitude: number; readonly longitude: number };

/**
 * RELEVANCE needs `asked`, NEAREST needs `near`. Every order ends with the event's `seq`, so that no two events tie.
 */
export type EventOrder = 'RELEVANCE' | 'SOONEST' | 'NEAREST' | 'PRICE' | 'POPULARITY';

/**
 * Where a page ended. `rank` counts the hits up to and including this one. SOONEST, PRICE and POPULARITY continue
 * after (`key`, `seq`), which no insert can shift. The other orders cannot be filtered by their key and continue
 * after `eventId`, at its present place, or after `rank` when it is gone.
 */
export type Position = {
  readonly rank: number;
  readonly key: number;
  readonly seq: number;
  readonly eventId: string;
};

/** A checked query. Filters combine with AND. Times are microseconds since 1970, as exact as PostgreSQL's. */
export type EventQuery = {
  /** The words of the text, see `searchWords`. */
  readonly asked?: SearchWords | undefined;
  readonly near?: GeoPoint | undefined;
  readonly radiusKm?: number | undefined;
  /** The keys of a city, see `placeKeys`: an event must have one of them. */
  readonly cityKeys?: readonly string[] | undefined;
  readonly countryCode?: string | undefined;
  readonly categories: readonly string[];
  readonly startsFromUs?: number | undefined;
  readonly startsToUs?: number | undefined;
  /** Compared with the lowest price of the event, with its fee. */
  readonly priceAtMostMinor?: number | undefined;
  /** Only events that are priced in this currency. */
  readonly currency?: string | undefined;
  /** Only events that are on sale at this time. */
  readonly onSaleAtUs?: number | undefined;
  readonly order: EventOrder;
  readonly first: number;
  readonly after?: Position | undefined;
  readonly facets: boolean;
  /** Whether to return the currencies of the events that match all filters except the price. */
  readonly currencies: boolean;
};

export type EventHit = {
  readonly eventId: string;
  readonly location: GeoPoint;
  readonly position: Position;
  readonly highlights: readonly EventHighlight[];
};

export type EventFacet = {
  readonly field: string;
  /** Highest count first. */
  readonly counts: readonly { readonly value: string; readonly count: number }[];
  /** The number of values; larger than the length of `counts` when that was cut. */
  readonly totalValues: number;
};

export type EventPage = {
  readonly hits: readonly EventHit[];
  readonly hasNextPage: boolean;
  readonly totalCount: number;
  readonly facets: readonly EventFacet[];
  /** Empty unless the query asks for them. */
  readonly currencies: readonly string[];
  readonly indexedAt: Date;
};

/** `highlight` is escaped like {@link EventHighlight}. */
export type EventTitle = { readonly eventId: string; readonly title: string; readonly highlight: string };

/** Finds events that are published and have not ended. Implemented by Typesense and PostgreSQL. */
export type EventSearch = {
  /** @throws SearchUnavailable, SearchBusy */
  search(query: EventQuery): Promise<EventPage>;
  /** The events that have the words, the most likely ones first. @throws SearchUnavailable, SearchBusy */
  suggest(request: { asked: SearchWords; first: number }): Promise<readonly EventTitle[]>;
};

/** Reads the index's own copy of events, for when PostgreSQL, which has more, is away. */
export type EventRecall = {
  /**
   * In no particular order; an event that is not in the index is left out. At most 250 ids. @throws
   * SearchUnavailable, SearchBusy
   */
  recall(eventIds: readonly string[]): Promise<readonly EventDocument[]>;
};

/** The engine is away, loading, too slow or has no index yet. */
export class SearchUnavailable extends Error {
  override name = 'SearchUnavailable';
}

/** Too many calls wait for the engine. */
export class SearchBusy extends Error {
  override name = 'SearchBusy';
}

/** The limit for orders without a keyset: for each page the engine sorts everything above it again. */
export const DEEPEST_RANK = 200;

export const hasKeyset = (order: EventOrder): boolean => order !== 'RELEVANCE' && order !== 'NEAREST';

/**
 * How many hits from the top an order without a keyset has to fetch for the page after `after`: some more than the
 * page needs, so that the last hit is still found after inserts above it.
 */
export const depthFor = (first: number, after: Position | undefined): number =>
  Math.min(DEEPEST_RANK, (after?.rank ?? 0) + first + 1 + (after ? 25 : 0));

/** Cuts the page after `after` out of the hits from the top. */
export function pageAfter<T extends { eventId: string }>(
  hits: readonly T[],
  { first, after }: { first: number; after?: Position | undefined },
): { start: number; page: readonly T[] } {
  const found = after ? hits.findIndex((hit) => hit.eventId === after.eventId) : -1;
  const start = found >= 0 ? found + 1 : (after?.rank ?? 0);
  return { start, page: hits.slice(start, start + first) };
}
