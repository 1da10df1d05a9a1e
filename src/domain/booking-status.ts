export const bookingStatuses = ['PENDING_PAYMENT', 'CONFIRMED', 'EXPIRED', 'FAILED', 'CANCELLED'] as const;
export type BookingStatus = (typeof bookingStatuses)[number];

/** Each transition has exactly one guarded statement. EXPIRED -> CONFIRMED is `retake` alone. */
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

/** The status that clients see: PAYMENT_READY is PENDING_PAYMENT with an open payment session. */
export type VisibleBookingStatus = BookingStatus | 'PAYMENT_READY';

export function visibleStatus(booking: { status: BookingStatus; paymentStatus: PaymentStatus }): VisibleBookingStatus {
  return booking.status === 'PENDING_PAYMENT' && booking.paymentStatus === 'SESSION_CREATED'
    ? 'PAYMENT_READY'
    : booking.status;
}

/** Where the fan can pay now; null before the session is open, and when a payment there is no longer of use. */
export function openPaymentUrl(booking: {
  status: BookingStatus;
  paymentStatus: PaymentStatus;
  paymentUrl: string | null;
}): string | null {
  return visibleStatus(booking) === 'PAYMENT_READY' ? booking.paymentUrl : null;
}

/** Whether neither the booking nor its money will change again. */
export function isLastState(
  booking: { status: BookingStatus; paymentStatus: PaymentStatus; totalMinor: number },
  { canBeCancelled }: { canBeCancelled: boolean },
): boolean {
  const { status, paymentStatus, totalMinor } = booking;
  if (status === 'PENDING_PAYMENT') return false;
  if (status === 'CONFIRMED') return !canBeCancelled;
  // Money can still arrive or be on its way back, unless there never was any.
  return totalMinor === 0 || paymentStatus === 'PAYMENT_FAILED' || paymentStatus === 'REFUNDED';
}
