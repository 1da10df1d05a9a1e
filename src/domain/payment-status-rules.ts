import type { PaymentStatus } from './booking-status.ts';

/**
 * A status with a higher number is newer. A failed attempt may be followed by a paid one, never the other way round.
 */
const rank: Record<PaymentStatus, number> = {
  CREATING_SESSION: 0,
  SESSION_CREATED: 1,
  PAYMENT_FAILED: 2,
  PAYMENT_SUCCESS: 3,
  REFUND_PENDING: 4,
  REFUNDED: 5,
};

/** The payment's status after `news` arrived: an older message never replaces a newer state. */
export function paymentStatusAfter(now: PaymentStatus, news: PaymentStatus): PaymentStatus {
  return rank[news] > rank[now] ? news : now;
}

/** The statuses that `news` may replace, for the guard of an UPDATE. */
export function replaceableBy(news: PaymentStatus): PaymentStatus[] {
  return (Object.keys(rank) as PaymentStatus[]).filter((status) => rank[status] < rank[news]);
}
