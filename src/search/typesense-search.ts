import type { SearchAnswer, SearchClient } from './client.ts';
import { type EventDocument, isWhole } from './event-collection.ts';
import {
  DEEPEST_RANK,
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
import { facetsOf } from './facets.ts';
import { isId } from './filter.ts';
import { type EventHighlight, highlightsOf, markedTitle } from './highlight.ts';
import {
  currencySearch,
  facetSearch,
  KEY_FIELDS,
  pageSearch,
  recallSearch,
  stateSearch,
  titleSearch,
} from './typesense-query.ts';

type Row = {
  id: string;
  seq: number;
  location: [number, number];
  starts_at: number;
  price_from_minor: number;
  popularity: number;
  title: string;
  performers: string[];
  description: string;
  venue_name: string;
  city: string;
};

/** When the index was last written or compared. @throws SearchUnavailable, SearchBusy */
type IndexedAt = { indexedAt(): Promise<Date> };

/** Search by Typesense 0.24.1 and later: uses no parameter that 0.24.1 ignores (`offset`, `limit`, unions). */
export function openTypesenseSearch(client: SearchClient): EventSearch & EventRecall & IndexedAt {
  const search = async (query: EventQuery): Promise<EventPage> => {
    // The engine runs them in order. The state comes first: a write in between makes the answer newer than its state.
    const searches = [stateSearch(client), pageSearch(client, query)];
    // Behind a cursor the engine sees only the remaining hits. Facets, and whether anything matches, need all hits.
    const isBehind = query.after !== undefined && (query.facets || query.asked?.orElse !== undefined);
    if (isBehind) searches.push(facetSearch(client, query));
    if (query.currencies) searches.push(currencySearch(client, query));
    const [state, page, ...others] = await client.search(searches);
    const all = isBehind ? others[0] : page;
    const { asked } = query;
    if (asked?.orElse && all?.found === 0)
      return search({ ...query, asked: { words: asked.orElse, orElse: undefined } });
    return pageOf(query, { page, state, facets: all, currencies: query.currencies ? others.at(-1) : undefined });
  };

  return {
    search,

    async indexedAt() {
      const [state] = await client.search([stateSearch(client)]);
      return instantOf(state);
    },

    async suggest({ asked, first }) {
      const [answer] = await client.search([titleSearch(client, asked.words, first)]);
      if (asked.orElse && answer?.found === 0) {
        return this.suggest({ asked: { words: asked.orElse, orElse: undefined }, first });
      }
      return (answer?.hits ?? []).map(({ document }): EventTitle => {
        const { id, title } = document as Row;
        return { eventId: id, title, highlight: markedTitle(title, asked) };
      });
    },

    async recall(eventIds) {
      const [answer] = await client.search([recallSearch(client, isId(eventIds), eventIds.length)]);
      const documents = (answer?.hits ?? []).map(({ document }) => document as Partial<EventDocument>);
      if (documents.every(isWhole)) return documents;
      throw new SearchUnavailable('The index lacks fields, because an older version built it.');
    },
  };
}

const instantOf = (state: SearchAnswer | undefined): Date =>
  new Date(Number(state?.hits?.[0]?.document.indexed_at ?? 0));

type Answers = Readonly<Record<'page' | 'state' | 'facets' | 'currencies', SearchAnswer | undefined>>;

function pageOf(query: EventQuery, { page, state, facets, currencies }: Answers): EventPage {
  const found = page?.found ?? 0;
  const rows = (page?.hits ?? []).map(({ document }) => ({
    ...(document as Row),
    eventId: (document as Row).id,
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
        highlights: marksOf(row, query),
      }),
    ),
    hasNextPage: cut.page.length > 0 && last < (keyset ? total : Math.min(total, DEEPEST_RANK)),
    totalCount: total,
    facets: query.facets ? facetsOf(facets) : [],
    currencies: (currencies?.facet_counts?.[0]?.counts ?? []).map(({ value }) => value).sort(),
    indexedAt: instantOf(state),
  };
}

const marksOf = (row: Row, { asked }: EventQuery): EventHighlight[] =>
  asked ? highlightsOf({ ...row, venue: row.venue_name }, asked) : [];

function keyOf(row: Row, order: EventOrder): number {
  return order === 'RELEVANCE' || order === 'NEAREST' ? 0 : row[KEY_FIELDS[order].field];
}
