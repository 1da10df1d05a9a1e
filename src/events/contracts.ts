import { z } from 'zod';

/** The seats of a transition: from this version on they all have the new status. */
const seatChange = { version: z.int(), seatNos: z.array(z.int().nonnegative()) };

const about = { aggregateId: z.uuid(), eventId: z.uuid() };
const ofBooking = { ...about, userId: z.uuid() };

const catalogChange = { ...about, updatedVersion: z.int() };

export const eventPublished = z.object({ type: z.literal('EventPublished'), ...catalogChange });
export const eventChanged = z.object({ type: z.literal('EventChanged'), ...catalogChange });
export const eventCancelled = z.object({ type: z.literal('EventCancelled'), ...catalogChange });

const minor = z.int().nonnegative();

/**
 * A ticket, or with `seatNo` null what the booking pays as a whole. `fees`: name, amount. `taxes`: name, amount, whether
 * another amount contains it, and how much of it is a tax on the fees.
 */
const splitLine = z.object({
  seatNo: z.int().nonnegative().nullable(),
  faceMinor: minor,
  fees: z.array(z.tuple([z.string(), minor])),
  taxes: z.array(z.tuple([z.string(), minor, z.boolean(), minor])),
});

/** `split` is that of `BookingCreated`. */
const saleOfBoxOffice = z.object({
  organizationId: z.uuid(),
  tender: z.string(),
  totalMinor: minor,
  currency: z.string(),
  split: z.array(splitLine),
});

/** Seats are HELD; the payments service opens a session for `totalMinor`. */
export const bookingCreated = z.object({
  type: z.literal('BookingCreated'),
  ...ofBooking,
  ...seatChange,
  totalMinor: z.int().nonnegative(),
  currency: z.string(),
  holdExpiresAt: z.iso.datetime(),
  /** The texts that the fan reads at the gateway: the event's title, and one line per seat. */
  description: z.string(),
  lines: z.array(z.object({ label: z.string(), amountMinor: z.int().nonnegative() })),
  organizationId: z.uuid().optional(),
  /** What the total consists of, for the journal. Absent, as the organization, in messages of an older release. */
  split: z.array(splitLine).optional(),
});
/** Seats are BOOKED, tickets exist. `retaken`: the hold had ended and exactly the same seats were still free. */
export const bookingConfirmed = z.object({
  type: z.literal('BookingConfirmed'),
  ...ofBooking,
  ...seatChange,
  confirmedAt: z.iso.datetime(),
  retaken: z.boolean(),
  /** The box office sold it: what it got, and in which way. */
  sale: saleOfBoxOffice.optional(),
});
/**
 * What `BookingConfirmed` has in `sale`, once more, for bookings of the box office from before messages had it. Payments
 * enters each sale once.
 */
export const boxOfficeSold = z.object({
  type: z.literal('BoxOfficeSold'),
  ...ofBooking,
  confirmedAt: z.iso.datetime(),
  sale: saleOfBoxOffice,
});
/** Seats are AVAILABLE again; a session that is still open must be closed. */
export const bookingExpired = z.object({ type: z.literal('BookingExpired'), ...ofBooking, ...seatChange });
export const bookingFailed = z.object({ type: z.literal('BookingFailed'), ...ofBooking, ...seatChange });
/**
 * Seats are AVAILABLE again. `refundDue`: it was confirmed, so the money is refunded. `refundMinor`: how much of it; left
 * out: all of it. `tender`: the box office sold it, so payments has no payment of it and the money is paid back by hand.
 */
export const bookingCancelled = z.object({
  type: z.literal('BookingCancelled'),
  ...ofBooking,
  ...seatChange,
  refundDue: z.boolean(),
  refundMinor: z.int().nonnegative().optional(),
  tender: z.string().optional(),
});
/**
 * Tickets of a confirmed booking are void, and their seats AVAILABLE again: those that go to an allocation have a message
 * of their own. `refund`: what goes back for them, as parts of the booking's `split`. Without it nothing goes back
 * through the gateway.
 */
export const ticketsVoided = z.object({
  type: z.literal('TicketsVoided'),
  ...ofBooking,
  ...seatChange,
  refund: z
    .object({ id: z.uuid(), amountMinor: minor, currency: z.string(), reason: z.string(), split: z.array(splitLine) })
    .optional(),
});
/**
 * The box office gave money back by hand, in the way in which its sale was paid. `split`: what went back, as parts of what
 * was sold. Its seats have a message of their own.
 */
export const boxOfficeRefunded = z.object({
  type: z.literal('BoxOfficeRefunded'),
  ...ofBooking,
  refundId: z.uuid(),
  organizationId: z.uuid(),
  tender: z.string(),
  amountMinor: minor,
  currency: z.string(),
  reason: z.string(),
  seatNos: z.array(z.int().nonnegative()),
  split: z.array(splitLine),
});
/** Seats of the event are BLOCKED, for the fans who may have this allocation. */
export const seatsAllocated = z.object({
  type: z.literal('SeatsAllocated'),
  ...about,
  ...seatChange,
  allocation: z.string(),
});
/** Seats that were of an allocation are AVAILABLE: the public may have them. */
export const seatsOpened = z.object({ type: z.literal('SeatsOpened'), ...about, ...seatChange });
/**
 * Money arrived after the hold had ended and the seats are gone: it is refunded. For an unknown booking the user is
 * unknown.
 */
export const bookingConfirmationFailed = z.object({
  type: z.literal('BookingConfirmationFailed'),
  ...about,
  userId: z.uuid().optional(),
  reason: z.string(),
});
/** The one recorded extension of a hold, made when the delay was our fault. */
export const holdExtended = z.object({
  type: z.literal('HoldExtended'),
  ...ofBooking,
  holdExpiresAt: z.iso.datetime(),
});

/** From the payments service; `aggregateId` is the booking. */
export const paymentSessionOpened = z.object({
  type: z.literal('PaymentSessionOpened'),
  ...about,
  url: z.url(),
  openedAt: z.iso.datetime(),
});
export const paymentSucceeded = z.object({
  type: z.literal('PaymentSucceeded'),
  ...about,
  amountMinor: z.int().nonnegative(),
  currency: z.string(),
  capturedAt: z.iso.datetime(),
});
export const paymentFailed = z.object({ type: z.literal('PaymentFailed'), ...about, reason: z.string() });
export const refundRequested = z.object({
  type: z.literal('RefundRequested'),
  ...about,
  amountMinor: z.int().nonnegative(),
  currency: z.string(),
  reason: z.string(),
});
export const paymentRefunded = z.object({
  type: z.literal('PaymentRefunded'),
  ...about,
  amountMinor: z.int().nonnegative(),
  currency: z.string(),
});

/**
 * A refund of a part began, arrived or failed; or the refund of the whole payment failed, which `RefundRequested` and
 * `PaymentRefunded` report otherwise. `refundedMinor`: what is back over all refunds of the payment.
 */
export const refundChanged = z.object({
  type: z.literal('RefundChanged'),
  ...about,
  refundId: z.uuid(),
  status: z.enum(['PENDING', 'SUCCEEDED', 'FAILED']),
  /** GATEWAY: it was made there, without a request of ours. */
  origin: z.enum(['BOOKING', 'GATEWAY']),
  amountMinor: minor,
  currency: z.string(),
  reason: z.string(),
  refundedMinor: minor,
});

/**
 * The bank of the fan asks for the money back, has it back (LOST), or has left it with us (WON). `takesAll`: nothing of
 * the payment is left.
 */
export const paymentDisputed = z.object({
  type: z.literal('PaymentDisputed'),
  ...about,
  disputeId: z.string(),
  status: z.enum(['INQUIRY', 'OPEN', 'WON', 'LOST']),
  amountMinor: minor,
  currency: z.string(),
  takesAll: z.boolean(),
});

/** All published events, by type. */
export const domainEvent = z.discriminatedUnion('type', [
  eventPublished,
  eventChanged,
  eventCancelled,
  bookingCreated,
  bookingConfirmed,
  bookingExpired,
  bookingFailed,
  bookingCancelled,
  ticketsVoided,
  boxOfficeSold,
  boxOfficeRefunded,
  seatsAllocated,
  seatsOpened,
  bookingConfirmationFailed,
  holdExtended,
  paymentSessionOpened,
  paymentSucceeded,
  paymentFailed,
  refundRequested,
  paymentRefunded,
  refundChanged,
  paymentDisputed,
]);
export type DomainEvent = z.infer<typeof domainEvent>;
export type DomainEventType = DomainEvent['type'];
export type SplitLine = z.infer<typeof splitLine>;
export type DomainEventOf<T extends DomainEventType> = Extract<DomainEvent, { type: T }>;

/**
 * The topics of the event log: one per aggregate; the key is the event id, so that the messages of one event stay in
 * order.
 */
export const aggregateTypes = ['catalog', 'booking', 'payment'] as const;
export type AggregateType = (typeof aggregateTypes)[number];

const aggregateByType: Record<DomainEventType, AggregateType> = {
  EventPublished: 'catalog',
  EventChanged: 'catalog',
  EventCancelled: 'catalog',
  BookingCreated: 'booking',
  BookingConfirmed: 'booking',
  BookingExpired: 'booking',
  BookingFailed: 'booking',
  BookingCancelled: 'booking',
  TicketsVoided: 'booking',
  BoxOfficeSold: 'booking',
  BoxOfficeRefunded: 'booking',
  SeatsAllocated: 'booking',
  SeatsOpened: 'booking',
  BookingConfirmationFailed: 'booking',
  HoldExtended: 'booking',
  PaymentSessionOpened: 'payment',
  PaymentSucceeded: 'payment',
  PaymentFailed: 'payment',
  RefundRequested: 'payment',
  PaymentRefunded: 'payment',
  RefundChanged: 'payment',
  PaymentDisputed: 'payment',
};

export const aggregateTypeOf = (event: { type: DomainEventType }): AggregateType => aggregateByType[event.type];
