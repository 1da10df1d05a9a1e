import type { SearchClient, SearchParameters } from './client.ts';
import { NO_PRICE, STATE_ID } from './event-collection.ts';
import { depthFor, type EventOrder, type EventQuery, hasKeyset } from './event-search.ts';
import { allOf, anyOf, compare, coordinates, type Filter, isText, isWithin } from './filter.ts';
import { isGrams } from './normal-form/groups.ts';

/** In the order of their weight; cities and venues are found as words too. */
const SEARCHED = {
  query_by: 'title_words,performers_words,description_words,venue_words,city_words',
  query_by_weights: '5,4,3,2,2',
  // The searched text is in its normal form, so the marks are set in the original text: see `highlightsOf`.
  highlight_fields: 'none',
  highlight_full_fields: 'none',
  // A very common word alone costs 50 ms and more at a million events.
  search_cutoff_ms: 250,
} as const;
const KEYS = 'id,seq,location,starts_at,price_from_minor,popularity';
const SHOWN = 'title,performers,description,venue_name,city';
/** The fields that exist only for the search are not returned. */
const SEARCHED_ONLY = `${SEARCHED.query_by},city_keys`;
const FACETS = 'category,city,country_code';
/**
 * As many as a client may be shown, and more, because spellings of one city count separately here. Each costs a read
 * of a document.
 */
const MAX_FACET_VALUES = 300;
/** More than the number of currencies of all events. */
const MAX_CURRENCIES = 200;

export const KEY_FIELDS = {
  SOONEST: { field: 'starts_at', direction: 'asc' },
  PRICE: { field: 'price_from_minor', direction: 'asc' },
  POPULARITY: { field: 'popularity', direction: 'desc' },
} as const;

export function pageSearch(client: SearchClient, query: EventQuery): SearchParameters {
  return {
    ...matching(client, query, keysetFilter(query)),
    sort_by: sortOf(query),
    per_page: hasKeyset(query.order) ? query.first + 1 : depthFor(query.first, query.after),
    include_fields: query.asked === undefined ? KEYS : `${KEYS},${SHOWN}`,
    ...(query.facets && !query.after ? { facet_by: FACETS, max_facet_values: MAX_FACET_VALUES } : {}),
  };
}

/** The counts that the page search would have without a cursor. */
export const facetSearch = (client: SearchClient, query: EventQuery): SearchParameters => ({
  ...matching(client, query, undefined),
  per_page: 0,
  ...(query.facets ? { facet_by: FACETS, max_facet_values: MAX_FACET_VALUES } : {}),
});

/** Without the price limit, because amounts of two currencies are not compared. */
export const currencySearch = (client: SearchClient, query: EventQuery): SearchParameters => ({
  ...matching(client, { ...query, priceAtMostMinor: undefined }, undefined),
  per_page: 0,
  facet_by: 'currency',
  max_facet_values: MAX_CURRENCIES,
});

export const stateSearch = (client: SearchClient): SearchParameters => ({
  collection: client.names.state,
  q: '*',
  filter_by: `id:=${STATE_ID}`,
  per_page: 1,
});

export const titleSearch = (client: SearchClient, words: readonly string[], first: number): SearchParameters => ({
  collection: client.names.events,
  ...asking(words),
  sort_by: sortOf({ order: 'RELEVANCE' }),
  per_page: first,
  include_fields: 'id,title',
});

export const recallSearch = (client: SearchClient, filter: Filter, first: number): SearchParameters => ({
  collection: client.names.events,
  q: '*',
  filter_by: filter,
  per_page: first,
  exclude_fields: SEARCHED_ONLY,
});

function matching(client: SearchClient, query: EventQuery, extra: Filter | undefined): SearchParameters {
  const filters = [...filtersOf(query), ...(extra ? [extra] : [])];
  const filterBy = allOf(filters);
  return {
    collection: client.names.events,
    ...(query.asked === undefined ? { q: '*' } : asking(query.asked.words)),
    ...(filterBy ? { filter_by: filterBy } : {}),
  };
}

/** The numbers of letters from which one, or two, may be wrong. */
const ONE_TYPO = 4;
const TWO_TYPOS = 7;

/**
 * The engine counts bytes where it should count letters: in Greek, every third letter of a short word might be wrong.
 */
function asking(words: readonly string[]) {
  const bytesPerLetter = Math.max(...words.map((word) => Math.ceil(Buffer.byteLength(word) / word.length)));
  return {
    ...SEARCHED,
    q: words.join(' '),
    ...(words.some(isGrams) ? { num_typos: 0 } : {}),
    min_len_1typo: ONE_TYPO * bytesPerLetter,
    min_len_2typo: TWO_TYPOS * bytesPerLetter,
  };
}

function filtersOf(query: EventQuery): Filter[] {
  const filters: (Filter | false | undefined)[] = [
    query.cityKeys !== undefined && isText('city_keys', query.cityKeys),
    query.countryCode !== undefined && isText('country_code', [query.countryCode]),
    query.categories.length > 0 && isText('category', query.categories),
    query.currency !== undefined && isText('currency', [query.currency]),
    query.startsFromUs !== undefined && compare('starts_at', '>=', query.startsFromUs),
    query.startsToUs !== undefined && compare('starts_at', '<=', query.startsToUs),
    query.priceAtMostMinor !== undefined &&
      compare('price_from_minor', '<=', Math.min(query.priceAtMostMinor, NO_PRICE - 1)),
    query.near && query.radiusKm !== undefined && isWithin(query.near, query.radiusKm),
    ...(query.onSaleAtUs === undefined
      ? []
      : [compare('on_sale_at', '<=', query.onSaleAtUs), compare('off_sale_at', '>', query.onSaleAtUs)]),
  ];
  return filters.filter((filter): filter is Filter => Boolean(filter));
}

function keysetFilter({ order, after }: EventQuery): Filter | undefined {
  if (!after || order === 'RELEVANCE' || order === 'NEAREST') return undefined;
  const { field, direction } = KEY_FIELDS[order];
  const tied = allOf([compare(field, '=', after.key), compare('seq', '>', after.seq)]);
  return anyOf([compare(field, direction === 'asc' ? '>' : '<', after.key), ...(tied ? [tied] : [])]);
}

function sortOf({ order, near }: { order: EventOrder; near?: EventQuery['near'] }): string {
  if (order === 'RELEVANCE') return '_text_match(buckets: 10):desc,popularity:desc,seq:asc';
  if (order === 'NEAREST') {
    if (!near) throw new Error('NEAREST needs a position.');
    return `location(${coordinates(near)}):asc,seq:asc`;
  }
  const { field, direction } = KEY_FIELDS[order];
  return `${field}:${direction},seq:asc`;
}
