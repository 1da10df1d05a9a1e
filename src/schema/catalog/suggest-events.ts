import type { CatalogEvent } from '#domain/catalog/event-queries.ts';
import type { EventSuggestion as EventSuggestionModel } from '#domain/catalog/search-types.ts';
import { suggestEvents } from '#domain/catalog/suggest-events.ts';
import { builder } from '../builder.ts';
import { Event, loadEvents } from './event.ts';

const EventSuggestion = builder.objectRef<EventSuggestionModel & { event: CatalogEvent }>('EventSuggestion').implement({
  description: 'What the typed text may become.',
  fields: (t) => ({
    event: t.field({ type: Event, description: 'The event.', resolve: ({ event }) => event }),
    title: t.exposeString('title', { description: "The event's title." }),
    highlight: t.exposeString('highlight', {
      description: 'The title as escaped HTML with `<mark>` around what was typed.',
    }),
  }),
});

builder.queryField('suggestEvents', (t) =>
  t.field({
    type: [EventSuggestion],
    description:
      'Titles for what was typed so far; their events as the search engine knows them, while the database is away.',
    args: {
      text: t.arg.string({ required: true, description: 'What was typed so far, at most 200 characters.' }),
      first: t.arg.int({ defaultValue: 5, description: 'How many, at most 50.' }),
    },
    resolve: async (_root, { text, first }, { resources, loaders }) => {
      const suggestions = await suggestEvents(resources, { text, first: first ?? 5 });
      const eventIds = suggestions.map(({ eventId }) => eventId);
      const { events } = await resources.search.eventsOf(eventIds, loadEvents(loaders));
      return suggestions.flatMap((suggestion, index) => {
        const event = events[index];
        return event ? [{ ...suggestion, event }] : [];
      });
    },
  }),
);
