import { bigint, integer, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';

/** One row per event: the writer's lock and the seat map's version. */
export const seatInventories = pgTable('seat_inventories', {
  eventId: uuid('event_id').primaryKey(),
  version: bigint('version', { mode: 'number' }).notNull().default(0),
  capacity: integer('capacity').notNull(),
  available: integer('available').notNull(),
  held: integer('held').notNull().default(0),
  booked: integer('booked').notNull().default(0),
  blocked: integer('blocked').notNull().default(0),
});

/** A seat has a row only once it was touched; no row = AVAILABLE. */
export const eventSeats = pgTable(
  'event_seats',
  {
    eventId: uuid('event_id').notNull(),
    seatNo: integer('seat_no').notNull(),
    status: text('status', { enum: ['AVAILABLE', 'HELD', 'BOOKED', 'BLOCKED'] }).notNull(),
    bookingId: uuid('booking_id'),
    holdExpiresAt: timestamp('hold_expires_at', { withTimezone: true }),
    /** To whom a release gives the seat. Null: to the public. */
    allocation: text('allocation'),
  },
  (t) => [primaryKey({ columns: [t.eventId, t.seatNo] })],
);

/** The last complete rebuild of the data in Redis, by name; a Redis that names another epoch is not believed. */
export const redisEpochs = pgTable('redis_epochs', {
  name: text('name').primaryKey(),
  epoch: uuid('epoch').notNull(),
  rebuiltAt: timestamp('rebuilt_at', { withTimezone: true }).notNull(),
});
