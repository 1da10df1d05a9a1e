import { type EventHit, type EventOrder, type EventQuery, SearchBusy } from '#search/event-search.ts';
import { InvalidInput, RateLimited } from '../errors.ts';
import type { CatalogSearch } from './catalog-search.ts';
import { distanceKm } from './distance-rules.ts';
import { decodeCursor, encodeCursor, hashOfQuery } from './search-cursor-rules.ts';
import { checkFilters, checkFirst, MAX_RADIUS_KM, wordsOf } from './search-request-rules.ts';
import type { GeoPoint, SearchEventsRequest, SearchEventsResult, SearchHit } from './search-types.ts';

type Needs = { search: Pick<CatalogSearch, 'search'> };

/**
 * About 100 m: neighbours who ask the same share an answer. What the snapped circle lacks, the slack brings back. In a
 * small circle that would matter, so it is asked as it is.
 */
const CELLS_PER_DEGREE = 1000;
const SLACK_KM = 0.2;
const SMALL_RADIUS_KM = 5;

/**
 * Events that are published and not over. All filters combine with AND; without any, the soonest events. Sorted by
 * relevance when there is `text`, else by distance when there is `near`, else by start.
 *
 * @throws InvalidInput with the field; RateLimited when neither the index nor the fallback has room
 */
export async function searchEvents(needs: Needs, request: SearchEventsRequest): Promise<SearchEventsResult> {
  const { query, queryHash } = queryOf(request);
  const { value: page, degraded } = await needs.search.search(query).catch(refuseWhenBusy);
  return {
    hits: hitsOf(request, page.hits, queryHash),
    pageInfo: { hasNextPage: page.hasNextPage, hasPreviousPage: query.after !== undefined },
    totalCount: page.totalCount,
    facets: page.facets.map(({ field, counts }) => ({ field, counts: [...counts] })),
    indexedAt: page.indexedAt,
    degraded,
  };
}

/** For a `catch`. @throws RateLimited */
export function refuseWhenBusy(error: unknown): never {
  if (error instanceof SearchBusy) throw new RateLimited(1, 'Search has too much to do. Try again in a second.');
  throw error;
}

function queryOf(request: SearchEventsRequest): { query: EventQuery; queryHash: string } {
  checkFirst(request.first);
  checkFilters(request);
  const { near, radiusKm, startsBetween } = request;
  const text = wordsOf('text', request.text);
  const isSmall = radiusKm !== undefined && radiusKm < SMALL_RADIUS_KM;
  const filters = {
    text,
    near: near && !isSmall ? snapped(near) : near,
    radiusKm: radiusKm === undefined || isSmall ? radiusKm : Math.min(radiusKm + SLACK_KM, MAX_RADIUS_KM),
    city: cityOf(request.city),
    countryCode: request.countryCode?.toUpperCase(),
    categories: [...new Set(request.categories ?? [])].sort(),
    startsFromUs: toUs(startsBetween?.from),
    startsToUs: toUs(startsBetween?.to),
    priceAtMostMinor: request.priceAtMostMinor,
    order: orderOf(request, text),
  };
  // The exact circle, not the snapped one: what lies in it decides which hits are left.
  const queryHash = hashOfQuery([filters, near, radiusKm, request.onSaleOnly]);
  const query = {
    ...filters,
    onSaleAtUs: request.onSaleOnly ? Date.now() * 1000 : undefined,
    first: request.first,
    after: request.after === undefined ? undefined : decodeCursor(queryHash, request.after),
    facets: request.wants.facets,
  };
  return { query, queryHash };
}

const toUs = (instant: Date | undefined): number | undefined => instant && instant.getTime() * 1000;

function cityOf(city: string | undefined): string | undefined {
  const words = wordsOf('city', city);
  if (words === undefined && city?.trim()) throw new InvalidInput('city', 'A city has a letter in its name.');
  return words;
}

function orderOf({ sort, near }: SearchEventsRequest, text: string | undefined): EventOrder {
  if (sort !== undefined && sort !== 'RELEVANCE') return sort;
  if (text !== undefined) return 'RELEVANCE';
  return near ? 'NEAREST' : 'SOONEST';
}

const toCell = (degrees: number) => Math.round(degrees * CELLS_PER_DEGREE) / CELLS_PER_DEGREE;
const snapped = ({ latitude, longitude }: GeoPoint) => ({ latitude: toCell(latitude), longitude: toCell(longitude) });

function hitsOf(request: SearchEventsRequest, hits: readonly EventHit[], queryHash: string): SearchHit[] {
  const { near, radiusKm } = request;
  const positions = hits.map((hit) => encodeCursor(queryHash, hit.position));
  const measured = hits.map((hit) => ({ ...hit, distanceKm: near && distanceKm(near, hit.location) }));
  if (near && orderOf(request, wordsOf('text', request.text)) === 'NEAREST') {
    // Within a cell the engine's order may differ from the true one. The cursors stay where they were.
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
