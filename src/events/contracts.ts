import { z } from 'zod';

/** The seats of a transition: from this version on they all have the new status. */
const seatChange = { version: z.int(), seatNos: z.array(z.int().nonnegative()) };

const about = { aggregateId: z.uuid(), eventId: z.uuid() };
const ofBooking = { ...about, userId: z.uuid() };

const catalogChange = { ...about, updatedVersion: z.int() };

export const eventPublished = z.object({ type: z.literal('EventPublished'), ...catalogChange });
export const eventChanged = z.object({ type: z.literal('EventChanged'), ...catalogChange });
export const eventCancelled = z.object({ type: z.literal('EventCancelled'), ...catalogChange });

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
});
/** Seats are BOOKED, tickets exist. `retaken`: the hold had ended and exactly the same seats were still free. */
export const bookingConfirmed = z.object({
  type: z.literal('BookingConfirmed'),
  ...ofBooking,
  ...seatChange,
  confirmedAt: z.iso.datetime(),
  retaken: z.boolean(),
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
  seatsAllocated,
  seatsOpened,
  bookingConfirmationFailed,
  holdExtended,
  paymentSessionOpened,
  paymentSucceeded,
  paymentFailed,
  refundRequested,
  paymentRefunded,
]);
export type DomainEvent = z.infer<typeof domainEvent>;
export type DomainEventType = DomainEvent['type'];
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
  SeatsAllocated: 'booking',
  SeatsOpened: 'booking',
  BookingConfirmationFailed: 'booking',
  HoldExtended: 'booking',
  PaymentSessionOpened: 'payment',
  PaymentSucceeded: 'payment',
  PaymentFailed: 'payment',
  RefundRequested: 'payment',
  PaymentRefunded: 'payment',
};

export const aggregateTypeOf = (event: { type: DomainEventType }): AggregateType => aggregateByType[event.type];
