export const paymentStatuses = [
  'CREATING_SESSION',
  'SESSION_CREATED',
  'PAYMENT_SUCCESS',
  'PAYMENT_FAILED',
  'REFUND_PENDING',
  'REFUNDED',
] as const;
export type PaymentStatus = (typeof paymentStatuses)[number];

/**
 * One guarded statement exists for each edge, and for nothing else. CREATING_SESSION -> PAYMENT_SUCCESS is a session that
 * was found paid before its opening was ever answered. The two edges out of PAYMENT_FAILED exist because money
 * is never ignored: a capture that becomes known after a decline was reported counts, and one of another amount than we
 * asked for is given back.
 */
export const paymentTransitions = {
  CREATING_SESSION: ['SESSION_CREATED', 'PAYMENT_SUCCESS', 'PAYMENT_FAILED'],
  SESSION_CREATED: ['PAYMENT_SUCCESS', 'PAYMENT_FAILED'],
  PAYMENT_SUCCESS: ['REFUND_PENDING'],
  PAYMENT_FAILED: ['PAYMENT_SUCCESS', 'REFUND_PENDING'],
  REFUND_PENDING: ['REFUNDED'],
  REFUNDED: [],
} as const satisfies Record<PaymentStatus, readonly PaymentStatus[]>;
