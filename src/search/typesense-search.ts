import type { SearchAnswer, SearchClient, SearchParameters } from './client.ts';
import { type EventDocument, isWhole, STATE_ID } from './event-collection.ts';
import {
  DEEPEST_RANK,
  depthFor,
  type EventFacet,
  type EventHit,
  type EventOrder,
  type EventPage,
  type EventQuery,
  type EventRecall,
  type EventSearch,
  type EventTitle,
  hasKeyset,
  pageAfter,
  SearchUnavailable,
} from './event-search.ts';
import { allOf, anyOf, compare, coordinates, type Filter, isId, isText, isWithin } from './filter.ts';
import { MARK_END, MARK_START, markedHtml } from './highlight.ts';

/** In the order of what they are worth; cities and venues are found as words too. */
const SEARCHED = {
  query_by: 'title,performers,description,venue_name,city',
  query_by_weights: '5,4,3,2,2',
  highlight_start_tag: MARK_START,
  highlight_end_tag: MARK_END,
  // A very common word alone costs 50 ms and more at a million events.
  search_cutoff_ms: 250,
} as const;
const KEYS = 'id,seq,location,starts_at,price_from_minor,popularity';
const FACETS = 'category,city,country_code';

type Row = {
  id: string;
  seq: number;
  location: [number, number];
  starts_at: number;
  price_from_minor: number;
  popularity: number;
  title: string;
};

const KEY_FIELDS = {
  SOONEST: { field: 'starts_at', direction: 'asc' },
  PRICE: { field: 'price_from_minor', direction: 'asc' },
  POPULARITY: { field: 'popularity', direction: 'desc' },
} as const;

/** Search by Typesense 0.24.1 and later: no parameter that 0.24.1 ignores (`offset`, `limit`, unions) is used. */
export function openTypesenseSearch(client: SearchClient): EventSearch & EventRecall {
  return {
    async search(query) {
      const searches = [pageSearch(client, query), stateSearch(client)];
      // Behind a keyset the engine sees only what is left, and the facets are those of all.
      if (query.facets && query.after) searches.push(facetSearch(client, query));
      const [page, state, facets = page] = await client.search(searches);
      return pageOf(query, { page, state, facets });
    },

    async suggest({ text, first }) {
      const [answer] = await client.search([
        {
          ...SEARCHED,
          collection: client.names.events,
          q: text,
          sort_by: sortOf({ order: 'RELEVANCE' }),
          per_page: first,
          include_fields: 'id,title',
          highlight_full_fields: 'title',
          highlight_fields: 'title',
        },
      ]);
      return (answer?.hits ?? []).map(({ document, highlights }): EventTitle => {
        const { id, title } = document as Row;
        return { eventId: id, title, highlight: markedHtml(highlights?.[0]?.snippet ?? title) };
      });
    },

    async recall(eventIds) {
      const filter = { collection: client.names.events, q: '*', filter_by: isId(eventIds), per_page: eventIds.length };
      const [answer] = await client.search([filter]);
      const documents = (answer?.hits ?? []).map(({ document }) => document as Partial<EventDocument>);
      if (documents.every(isWhole)) return documents;
      throw new SearchUnavailable('The index was built by code that stored less.');
    },
  };
}

function pageSearch(client: SearchClient, query: EventQuery): SearchParameters {
  return {
    ...matching(client, query, keysetFilter(query)),
    sort_by: sortOf(query),
    per_page: hasKeyset(query.order) ? query.first + 1 : depthFor(query.first, query.after),
    // Only a field that is included is highlighted.
    include_fields: query.text === undefined ? KEYS : `${KEYS},${SEARCHED.query_by}`,
    ...(query.facets && !query.after ? { facet_by: FACETS, max_facet_values: 20 } : {}),
  };
}

const facetSearch = (client: SearchClient, query: EventQuery): SearchParameters => ({
  ...matching(client, query, undefined),
  per_page: 0,
  facet_by: FACETS,
  max_facet_values: 20,
});

const stateSearch = (client: SearchClient): SearchParameters => ({
  collection: client.names.state,
  q: '*',
  filter_by: `id:=${STATE_ID}`,
  per_page: 1,
});

function matching(client: SearchClient, query: EventQuery, extra: Filter | undefined): SearchParameters {
  const filters = [...filtersOf(query), ...(extra ? [extra] : [])];
  const filterBy = allOf(filters);
  return {
    collection: client.names.events,
    ...(query.text === undefined ? { q: '*' } : { ...SEARCHED, q: query.text }),
    ...(filterBy ? { filter_by: filterBy } : {}),
  };
}

function filtersOf(query: EventQuery): Filter[] {
  const filters: (Filter | false | undefined)[] = [
    query.city !== undefined && isText('city', [query.city]),
    query.countryCode !== undefined && isText('country_code', [query.countryCode]),
    query.categories.length > 0 && isText('category', query.categories),
    query.startsFromUs !== undefined && compare('starts_at', '>=', query.startsFromUs),
    query.startsToUs !== undefined && compare('starts_at', '<=', query.startsToUs),
    query.priceAtMostMinor !== undefined && compare('price_from_minor', '<=', query.priceAtMostMinor),
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

function sortOf({ order, near }: Pick<EventQuery, 'order' | 'near'>): string {
  if (order === 'RELEVANCE') return '_text_match(buckets: 10):desc,popularity:desc,seq:asc';
  if (order === 'NEAREST') {
    if (!near) throw new Error('NEAREST needs a position.');
    return `location(${coordinates(near)}):asc,seq:asc`;
  }
  const { field, direction } = KEY_FIELDS[order];
  return `${field}:${direction},seq:asc`;
}

type Answers = {
  page: SearchAnswer | undefined;
  state: SearchAnswer | undefined;
  facets: SearchAnswer | undefined;
};

function pageOf(query: EventQuery, { page, state, facets }: Answers): EventPage {
  const found = page?.found ?? 0;
  const rows = (page?.hits ?? []).map(({ document, highlights }) => ({
    ...(document as Row),
    eventId: (document as Row).id,
    highlights: highlightsOf(highlights),
  }));
  const keyset = hasKeyset(query.order);
  const before = query.after?.rank ?? 0;
  const cut = keyset ? { start: before, page: rows.slice(0, query.first) } : pageAfter(rows, query);
  const last = cut.start + cut.page.length;
  const total = keyset ? before + found : found;
  return {
    hits: cut.page.map(
      (row, index): EventHit => ({
        eventId: row.id,
        location: { latitude: row.location[0], longitude: row.location[1] },
        position: { rank: cut.start + index + 1, key: keyOf(row, query.order), seq: row.seq, eventId: row.id },
        highlights: row.highlights,
      }),
    ),
    hasNextPage: cut.page.length > 0 && last < (keyset ? total : Math.min(total, DEEPEST_RANK)),
    totalCount: total,
    facets: query.facets ? facetsOf(facets) : [],
    indexedAt: new Date(Number(state?.hits?.[0]?.document.indexed_at ?? 0)),
  };
}

function keyOf(row: Row, order: EventOrder): number {
  return order === 'RELEVANCE' || order === 'NEAREST' ? 0 : row[KEY_FIELDS[order].field];
}

const highlightsOf = (highlights: { field: string; snippet?: string; snippets?: string[] }[] = []) =>
  highlights.map(({ field, snippet, snippets = [] }) => ({
    field: field === 'venue_name' ? 'venue' : field,
    snippet: markedHtml(snippet ?? snippets.join(', ')),
  }));

const facetsOf = (answer: SearchAnswer | undefined): EventFacet[] =>
  (answer?.facet_counts ?? []).map(({ field_name, counts }) => ({
    field: field_name === 'country_code' ? 'countryCode' : field_name,
    counts: counts
      .map(({ value, count }) => ({ value, count }))
      .sort((a, b) => b.count - a.count || a.value.localeCompare(b.value)),
  }));
