import {
  bigint,
  boolean,
  customType,
  doublePrecision,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  text,
  timestamp,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
/** "Frontrow demo", the organization of all imported data: `nameBasedId('organization/Frontrow demo')`. */
export const IMPORTED_ORGANIZATION_ID = '1a6682e4-de5b-8de9-81a5-153ba860268f';

const instant = (name: string) => timestamp(name, { withTimezone: true });

/** A default lasts for one release: see the migration 20261130_1402_organizations_of_events.sql. */
const organizationId = () => uuid('organization_id').notNull().default(IMPORTED_ORGANIZATION_ID);

export const venues = pgTable('venues', {
  id: uuid('id').primaryKey(),
  organizationId: organizationId(),
  name: text('name').notNull(),
  address: text('address'),
  city: text('city').notNull(),
  countryCode: text('country_code').notNull(),
  latitude: doublePrecision('latitude').notNull(),
  longitude: doublePrecision('longitude').notNull(),
  timeZone: text('time_zone').notNull(),
  capacity: integer('capacity').notNull(),
});

/** A draft until it is published, then immutable. `layout` is the gzip of the layout's JSON, which `layout_hash` names. */
export const seatingPlans = pgTable('seating_plans', {
  id: uuid('id').primaryKey(),
  organizationId: organizationId(),
  venueId: uuid('venue_id').notNull(),
  version: integer('version').notNull(),
  seatCount: integer('seat_count').notNull(),
  layoutHash: text('layout_hash').notNull(),
  layout: bytea('layout').notNull(),
  /** Null for a draft. The default lasts for one release: see the migration 20261130_1502_seating_plan_drafts.sql. */
  publishedAt: instant('published_at').defaultNow(),
  /** Null for a plan of the catalogue import. */
  name: text('name'),
  createdAt: instant('created_at').notNull().defaultNow(),
  uploadId: uuid('upload_id'),
  importFormat: text('import_format'),
  importWarnings: jsonb('import_warnings').notNull().default([]),
});

export const sections = pgTable('sections', {
  id: uuid('id').primaryKey(),
  planId: uuid('plan_id').notNull(),
  position: integer('position').notNull(),
  label: text('label').notNull(),
  tierLabel: text('tier_label').notNull(),
  /** The tiers of this section's seats that have one of their own. */
  seatTierLabels: text('seat_tier_labels').array().notNull().default([]),
  /** `GENERAL_ADMISSION`; null for a section with seats, and in plans of earlier releases. */
  kind: text('kind'),
  places: integer('places'),
});

/** `seat_no` (0..n-1, dense) is the seat's index in every packed form. */
export const venueSeats = pgTable(
  'venue_seats',
  {
    planId: uuid('plan_id').notNull(),
    seatNo: integer('seat_no').notNull(),
    sectionId: uuid('section_id').notNull(),
    rowLabel: text('row_label').notNull(),
    seatLabel: text('seat_label').notNull(),
    x: real('x').notNull(),
    y: real('y').notNull(),
    accessible: boolean('accessible').notNull().default(false),
    restrictedView: boolean('restricted_view').notNull().default(false),
  },
  (t) => [primaryKey({ columns: [t.planId, t.seatNo] })],
);

export const categories = [
  'SPORT',
  'CONCERT',
  'THEATRE',
  'COMEDY',
  'FESTIVAL',
  'FAMILY',
  'CONFERENCE',
  'OTHER',
] as const;

export const orphanPolicies = ['OFF', 'LENIENT', 'STRICT'] as const;

export const events = pgTable('events', {
  id: uuid('id').primaryKey(),
  /** The last column of every sort order, so that a cursor never repeats. */
  seq: bigint('seq', { mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
  organizationId: organizationId(),
  /** Only for code of the last release; a later release drops it. */
  organizerId: uuid('organizer_id'),
  venueId: uuid('venue_id').notNull(),
  planId: uuid('plan_id').notNull(),
  title: text('title').notNull(),
  description: text('description').notNull().default(''),
  category: text('category', { enum: categories }).notNull(),
  performers: text('performers').array().notNull().default([]),
  startsAt: instant('starts_at').notNull(),
  onSaleAt: instant('on_sale_at').notNull(),
  offSaleAt: instant('off_sale_at').notNull(),
  cancellableUntil: instant('cancellable_until'),
  /** A published event ends by the clock, which is no state of its own here. */
  status: text('status', { enum: ['DRAFT', 'PUBLISHED', 'POSTPONED', 'CANCELLED'] })
    .notNull()
    .default('DRAFT'),
  salesPaused: boolean('sales_paused').notNull().default(false),
  endsAt: instant('ends_at'),
  doorsAt: instant('doors_at'),
  previousStartsAt: instant('previous_starts_at'),
  refundUntil: instant('refund_until'),
  imageUploadId: uuid('image_upload_id'),
  /** Null here and in the two columns below: the setting of the process. */
  holdSeconds: integer('hold_seconds'),
  seatsPerBooking: integer('seats_per_booking'),
  seatsPerViewer: integer('seats_per_viewer'),
  orphanPolicy: text('orphan_policy', { enum: orphanPolicies }).notNull().default('OFF'),
  /** When wheelchair places and companion seats that are left are sold like other seats. Null: never. */
  accessibleReleaseAt: instant('accessible_release_at'),
  /** Grows with every change that a member makes of the event itself. */
  revision: integer('revision').notNull().default(1),
  currency: text('currency').notNull(),
  popularity: integer('popularity').notNull().default(0),
  /** Grows with every change of the catalogue entry; the search index ignores older ones. */
  updatedVersion: bigint('updated_version', { mode: 'number' }).notNull().default(1),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
});

/** What a fan pays for one seat of each level of the price list in force; `fee_minor` is the part beside the face price. */
export const priceTiers = pgTable('price_tiers', {
  id: uuid('id').primaryKey(),
  eventId: uuid('event_id').notNull(),
  name: text('name').notNull(),
  priceMinor: bigint('price_minor', { mode: 'number' }).notNull(),
  feeMinor: bigint('fee_minor', { mode: 'number' }).notNull(),
});

/** A list never changes. The latest version of an event is in force. */
export const priceLists = pgTable(
  'price_lists',
  {
    id: uuid('id').primaryKey(),
    eventId: uuid('event_id').notNull(),
    version: integer('version').notNull(),
    content: jsonb('content').notNull(),
    /** One byte a seat. Null: each seat has the level that its seating plan names. */
    seatLevels: bytea('seat_levels'),
    madeBy: uuid('made_by'),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (t) => [unique('price_lists_event_id_version_key').on(t.eventId, t.version)],
);
