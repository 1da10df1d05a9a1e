import type { categories } from '#db/tables/catalog.ts';

export type Category = (typeof categories)[number];
export const eventSorts = ['RELEVANCE', 'SOONEST', 'NEAREST', 'PRICE', 'POPULARITY'] as const;
export type EventSort = (typeof eventSorts)[number];

/** Degrees, WGS 84. */
export type GeoPoint = { readonly latitude: number; readonly longitude: number };

/** The unchecked request of a client. All filters combine with AND; without filters it returns the soonest events. */
export type SearchEventsRequest = {
  text?: string | undefined;
  near?: GeoPoint | undefined;
  radiusKm?: number | undefined;
  city?: string | undefined;
  countryCode?: string | undefined;
  categories?: readonly Category[] | undefined;
  startsBetween?: { from?: Date | undefined; to?: Date | undefined } | undefined;
  /**
   * Compared with the event's lowest price with its fee. Refused when the events have several currencies and the
   * request names none.
   */
  priceAtMostMinor?: number | undefined;
  priceAtMost?: { amountMinor: number; currency: string } | undefined;
  /** ISO 4217. Only events that are priced in this currency. */
  currency?: string | undefined;
  onSaleOnly: boolean;
  sort?: EventSort | undefined;
  first: number;
  after?: string | undefined;
  /** Facets are expensive: they are computed only when the client selected them. */
  wants: { facets: boolean };
};

/** `snippet` is safe in a page: HTML-escaped, with only `<mark>` around the matched words. */
export type Highlight = { readonly field: string; readonly snippet: string };

export type SearchHit = {
  /** Raw event id. */
  readonly eventId: string;
  readonly cursor: string;
  /** Only when the request has `near`. */
  readonly distanceKm?: number | undefined;
  readonly highlights: readonly Highlight[];
};

export type FacetOfEvents = {
  readonly field: string;
  readonly counts: readonly { readonly value: string; readonly count: number }[];
  /** False when `counts` has the most frequent ones only. */
  readonly isComplete: boolean;
  readonly totalValues: number;
};

export type SearchEventsResult = {
  readonly hits: readonly SearchHit[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean };
  readonly totalCount: number;
  readonly facets: readonly FacetOfEvents[];
  /** The result contains the changes of the catalogue up to this time. */
  readonly indexedAt: Date;
  /** The result comes from PostgreSQL instead of the index: no facets, simpler ranking. */
  readonly degraded: boolean;
};

export type SuggestEventsRequest = { text: string; first: number };
export type EventSuggestion = { readonly eventId: string; readonly title: string; readonly highlight: string };
