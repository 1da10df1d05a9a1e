import type { GraphQLResolveInfo, SelectionSetNode } from 'graphql';
import { type FoundPage, findEvents } from '#domain/catalog/events-of-search.ts';
import type { FacetOfEvents, Highlight as HighlightModel } from '#domain/catalog/search-types.ts';
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
  description: 'A time from one instant to another. Either may be left out.',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', description: 'The earliest instant, inclusive.' }),
    to: t.field({ type: 'DateTime', description: 'The latest instant, inclusive.' }),
  }),
});

const PriceAtMostInput = builder.inputType('PriceAtMostInput', {
  description: 'A highest price in one currency.',
  fields: (t) => ({
    amountMinor: t.field({
      type: 'MinorUnits',
      required: true,
      description: 'The amount in minor units of the currency, for example cents.',
    }),
    currency: t.string({ required: true, description: 'The currency code, ISO 4217, for example `EUR`.' }),
  }),
});

const EventSort = builder.enumType('EventSort', {
  description: 'The order of the found events.',
  values: {
    RELEVANCE: { description: 'Best match of the words first. The default with `text`.' },
    SOONEST: { description: 'Earliest start first. The default without `text` and `near`.' },
    NEAREST: { description: 'Closest to `near` first. The default with `near` and without `text`.' },
    PRICE: {
      description:
        'Lowest price first, within one currency. Where the events have several currencies, `currency` or `priceAtMost` must name one.',
    },
    POPULARITY: { description: 'Most popular first.' },
  } as const,
});

const Highlight = builder.objectRef<HighlightModel>('Highlight').implement({
  description: 'A text of an event that matched the search.',
  fields: (t) => ({
    field: t.exposeString('field', { description: 'The field that has the words, for example `title`.' }),
    snippet: t.exposeString('snippet', { description: 'Escaped HTML with `<mark>` around the matched words.' }),
  }),
});

type Count = { value: string; count: number };
const FacetCount = builder.objectRef<Count>('FacetCount').implement({
  description: 'A value, and how many of the found events have it.',
  fields: (t) => ({
    value: t.exposeString('value', { description: 'The value, for example a city.' }),
    count: t.exposeInt('count', { description: 'How many of the found events have it.' }),
  }),
});
const Facet = builder.objectRef<FacetOfEvents>('Facet').implement({
  description: 'The values of one field of the found events, with which the fan can narrow the search.',
  fields: (t) => ({
    field: t.exposeString('field', { description: 'The field whose values are counted, for example `city`.' }),
    counts: t.field({
      type: [FacetCount],
      description:
        'The most frequent values, most frequent first, at most 250. Different spellings of a city are one value. A search with the value as the filter of that name finds the counted events.',
      resolve: ({ counts }) => [...counts],
    }),
    isComplete: t.exposeBoolean('isComplete', {
      description: 'False when there are more values than those in `counts`.',
    }),
    totalValues: t.exposeInt('totalValues', {
      description:
        'The number of values. In an incomplete facet of cities, the spellings of one city may count as several values.',
    }),
  }),
});

type Hit = FoundPage['edges'][number];

const EventSearchEdge = builder.objectRef<Hit>('EventSearchEdge').implement({
  description: 'A found event, with its cursor.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Opaque; give it as `after` to continue after this event.' }),
    node: t.field({
      type: Event,
      description: 'The event as it is now; while the database is down, as it was at `indexedAt`.',
      resolve: ({ event }) => event,
    }),
    distanceKm: t.float({
      nullable: true,
      description: 'The distance from `near` in kilometres, as the crow flies; null without `near`.',
      resolve: ({ distanceKm }) => distanceKm,
    }),
    highlights: t.field({
      type: [Highlight],
      description: 'The texts that matched; empty without `text`.',
      resolve: ({ highlights }) => [...highlights],
    }),
  }),
});

const EventSearchConnection = builder.objectRef<FoundPage>('EventSearchConnection').implement({
  description: 'A page of the found events.',
  fields: (t) => ({
    edges: t.field({
      type: [EventSearchEdge],
      description: 'The events of the page, each with its cursor.',
      resolve: ({ edges }) => [...edges],
    }),
    nodes: t.field({
      type: [Event],
      description: 'The events of the page, without cursors.',
      resolve: ({ edges }) => edges.map(({ event }) => event),
    }),
    pageInfo: t.field({
      type: PageInfo,
      description: 'Whether there are more pages, and the cursors to read them.',
      resolve: pageInfoOf,
    }),
    totalCount: t.exposeInt('totalCount', { description: 'How many events match, over all pages.' }),
    facets: t.field({
      type: [Facet],
      description:
        'Values with which the fan can narrow the search. Computed only when selected; empty while the search engine is down.',
      resolve: ({ facets }) => [...facets],
    }),
    indexedAt: t.field({
      type: 'DateTime',
      description: 'The answer includes all changes of the catalogue up to this instant.',
      resolve: ({ indexedAt }) => indexedAt,
    }),
    degraded: t.exposeBoolean('degraded', {
      description:
        'True when the search engine is down and the database does the search, or when the database is down and the events come from the search engine, as of `indexedAt`.',
    }),
  }),
});

builder.queryField('searchEvents', (t) =>
  t.field({
    type: EventSearchConnection,
    description:
      'Finds events that are published and not over. All filters combine with AND; without a filter, the soonest events come first. Pages run forward only (no `last`, no `before`), because each page is ranked anew from where the page before it ended.',
    args: {
      text: t.arg.string({
        description:
          'Words from the title, performers, description, venue or city, in any script, at most 200 characters. Words with typos and beginnings of words match; case, accents and marks do not matter. A text without a letter or digit finds nothing.',
      }),
      near: t.arg({
        type: GeoPointInput,
        description: 'Sorts by the distance from this place, unless `text` is given. `radiusKm` limits the distance.',
      }),
      radiusKm: t.arg.float({ description: 'Only events within this many kilometres of `near`.' }),
      city: t.arg.string({
        description: 'Only events in this city. The whole name, in any script; case, accents and blanks do not matter.',
      }),
      countryCode: t.arg.string({ description: 'Only events in this country, ISO 3166-1 alpha-2.' }),
      categories: t.arg({ type: [Category], description: 'Only events of these kinds.' }),
      startsBetween: t.arg({ type: DateTimeRangeInput, description: 'Only events that start in this time.' }),
      priceAtMostMinor: t.arg.int({
        description:
          'Only events with a price of at most this many minor units. Refused when the events have several currencies and `currency` is not given.',
      }),
      priceAtMost: t.arg({
        type: PriceAtMostInput,
        description:
          'Only events with a price of at most this amount, in this currency. Cannot be combined with `priceAtMostMinor`.',
      }),
      currency: t.arg.string({ description: 'Only events with prices in this currency, ISO 4217.' }),
      onSaleOnly: t.arg.boolean({ defaultValue: false, description: 'Only events that are on sale now.' }),
      sort: t.arg({
        type: EventSort,
        description: 'The order of the events. The default depends on `text` and `near`.',
      }),
      first: t.arg.int({ defaultValue: 20, description: 'The number of events, at most 50.' }),
      after: t.arg.string({ description: 'Returns events after this cursor. The filters must be the same.' }),
    },
    resolve: async (_root, args, { resources, loaders }, info) => {
      const { startsBetween, onSaleOnly, first, ...filters } = withoutNulls(args);
      return await findEvents(
        { search: resources.search, load: loadEvents(loaders) },
        {
          ...filters,
          startsBetween: startsBetween && withoutNulls(startsBetween),
          onSaleOnly: onSaleOnly ?? false,
          first: first ?? 20,
          wants: { facets: info.fieldNodes.some((node) => selects(info, node.selectionSet, 'facets')) },
        },
      );
    },
  }),
);

type WithoutNulls<T> = { [K in keyof T]: Exclude<T[K], null> };
/** An argument that is null counts as left out. */
const withoutNulls = <T extends object>(args: T): WithoutNulls<T> =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null)) as WithoutNulls<T>;

function selects(info: GraphQLResolveInfo, set: SelectionSetNode | undefined, field: string): boolean {
  return (set?.selections ?? []).some((selection) => {
    if (selection.kind === 'Field') return selection.name.value === field;
    if (selection.kind === 'InlineFragment') return selects(info, selection.selectionSet, field);
    return selects(info, info.fragments[selection.name.value]?.selectionSet, field);
  });
}
