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
 * Each transition has exactly one guarded statement. CREATING_SESSION -> PAYMENT_SUCCESS is a session that was found
 * paid before its opening was ever answered. The two transitions out of PAYMENT_FAILED exist because money is never
 * ignored: a capture that becomes known after a reported decline counts, and a capture of another amount than
 * requested is refunded.
 */
export const paymentTransitions = {
  CREATING_SESSION: ['SESSION_CREATED', 'PAYMENT_SUCCESS', 'PAYMENT_FAILED'],
  SESSION_CREATED: ['PAYMENT_SUCCESS', 'PAYMENT_FAILED'],
  PAYMENT_SUCCESS: ['REFUND_PENDING'],
  PAYMENT_FAILED: ['PAYMENT_SUCCESS', 'REFUND_PENDING'],
  REFUND_PENDING: ['REFUNDED'],
  REFUNDED: [],
} as const satisfies Record<PaymentStatus, readonly PaymentStatus[]>;
