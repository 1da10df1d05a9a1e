import { searchEvents } from '#domain/catalog/search-events.ts';
import { openSearchClient } from '#search/client.ts';
import type { EventPage, EventQuery } from '#search/event-search.ts';
import { pageSearch } from '#search/typesense-query.ts';
import { postJson } from '#test/fans/lean-http.ts';
import type { Question } from './search-questions.ts';
import type { SearchStand } from './search-stand.ts';

const nothing: EventPage = {
  hits: [],
  hasNextPage: false,
  totalCount: 0,
  facets: [],
  currencies: [],
  indexedAt: new Date(0),
};

/** For each question the request by which the product would search the engine for its page. */
export async function straightSearches({ engine }: SearchStand, questions: readonly Question[]): Promise<string[]> {
  const client = openSearchClient({ url: engine.url, apiKey: engine.apiKey });
  const texts: string[] = [];
  let asked: EventQuery | undefined;
  const search = async (query: EventQuery) => {
    asked = query;
    return { value: nothing, degraded: false };
  };
  for (const { request } of questions) {
    await searchEvents({ search: { search } }, { ...request, onSaleOnly: false, first: 20, wants: { facets: false } });
    if (!asked) throw new Error(`The product does not search for ${JSON.stringify(request)}.`);
    const body = JSON.stringify({ searches: [pageSearch(client, asked)] });
    texts.push(postJson('/multi_search', body, undefined, [`X-Typesense-Api-Key: ${engine.apiKey}`]));
  }
  await client.close();
  return texts;
}
