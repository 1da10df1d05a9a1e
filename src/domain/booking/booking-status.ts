export const bookingStatuses = ['PENDING_PAYMENT', 'CONFIRMED', 'EXPIRED', 'FAILED', 'CANCELLED'] as const;
export type BookingStatus = (typeof bookingStatuses)[number];

/** One guarded statement exists for each edge, and for nothing else. EXPIRED -> CONFIRMED is `retake` alone. */
export const bookingTransitions = {
  PENDING_PAYMENT: ['CONFIRMED', 'EXPIRED', 'FAILED', 'CANCELLED'],
  CONFIRMED: ['CANCELLED'],
  EXPIRED: ['CONFIRMED'],
  FAILED: [],
  CANCELLED: [],
} as const satisfies Record<BookingStatus, readonly BookingStatus[]>;

export const paymentStatuses = [
  'CREATING_SESSION',
  'SESSION_CREATED',
  'PAYMENT_SUCCESS',
  'PAYMENT_FAILED',
  'REFUND_PENDING',
  'REFUNDED',
] as const;
export type PaymentStatus = (typeof paymentStatuses)[number];

/** What clients see: PAYMENT_READY is PENDING_PAYMENT with an open payment session. */
export type VisibleBookingStatus = BookingStatus | 'PAYMENT_READY';

export function visibleStatus(booking: { status: BookingStatus; paymentStatus: PaymentStatus }): VisibleBookingStatus {
  return booking.status === 'PENDING_PAYMENT' && booking.paymentStatus === 'SESSION_CREATED'
    ? 'PAYMENT_READY'
    : booking.status;
}
