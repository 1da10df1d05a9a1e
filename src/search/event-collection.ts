import { createHash } from 'node:crypto';
import type { CollectionFieldSchema } from 'typesense';
import { NORMAL_FORM } from './normal-form/fold.ts';

/** One event that is published and has not ended. Times are microseconds since 1970. */
export type EventDocument = {
  readonly id: string;
  readonly seq: number;
  readonly title: string;
  readonly performers: readonly string[];
  readonly description: string;
  readonly category: string;
  readonly venue_name: string;
  readonly city: string;
  readonly country_code: string;
  /** The same texts in searchable form: words in their normal form, separated by blanks. */
  readonly title_words: string;
  readonly performers_words: string;
  readonly description_words: string;
  readonly venue_words: string;
  readonly city_words: string;
  /** The keys by which the city is filtered, see `placeKeys`. */
  readonly city_keys: readonly string[];
  /** Latitude, longitude. */
  readonly location: readonly [number, number];
  readonly starts_at: number;
  /** The later of its start and the end of its sale: from then on it cannot be found. */
  readonly ends_at: number;
  /** {@link NEVER} while its sale is paused, so that no search for events on sale finds it. */
  readonly on_sale_at: number;
  readonly off_sale_at: number;
  /** What the cheapest seat costs, with its fee; {@link NO_PRICE} for an event without a price tier. */
  readonly price_from_minor: number;
  readonly currency: string;
  readonly popularity: number;
  /** Free seats in tenths of the capacity, rounded up, so that it does not change with every booking. */
  readonly available_share: number;
  readonly updated_version: number;
  readonly venue_id: string;
  readonly plan_id: string;
  /** Null may be returned as missing, as it is when a document replaces another. */
  readonly cancellable_until?: number | null;
  readonly address?: string | null;
  readonly time_zone: string;
  readonly venue_capacity: number;
  /** Cheapest first. */
  readonly price_tiers: readonly IndexedPriceTier[];
  /**
   * As of the write of the document: a change of these counts alone does not rewrite it before `available_share`
   * changes.
   */
  readonly capacity: number;
  readonly available: number;
  readonly held: number;
  readonly booked: number;
  readonly details: IndexedDetails;
};
/** What is only shown. */
export type IndexedDetails = {
  readonly organization_id: string;
  readonly on_sale_at: number;
  readonly sales_paused: boolean;
  readonly ends_at: number | null;
  readonly doors_at: number | null;
  readonly previous_starts_at: number | null;
  readonly refund_until: number | null;
  readonly hold_seconds: number | null;
  readonly seats_per_booking: number | null;
  readonly seats_per_viewer: number | null;
  readonly orphan_policy: 'OFF' | 'LENIENT' | 'STRICT';
  readonly revision: number;
};
export type IndexedPriceTier = {
  readonly id: string;
  readonly name: string;
  readonly price_minor: number;
  readonly fee_minor: number;
};

/** Larger than every price: sorted last, and within no budget. */
export const NO_PRICE = Number.MAX_SAFE_INTEGER;

/** Later than every time at which a sale opens. */
export const NEVER = Number.MAX_SAFE_INTEGER;

const fields: CollectionFieldSchema[] = [
  { name: 'seq', type: 'int64' },
  { name: 'title_words', type: 'string' },
  { name: 'performers_words', type: 'string' },
  { name: 'description_words', type: 'string' },
  { name: 'venue_words', type: 'string' },
  { name: 'city_words', type: 'string' },
  { name: 'city_keys', type: 'string[]' },
  { name: 'category', type: 'string', facet: true },
  { name: 'city', type: 'string', facet: true },
  { name: 'country_code', type: 'string', facet: true },
  { name: 'location', type: 'geopoint' },
  { name: 'starts_at', type: 'int64' },
  { name: 'ends_at', type: 'int64' },
  { name: 'on_sale_at', type: 'int64' },
  { name: 'off_sale_at', type: 'int64' },
  { name: 'price_from_minor', type: 'int64' },
  { name: 'currency', type: 'string', facet: true },
  { name: 'popularity', type: 'int64' },
];

const settings = { fields, default_sorting_field: 'popularity' };

/**
 * Not searched, so the engine keeps them on disk only: they are for showing an event while PostgreSQL is away, and
 * for comparison. A field whose content changes needs another name.
 */
const stored = [
  'title',
  'performers',
  'description',
  'venue_name',
  'available_share',
  'updated_version',
  'venue_id',
  'plan_id',
  'cancellable_until',
  'address',
  'time_zone',
  'venue_capacity',
  'price_tiers',
  'capacity',
  'available',
  'held',
  'booked',
  'details',
] as const satisfies readonly (keyof EventDocument)[];

/**
 * Part of a collection's name. The writer rebuilds an index of another shape, or of words in another normal form,
 * when it finds one, also after an upgrade of Node with other Unicode data.
 */
export const SHAPE = createHash('sha256')
  .update(JSON.stringify([settings, stored, NORMAL_FORM, NO_PRICE, 'price_from_minor with the fee']))
  .digest('hex')
  .slice(0, 8);

const mayBeMissing: ReadonlySet<string> = new Set(['cancellable_until', 'address'] satisfies (keyof EventDocument)[]);

/** False for a document that was written by code that stored fewer fields. */
export const isWhole = (document: Partial<EventDocument>): document is EventDocument =>
  stored.every((name) => document[name] !== undefined || mayBeMissing.has(name));

export const eventCollection = (name: string) => ({ name, ...settings });

/** Its only document has the time at which the index was last written or compared. */
export const stateCollection = (name: string) => ({
  name,
  fields: [{ name: 'indexed_at', type: 'int64' }] satisfies CollectionFieldSchema[],
});
export const STATE_ID = 'events';

/** `events` serves searches; while `eventsNext` exists a rebuild is under way and the writer writes to both. */
export const namesFor = (prefix: string) => ({
  events: `${prefix}events`,
  eventsNext: `${prefix}events_next`,
  state: `${prefix}events_state`,
  /** Names of collections start with this, followed by the shape and the time of creation. */
  generation: `${prefix}events_v_`,
});
