import { bigint, boolean, integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';

const instant = (name: string) => timestamp(name, { withTimezone: true });

/** One row per event with a room. Its lock orders joins, entries, ticks and the organizer's changes. */
export const waitingRooms = pgTable('waiting_rooms', {
  eventId: uuid('event_id').primaryKey(),
  capacity: integer('capacity').notNull(),
  sessionSeconds: integer('session_seconds').notNull(),
  graceSeconds: integer('grace_seconds').notNull(),
  opensAt: instant('opens_at').notNull(),
  drawAt: instant('draw_at').notNull(),
  state: text('state', { enum: ['CLOSED', 'OPEN', 'DRAWN', 'ENDED'] })
    .notNull()
    .default('CLOSED'),
  paused: boolean('paused').notNull().default(false),
  joined: integer('joined').notNull().default(0),
  drawSecret: text('draw_secret').notNull(),
  drawCommitment: text('draw_commitment').notNull(),
  drawEntries: integer('draw_entries'),
  drawnAt: instant('drawn_at'),
  watermark: integer('watermark').notNull().default(0),
  turnsOver: integer('turns_over').notNull().default(0),
  progress: jsonb('progress').notNull().default({}),
  fence: bigint('fence', { mode: 'number' }).notNull().default(0),
  version: bigint('version', { mode: 'number' }).notNull().default(1),
  updatedAt: instant('updated_at').notNull().defaultNow(),
});

/** One place per viewer. */
export const waitingRoomPlaces = pgTable(
  'waiting_room_places',
  {
    eventId: uuid('event_id').notNull(),
    userId: uuid('user_id').notNull(),
    ordinal: integer('ordinal').notNull(),
    joinedAt: instant('joined_at').notNull().defaultNow(),
    leftAt: instant('left_at'),
    /** A keyed hash of the network from which the place was taken. */
    addressKey: uuid('address_key'),
  },
  (t) => [primaryKey({ columns: [t.eventId, t.userId] })],
);

/** When the watermark reached which position. */
export const waitingRoomSteps = pgTable(
  'waiting_room_steps',
  {
    eventId: uuid('event_id').notNull(),
    watermark: integer('watermark').notNull(),
    at: instant('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.eventId, t.watermark] })],
);

/** The fans who came when it was their turn. */
export const waitingRoomSessions = pgTable(
  'waiting_room_sessions',
  {
    eventId: uuid('event_id').notNull(),
    ordinal: integer('ordinal').notNull(),
    userId: uuid('user_id').notNull(),
    position: integer('position').notNull(),
    signInId: uuid('sign_in_id').notNull(),
    knockedAt: instant('knocked_at'),
    calledAt: instant('called_at'),
    enteredAt: instant('entered_at'),
    capacityAtEntry: integer('capacity_at_entry'),
    expiresAt: instant('expires_at'),
    endedAt: instant('ended_at'),
    endReason: text('end_reason', { enum: ['CHECKOUT', 'LEFT', 'SILENT'] }),
  },
  (t) => [primaryKey({ columns: [t.eventId, t.ordinal] })],
);

/** Work that one process does at a time. */
export const leases = pgTable('leases', {
  name: text('name').primaryKey(),
  holder: uuid('holder').notNull(),
  fence: bigint('fence', { mode: 'number' }).notNull().default(1),
  expiresAt: instant('expires_at').notNull(),
});
