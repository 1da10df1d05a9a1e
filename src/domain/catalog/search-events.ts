import type { EventHit, EventOrder, EventPage, EventQuery } from '#search/event-search.ts';
import { placeKeys } from '#search/normal-form/place-keys.ts';
import { type SearchWords, searchWords } from '#search/normal-form/query-words.ts';
import type { CatalogSearch } from './catalog-search.ts';
import { distanceKm } from './distance-rules.ts';
import { refuseWhenBusy } from './refuse-when-busy.ts';
import { decodeCursor, encodeCursor, hashOfQuery } from './search-cursor-rules.ts';
import { checkFilters, checkFirst, MAX_RADIUS_KM, refuseMixedCurrencies, textOf } from './search-request-rules.ts';
import type { GeoPoint, SearchEventsRequest, SearchEventsResult, SearchHit } from './search-types.ts';

type Needs = { search: Pick<CatalogSearch, 'search'> };

/**
 * About 100 m: neighbours with the same search share an answer. The slack covers what the snapped circle misses. A
 * small circle would suffer from that, so it is searched exactly.
 */
const CELLS_PER_DEGREE = 1000;
const SLACK_KM = 0.2;
const SMALL_RADIUS_KM = 5;

/**
 * Events that are published and not over. All filters combine with AND; without any, the soonest events. Sorted by
 * relevance when there is `text`, otherwise by distance when there is `near`, otherwise by start.
 *
 * @throws InvalidInput with the field; RateLimited when neither the index nor the fallback has capacity
 */
export async function searchEvents(needs: Needs, request: SearchEventsRequest): Promise<SearchEventsResult> {
  const { query, queryHash } = queryOf(request);
  const { value: page, degraded } = query
    ? await needs.search.search(query).catch(refuseWhenBusy)
    : { value: nothing(), degraded: false };
  refuseMixedCurrencies(request, page.currencies);
  return {
    hits: hitsOf(request, { hits: page.hits, order: query?.order }, queryHash),
    pageInfo: { hasNextPage: page.hasNextPage, hasPreviousPage: request.after !== undefined },
    totalCount: page.totalCount,
    facets: page.facets.map((facet) => ({ ...facet, isComplete: facet.counts.length === facet.totalValues })),
    indexedAt: page.indexedAt,
    degraded,
  };
}

/** The result for a text without a word: no events, instead of all. */
const nothing = (): EventPage => ({
  hits: [],
  hasNextPage: false,
  totalCount: 0,
  facets: [],
  currencies: [],
  indexedAt: new Date(),
});

/** `query` is undefined for a text without a word. */
function queryOf(request: SearchEventsRequest): { query: EventQuery | undefined; queryHash: string } {
  checkFirst(request.first);
  const city = textOf('city', request.city);
  checkFilters({ ...request, city });
  const { near, radiusKm, priceAtMost } = request;
  const text = textOf('text', request.text);
  const asked = text === undefined ? undefined : searchWords(text);
  const filters = {
    asked,
    ...circleOf(request),
    cityKeys: city === undefined ? undefined : placeKeys(city),
    countryCode: request.countryCode?.toUpperCase(),
    categories: [...new Set(request.categories ?? [])].sort(),
    startsFromUs: toUs(request.startsBetween?.from),
    startsToUs: toUs(request.startsBetween?.to),
    priceAtMostMinor: request.priceAtMostMinor ?? priceAtMost?.amountMinor,
    currency: (priceAtMost?.currency ?? request.currency)?.toUpperCase(),
    order: orderOf(request, asked),
  };
  // The exact circle, not the snapped one, because it decides which hits remain.
  const queryHash = hashOfQuery([filters, near, radiusKm, request.onSaleOnly]);
  const after = request.after === undefined ? undefined : decodeCursor(queryHash, request.after);
  if (text !== undefined && !asked) return { query: undefined, queryHash };
  const comparesPrices = filters.priceAtMostMinor !== undefined || filters.order === 'PRICE';
  const query = {
    ...filters,
    onSaleAtUs: request.onSaleOnly ? Date.now() * 1000 : undefined,
    first: request.first,
    after,
    facets: request.wants.facets,
    currencies: comparesPrices && filters.currency === undefined,
  };
  return { query, queryHash };
}

function circleOf({ near, radiusKm }: SearchEventsRequest): Pick<EventQuery, 'near' | 'radiusKm'> {
  const isSmall = radiusKm !== undefined && radiusKm < SMALL_RADIUS_KM;
  return {
    near: near && !isSmall ? snapped(near) : near,
    radiusKm: radiusKm === undefined || isSmall ? radiusKm : Math.min(radiusKm + SLACK_KM, MAX_RADIUS_KM),
  };
}

const toUs = (instant: Date | undefined): number | undefined => instant && instant.getTime() * 1000;

function orderOf({ sort, near }: SearchEventsRequest, asked: SearchWords | undefined): EventOrder {
  if (sort !== undefined && sort !== 'RELEVANCE') return sort;
  if (asked !== undefined) return 'RELEVANCE';
  return near ? 'NEAREST' : 'SOONEST';
}

type Ordered = { readonly hits: readonly EventHit[]; readonly order: EventOrder | undefined };

const toCell = (degrees: number) => Math.round(degrees * CELLS_PER_DEGREE) / CELLS_PER_DEGREE;
const snapped = ({ latitude, longitude }: GeoPoint) => ({ latitude: toCell(latitude), longitude: toCell(longitude) });

function hitsOf({ near, radiusKm }: SearchEventsRequest, page: Ordered, queryHash: string): SearchHit[] {
  const { hits, order } = page;
  const positions = hits.map((hit) => encodeCursor(queryHash, hit.position));
  const measured = hits.map((hit) => ({ ...hit, distanceKm: near && distanceKm(near, hit.location) }));
  if (near && order === 'NEAREST') {
    // Within a cell the engine's order may differ from the true one. The cursors keep their positions.
    measured.sort((a, b) => (a.distanceKm ?? 0) - (b.distanceKm ?? 0));
  }
  return measured
    .map(({ eventId, highlights, distanceKm }, index) => ({
      eventId,
      cursor: positions[index] ?? '',
      highlights,
      ...(distanceKm === undefined ? {} : { distanceKm }),
    }))
    .filter((hit) => radiusKm === undefined || (hit.distanceKm ?? 0) <= radiusKm);
}
