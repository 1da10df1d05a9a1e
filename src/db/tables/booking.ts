import {
  bigint,
  integer,
  json,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';

const instant = (name: string) => timestamp(name, { withTimezone: true });

export const bookings = pgTable(
  'bookings',
  {
    id: uuid('id').primaryKey(),
    userId: uuid('user_id').notNull(),
    eventId: uuid('event_id').notNull(),
    status: text('status', { enum: ['PENDING_PAYMENT', 'CONFIRMED', 'EXPIRED', 'FAILED', 'CANCELLED'] }).notNull(),
    totalMinor: bigint('total_minor', { mode: 'number' }).notNull(),
    /** The fees of the booking as a whole, with their added taxes. */
    feeMinor: bigint('fee_minor', { mode: 'number' }).notNull().default(0),
    /** `StoredCharges`: these fees and taxes by name. Null: there are none. */
    charges: json('charges'),
    currency: text('currency').notNull(),
    holdExpiresAt: instant('hold_expires_at').notNull(),
    holdExtendedAt: instant('hold_extended_at'),
    idempotencyKey: text('idempotency_key').notNull(),
    requestHash: text('request_hash').notNull(),
    paymentStatus: text('payment_status', {
      enum: ['CREATING_SESSION', 'SESSION_CREATED', 'PAYMENT_SUCCESS', 'PAYMENT_FAILED', 'REFUND_PENDING', 'REFUNDED'],
    })
      .notNull()
      .default('CREATING_SESSION'),
    paymentUrl: text('payment_url'),
    refundedMinor: bigint('refunded_minor', { mode: 'number' }),
    /** How many of its tickets were refunded while it went on. Null: none. */
    voidedTickets: integer('voided_tickets'),
    /** How much was to go back for them. */
    voidedMinor: bigint('voided_minor', { mode: 'number' }),
    version: bigint('version', { mode: 'number' }).notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    confirmedAt: instant('confirmed_at'),
    releasedAt: instant('released_at'),
    /** For an unpaid booking: the address that its seats count for. See src/domain/hoarding. */
    addressKey: uuid('address_key'),
    unpaidSlot: smallint('unpaid_slot'),
    seatCount: smallint('seat_count'),
    /** The codes with which it was made. Null: none. */
    codeIds: uuid('code_ids').array(),
    /** How it was paid at the box office. Null, as all below: a fan made it online. */
    tender: text('tender', { enum: ['CASH', 'CARD_TERMINAL', 'INVOICE', 'COMPLIMENTARY'] }),
    tenderReference: text('tender_reference'),
    holderName: text('holder_name'),
    holderEmail: text('holder_email'),
    /** The account or the access key that sold it. */
    soldBy: uuid('sold_by'),
  },
  (t) => [unique('bookings_idempotency_key').on(t.userId, t.idempotencyKey)],
);

export const bookingSeats = pgTable(
  'booking_seats',
  {
    bookingId: uuid('booking_id').notNull(),
    eventId: uuid('event_id').notNull(),
    seatNo: integer('seat_no').notNull(),
    priceMinor: bigint('price_minor', { mode: 'number' }).notNull(),
    feeMinor: bigint('fee_minor', { mode: 'number' }).notNull(),
    /** `StoredLine`. Null in rows from before price lists. */
    line: json('line'),
  },
  (t) => [primaryKey({ columns: [t.bookingId, t.seatNo] })],
);

/** Seats that a booking had and goes on without: their tickets were refunded. */
export const refundedSeats = pgTable(
  'refunded_seats',
  {
    bookingId: uuid('booking_id').notNull(),
    eventId: uuid('event_id').notNull(),
    seatNo: integer('seat_no').notNull(),
    priceMinor: bigint('price_minor', { mode: 'number' }).notNull(),
    feeMinor: bigint('fee_minor', { mode: 'number' }).notNull(),
    line: json('line'),
    refundId: uuid('refund_id').notNull(),
    refundedAt: instant('refunded_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.bookingId, t.seatNo] })],
);

export const tickets = pgTable('tickets', {
  id: uuid('id').primaryKey(),
  bookingId: uuid('booking_id').notNull(),
  eventId: uuid('event_id').notNull(),
  seatNo: integer('seat_no').notNull(),
  code: text('code').notNull(),
  issuedAt: instant('issued_at').notNull().defaultNow(),
  checkedInAt: instant('checked_in_at'),
  voidedAt: instant('voided_at'),
});

/** As a fan sees them; the payments service owns them. */
export const bookingRefunds = pgTable('booking_refunds', {
  /** For the refund of all that is left after the end of its booking: the booking's. */
  id: uuid('id').primaryKey(),
  bookingId: uuid('booking_id').notNull(),
  eventId: uuid('event_id').notNull(),
  status: text('status', { enum: ['PENDING', 'SUCCEEDED', 'FAILED'] }).notNull(),
  origin: text('origin', { enum: ['BOOKING', 'GATEWAY', 'BOX_OFFICE'] }).notNull(),
  amountMinor: bigint('amount_minor', { mode: 'number' }).notNull(),
  currency: text('currency').notNull(),
  reason: text('reason').notNull(),
  seatNos: integer('seat_nos').array().notNull().default([]),
  /** The account or the access key that asked for it. Null, as the next two: no member did. */
  requestedBy: uuid('requested_by'),
  idempotencyKey: text('idempotency_key'),
  requestHash: text('request_hash'),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
});
