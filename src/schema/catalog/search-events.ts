import type { GraphQLResolveInfo, SelectionSetNode } from 'graphql';
import type { CatalogEvent } from '#domain/catalog/event-queries.ts';
import { searchEvents } from '#domain/catalog/search-events.ts';
import type {
  FacetOfEvents,
  Highlight as HighlightModel,
  SearchEventsResult,
  SearchHit,
} from '#domain/catalog/search-types.ts';
import { builder } from '../builder.ts';
import { PageInfo, pageInfoOf } from '../connection.ts';
import { Category, Event, loadEvents } from './event.ts';

const GeoPointInput = builder.inputType('GeoPointInput', {
  description: 'A place on earth, WGS 84.',
  fields: (t) => ({
    latitude: t.float({ required: true, description: 'Degrees north, -90 to 90.' }),
    longitude: t.float({ required: true, description: 'Degrees east, -180 to 180.' }),
  }),
});

const DateTimeRangeInput = builder.inputType('DateTimeRangeInput', {
  description: 'From one instant to another; either may be left out.',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', description: 'Not before.' }),
    to: t.field({ type: 'DateTime', description: 'Not after.' }),
  }),
});

const PriceAtMostInput = builder.inputType('PriceAtMostInput', {
  description: 'A budget in one currency.',
  fields: (t) => ({
    amountMinor: t.int({ required: true, description: 'In minor units of the currency, for example cents.' }),
    currency: t.string({ required: true, description: 'ISO 4217, for example `EUR`.' }),
  }),
});

const EventSort = builder.enumType('EventSort', {
  description: 'In which order events are found.',
  values: {
    RELEVANCE: { description: 'The best match of the words first: the default with `text`.' },
    SOONEST: { description: 'What starts first: the default without `text` and `near`.' },
    NEAREST: { description: 'What is closest to `near`: the default with it and without `text`.' },
    PRICE: {
      description:
        'The lowest price first, within one currency: name it by `currency` or `priceAtMost` where the events have several.',
    },
    POPULARITY: { description: 'What most people look for first.' },
  } as const,
});

const Highlight = builder.objectRef<HighlightModel>('Highlight').implement({
  description: 'Why an event was found.',
  fields: (t) => ({
    field: t.exposeString('field', { description: 'Where the words are, for example `title`.' }),
    snippet: t.exposeString('snippet', { description: 'Escaped HTML with `<mark>` around the matched words.' }),
  }),
});

type Count = { value: string; count: number };
const FacetCount = builder.objectRef<Count>('FacetCount').implement({
  description: 'A value and how many of the found events have it.',
  fields: (t) => ({
    value: t.exposeString('value', { description: 'The value, for example a city.' }),
    count: t.exposeInt('count', { description: 'How many of the found events have it.' }),
  }),
});
const Facet = builder.objectRef<FacetOfEvents>('Facet').implement({
  description: 'What to narrow the search by.',
  fields: (t) => ({
    field: t.exposeString('field', { description: 'What is counted, for example `city`.' }),
    counts: t.field({
      type: [FacetCount],
      description:
        'The most frequent values, most first; at most 250. Spellings of one city are one value. A value, given as the filter of that name, finds the events that were counted.',
      resolve: ({ counts }) => [...counts],
    }),
    isComplete: t.exposeBoolean('isComplete', {
      description: 'False when there are more values than `counts` has.',
    }),
    totalValues: t.exposeInt('totalValues', {
      description: 'How many values there are. In an incomplete facet of cities, spellings may count as several.',
    }),
  }),
});

type Hit = SearchHit & { event: CatalogEvent };
type Found = Omit<SearchEventsResult, 'hits'> & { edges: readonly Hit[] };

const EventSearchEdge = builder.objectRef<Hit>('EventSearchEdge').implement({
  description: 'One of the found events, with its place in the list.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Opaque; give it as `after` to continue behind this one.' }),
    node: t.field({
      type: Event,
      description: 'The event as it is now; as of `indexedAt` while the database is away.',
      resolve: ({ event }) => event,
    }),
    distanceKm: t.float({
      nullable: true,
      description: 'From `near`, as the crow flies; null without it.',
      resolve: ({ distanceKm }) => distanceKm,
    }),
    highlights: t.field({
      type: [Highlight],
      description: 'Why it was found; empty without `text`.',
      resolve: ({ highlights }) => [...highlights],
    }),
  }),
});

const EventSearchConnection = builder.objectRef<Found>('EventSearchConnection').implement({
  description: 'A page of the found events.',
  fields: (t) => ({
    edges: t.field({
      type: [EventSearchEdge],
      description: 'The page, each with its cursor.',
      resolve: ({ edges }) => [...edges],
    }),
    nodes: t.field({
      type: [Event],
      description: 'The page without cursors.',
      resolve: ({ edges }) => edges.map(({ event }) => event),
    }),
    pageInfo: t.field({ type: PageInfo, description: 'Whether there is more, and where.', resolve: pageInfoOf }),
    totalCount: t.exposeInt('totalCount', { description: 'How many events match, over all pages.' }),
    facets: t.field({
      type: [Facet],
      description: 'What to narrow the search by; computed when selected, and empty while the search engine is away.',
      resolve: ({ facets }) => [...facets],
    }),
    indexedAt: t.field({
      type: 'DateTime',
      description: 'Changes of the catalogue up to this instant are in the answer.',
      resolve: ({ indexedAt }) => indexedAt,
    }),
    degraded: t.exposeBoolean('degraded', {
      description:
        'True while one stands in for the other: the search engine is away and the database answers, or the database is away and the engine tells the events, as of `indexedAt`.',
    }),
  }),
});

builder.queryField('searchEvents', (t) =>
  t.field({
    type: EventSearchConnection,
    description:
      'Events that are published and not over. All filters combine with AND; without any: the soonest events. Pages run forward only (no `last`, no `before`): a ranking is made anew for each page from where the page before it ended, and has no end to begin from.',
    args: {
      text: t.arg.string({
        description:
          'Words of the title, performers, description, venue or city, in any script; typos and prefixes match, and case, accents and marks do not matter. A text without a letter or digit finds nothing. At most 200 characters.',
      }),
      near: t.arg({
        type: GeoPointInput,
        description: 'Sorts by distance, unless there is `text`; `radiusKm` cuts off.',
      }),
      radiusKm: t.arg.float({ description: 'Only events within so many kilometres of `near`.' }),
      city: t.arg.string({
        description: 'Only in this city: its whole name in any script, whatever the case, accents and blanks.',
      }),
      countryCode: t.arg.string({ description: 'Only in this country, ISO 3166-1 alpha-2.' }),
      categories: t.arg({ type: [Category], description: 'Only of these kinds.' }),
      startsBetween: t.arg({ type: DateTimeRangeInput, description: 'Only events that start in this time.' }),
      priceAtMostMinor: t.arg.int({
        description:
          'Only events with a price of at most so many minor units. Refused where the events have several currencies and `currency` does not name one.',
      }),
      priceAtMost: t.arg({
        type: PriceAtMostInput,
        description:
          'Only events with a price of at most this, in this currency. Not together with `priceAtMostMinor`.',
      }),
      currency: t.arg.string({ description: 'Only events that are priced in this currency, ISO 4217.' }),
      onSaleOnly: t.arg.boolean({ defaultValue: false, description: 'Only events that sell now.' }),
      sort: t.arg({ type: EventSort, description: 'The order; by default what fits the filters.' }),
      first: t.arg.int({ defaultValue: 20, description: 'How many, at most 50.' }),
      after: t.arg.string({ description: 'The cursor behind which to continue, with the same filters.' }),
    },
    resolve: async (_root, args, { resources, loaders }, info) => {
      const { startsBetween, onSaleOnly, first, ...filters } = withoutNulls(args);
      const { hits, ...found } = await searchEvents(resources, {
        ...filters,
        startsBetween: startsBetween && withoutNulls(startsBetween),
        onSaleOnly: onSaleOnly ?? false,
        first: first ?? 20,
        wants: { facets: info.fieldNodes.some((node) => selects(info, node.selectionSet, 'facets')) },
      });
      const eventIds = hits.map(({ eventId }) => eventId);
      const { events, asIndexed } = await resources.search.eventsOf(eventIds, loadEvents(loaders));
      return { ...found, degraded: found.degraded || asIndexed, edges: edgesOf(hits, events) };
    },
  }),
);

type WithoutNulls<T> = { [K in keyof T]: Exclude<T[K], null> };
/** A client that gives null for an argument leaves it out. */
const withoutNulls = <T extends object>(args: T): WithoutNulls<T> =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null)) as WithoutNulls<T>;

/** The index may still have what the catalogue has no more. */
const edgesOf = (hits: readonly SearchHit[], events: readonly (CatalogEvent | undefined)[]): Hit[] =>
  hits.flatMap((hit, index) => {
    const event = events[index];
    return event ? [{ ...hit, event }] : [];
  });

function selects(info: GraphQLResolveInfo, set: SelectionSetNode | undefined, field: string): boolean {
  return (set?.selections ?? []).some((selection) => {
    if (selection.kind === 'Field') return selection.name.value === field;
    if (selection.kind === 'InlineFragment') return selects(info, selection.selectionSet, field);
    return selects(info, info.fragments[selection.name.value]?.selectionSet, field);
  });
}
