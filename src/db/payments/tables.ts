import { bigint, boolean, integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';

const instant = (name: string) => timestamp(name, { withTimezone: true });

export const payments = pgTable('payments', {
  id: uuid('id').primaryKey(),
  bookingId: uuid('booking_id').notNull().unique('payments_booking'),
  eventId: uuid('event_id').notNull(),
  status: text('status', {
    enum: ['CREATING_SESSION', 'SESSION_CREATED', 'PAYMENT_SUCCESS', 'PAYMENT_FAILED', 'REFUND_PENDING', 'REFUNDED'],
  }).notNull(),
  amountMinor: bigint('amount_minor', { mode: 'number' }).notNull(),
  currency: text('currency').notNull(),
  description: text('description').notNull(),
  lines: jsonb('lines').$type<{ label: string; amountMinor: number }[]>().notNull(),
  holdExpiresAt: instant('hold_expires_at').notNull(),
  sessionExpiresAt: instant('session_expires_at').notNull(),
  gateway: text('gateway', { enum: ['sandbox', 'stripe'] }).notNull(),
  gatewayReference: text('gateway_reference'),
  paymentUrl: text('payment_url'),
  capturedMinor: bigint('captured_minor', { mode: 'number' }).notNull().default(0),
  capturedCurrency: text('captured_currency'),
  capturedAt: instant('captured_at'),
  refundedMinor: bigint('refunded_minor', { mode: 'number' }).notNull().default(0),
  refundedAt: instant('refunded_at'),
  refundReference: text('refund_reference'),
  refundReason: text('refund_reason'),
  failureReason: text('failure_reason'),
  closingAt: instant('closing_at'),
  inDoubt: boolean('in_doubt').notNull().default(false),
  nextCheckAt: instant('next_check_at').notNull().defaultNow(),
  checks: integer('checks').notNull().default(0),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
  requestId: text('request_id'),
  traceparent: text('traceparent'),
  /** Null, as `credits`: of a message that did not carry it yet. */
  organizationId: uuid('organization_id'),
  /** What a capture of the requested amount credits. */
  credits: jsonb('credits').$type<Credit[]>(),
  /** What notices about refunds and disputes name instead of the session. */
  gatewayPayment: text('gateway_payment'),
  openRefunds: integer('open_refunds').notNull().default(0),
  disputedMinor: bigint('disputed_minor', { mode: 'number' }).notNull().default(0),
});

export const disputes = pgTable(
  'disputes',
  {
    gateway: text('gateway', { enum: ['sandbox', 'stripe'] }).notNull(),
    id: text('id').notNull(),
    bookingId: uuid('booking_id').notNull(),
    status: text('status', { enum: ['INQUIRY', 'OPEN', 'WON', 'LOST'] }).notNull(),
    amountMinor: bigint('amount_minor', { mode: 'number' }).notNull(),
    currency: text('currency').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.gateway, t.id] })],
);

/** `minor`: positive. `seat`: absent for what the booking pays as a whole. */
export type Credit = {
  readonly account: 'organizer_payable' | 'fees' | 'tax_payable';
  readonly name?: string | undefined;
  readonly minor: number;
  readonly seat?: number | undefined;
};

export const refunds = pgTable('refunds', {
  /** For the refund of all that is left after the end of its booking: the booking's. */
  id: uuid('id').primaryKey(),
  bookingId: uuid('booking_id').notNull(),
  eventId: uuid('event_id').notNull(),
  status: text('status', { enum: ['PENDING', 'SUCCEEDED', 'FAILED'] }).notNull(),
  origin: text('origin', { enum: ['BOOKING', 'GATEWAY'] }).notNull(),
  isWhole: boolean('is_whole').notNull(),
  amountMinor: bigint('amount_minor', { mode: 'number' }).notNull(),
  /** What is back of the payment at the end of its booking. Null: all of it, or this is of a part. */
  finalMinor: bigint('final_minor', { mode: 'number' }),
  currency: text('currency').notNull(),
  seatNos: integer('seat_nos').array().notNull().default([]),
  /** Of `refundable_lines`. */
  lines: jsonb('lines').$type<{ lineNo: number; minor: number }[]>().notNull().default([]),
  reason: text('reason').notNull(),
  gatewayReference: text('gateway_reference'),
  failureReason: text('failure_reason'),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
  finishedAt: instant('finished_at'),
});

export const refundableLines = pgTable(
  'refundable_lines',
  {
    bookingId: uuid('booking_id').notNull(),
    lineNo: integer('line_no').notNull(),
    account: text('account').notNull(),
    name: text('name'),
    seatNo: integer('seat_no'),
    paidMinor: bigint('paid_minor', { mode: 'number' }).notNull(),
    refundedMinor: bigint('refunded_minor', { mode: 'number' }).notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.bookingId, t.lineNo] })],
);

export const notices = pgTable(
  'notices',
  {
    gateway: text('gateway', { enum: ['sandbox', 'stripe'] }).notNull(),
    gatewayEventId: text('gateway_event_id').notNull(),
    type: text('type', {
      enum: [
        'SESSION_PAID',
        'SESSION_DECLINED',
        'SESSION_EXPIRED',
        'REFUNDED',
        'REFUND_CHANGED',
        'DISPUTE',
        'UNKNOWN',
        'IGNORED',
      ],
    }).notNull(),
    reference: text('reference'),
    bookingId: text('booking_id'),
    amountMinor: bigint('amount_minor', { mode: 'number' }),
    currency: text('currency'),
    occurredAt: instant('occurred_at').notNull(),
    receivedAt: instant('received_at').notNull().defaultNow(),
    handledAt: instant('handled_at'),
    outcome: text('outcome'),
    paymentReference: text('payment_reference'),
    /** Of a dispute: its id, and its state. */
    subject: text('subject'),
    state: text('state', { enum: ['INQUIRY', 'OPEN', 'WON', 'LOST'] }),
  },
  (t) => [primaryKey({ columns: [t.gateway, t.gatewayEventId] })],
);
