import { graphql } from '../api/graphql.ts';
import { CARD } from './cards.ts';

export const SEARCH = graphql(
  `
  query SearchEvents(
    $text: String, $city: String, $categories: [Category!], $startsBetween: DateTimeRangeInput, $onSaleOnly: Boolean, $after: String
  ) {
    searchEvents(
      text: $text, city: $city, categories: $categories, startsBetween: $startsBetween, onSaleOnly: $onSaleOnly, first: 24, after: $after
    ) {
      totalCount degraded
      facets { field counts { value count } }
      nodes { ...EventCard }
      pageInfo { endCursor hasNextPage }
    }
  }
`,
  [CARD],
);

export const SUGGEST = graphql(`
  query SuggestEvents($text: String!) {
    suggestEvents(text: $text, first: 6) { title event { id startsAt venue { id name city timeZone } } }
  }
`);
