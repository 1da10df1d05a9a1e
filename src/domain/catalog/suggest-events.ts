import { searchWords } from '#search/normal-form/query-words.ts';
import type { CatalogSearch } from './catalog-search.ts';
import { refuseWhenBusy } from './refuse-when-busy.ts';
import { checkFirst, textOf } from './search-request-rules.ts';
import type { EventSuggestion, SuggestEventsRequest } from './search-types.ts';

type Needs = { search: Pick<CatalogSearch, 'suggest'> };

/**
 * Titles for the text typed so far. Empty for a text without a letter or digit.
 *
 * @throws InvalidInput with the field; RateLimited when neither the index nor the fallback has capacity
 */
export async function suggestEvents(needs: Needs, request: SuggestEventsRequest): Promise<readonly EventSuggestion[]> {
  checkFirst(request.first);
  const asked = searchWords(textOf('text', request.text) ?? '');
  if (asked === undefined) return [];
  const { value } = await needs.search.suggest({ asked, first: request.first }).catch(refuseWhenBusy);
  return value;
}
