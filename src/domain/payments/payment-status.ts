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
 * requested is refunded. PAYMENT_SUCCESS -> REFUNDED: its refunds in parts come to the whole. Back to PAYMENT_SUCCESS: the
 * bank sent a refund back, so the money is here again.
 */
export const paymentTransitions = {
  CREATING_SESSION: ['SESSION_CREATED', 'PAYMENT_SUCCESS', 'PAYMENT_FAILED'],
  SESSION_CREATED: ['PAYMENT_SUCCESS', 'PAYMENT_FAILED'],
  PAYMENT_SUCCESS: ['REFUND_PENDING', 'REFUNDED'],
  PAYMENT_FAILED: ['PAYMENT_SUCCESS', 'REFUND_PENDING'],
  REFUND_PENDING: ['REFUNDED', 'PAYMENT_SUCCESS'],
  REFUNDED: ['PAYMENT_SUCCESS'],
} as const satisfies Record<PaymentStatus, readonly PaymentStatus[]>;
