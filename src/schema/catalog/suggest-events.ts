import type { CatalogEvent } from '#domain/catalog/event-queries.ts';
import { findSuggestedEvents } from '#domain/catalog/events-of-search.ts';
import type { EventSuggestion as EventSuggestionModel } from '#domain/catalog/search-types.ts';
import { builder } from '../builder.ts';
import { Event, loadEvents } from './event.ts';

const EventSuggestion = builder.objectRef<EventSuggestionModel & { event: CatalogEvent }>('EventSuggestion').implement({
  description: 'An event whose title fits the typed text.',
  fields: (t) => ({
    event: t.field({ type: Event, description: 'The event.', resolve: ({ event }) => event }),
    title: t.exposeString('title', { description: 'The title of the event.' }),
    highlight: t.exposeString('highlight', {
      description: 'The title as escaped HTML, with `<mark>` around the typed text.',
    }),
  }),
});

builder.queryField('suggestEvents', (t) =>
  t.field({
    type: [EventSuggestion],
    description:
      'Events whose titles fit the text typed so far. While the database is down, the events are as the search engine has them.',
    args: {
      text: t.arg.string({ required: true, description: 'The text typed so far, at most 200 characters.' }),
      first: t.arg.int({ defaultValue: 5, description: 'The number of events, at most 50.' }),
    },
    resolve: async (_root, { text, first }, { resources, loaders }) => [
      ...(await findSuggestedEvents(
        { search: resources.search, load: loadEvents(loaders) },
        { text, first: first ?? 5 },
      )),
    ],
  }),
);
