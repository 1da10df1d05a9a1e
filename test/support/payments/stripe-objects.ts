/**
 * Objects in the form of Stripe's API of version 2026-10-28, taken from its reference and shortened, but with every
 * field that an integration may come to use. Amounts and ids are filled in.
 */
export interface StripeSession {
  id: string;
  created: number;
  expiresAt: number;
  amount: number;
  currency: string;
  metadata: Record<string, string>;
  successUrl: string | null;
  status: 'open' | 'complete' | 'expired';
  paymentStatus: 'paid' | 'unpaid';
  /** Set after the first attempt to pay. */
  intent: string | null;
  url: string;
  refunds: StripeRefund[];
}

export interface StripeRefund {
  id: string;
  amount: number;
  created: number;
  metadata: Record<string, string>;
}

export function checkoutSession(session: StripeSession, expanded = false) {
  return {
    id: session.id,
    object: 'checkout.session',
    adaptive_pricing: { enabled: false },
    after_expiration: null,
    allow_promotion_codes: null,
    amount_subtotal: session.amount,
    amount_total: session.amount,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: null,
    client_reference_id: session.metadata.booking_id ?? null,
    consent: null,
    created: session.created,
    currency: session.currency,
    customer: null,
    customer_creation: 'if_required',
    customer_email: null,
    expires_at: session.expiresAt,
    invoice: null,
    livemode: false,
    locale: null,
    metadata: session.metadata,
    mode: 'payment',
    payment_intent: expanded && session.intent ? paymentIntent(session) : session.intent,
    payment_link: null,
    payment_method_collection: 'if_required',
    payment_method_types: ['card'],
    payment_status: session.paymentStatus,
    recovered_from: null,
    setup_intent: null,
    shipping_options: [],
    status: session.status,
    submit_type: null,
    subscription: null,
    success_url: session.successUrl,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    url: session.status === 'open' ? session.url : null,
  };
}

function paymentIntent(session: StripeSession) {
  const paid = session.paymentStatus === 'paid';
  return {
    id: session.intent,
    object: 'payment_intent',
    amount: session.amount,
    amount_capturable: 0,
    amount_received: paid ? session.amount : 0,
    canceled_at: null,
    capture_method: 'automatic_async',
    confirmation_method: 'automatic',
    created: session.created,
    currency: session.currency,
    latest_charge: paid ? charge(session) : null,
    livemode: false,
    metadata: session.metadata,
    next_action: null,
    payment_method_types: ['card'],
    status: paid ? 'succeeded' : 'requires_payment_method',
  };
}

export function charge(session: StripeSession) {
  const refunded = session.refunds.reduce((sum, { amount }) => sum + amount, 0);
  const list = session.refunds.map((given) => refund(session, given)).reverse();
  return {
    id: `ch_${session.intent}`,
    object: 'charge',
    amount: session.amount,
    amount_captured: session.amount,
    amount_refunded: refunded,
    captured: true,
    created: session.created,
    currency: session.currency,
    disputed: false,
    livemode: false,
    metadata: session.metadata,
    outcome: { network_status: 'approved_by_network', risk_level: 'normal', type: 'authorized' },
    paid: true,
    payment_intent: session.intent,
    refunded: refunded === session.amount,
    refunds: { object: 'list', data: list, has_more: false, url: `/v1/charges/ch_${session.intent}/refunds` },
    status: 'succeeded',
  };
}

export function refund(session: StripeSession, given: StripeRefund) {
  return {
    id: given.id,
    object: 'refund',
    amount: given.amount,
    balance_transaction: null,
    charge: `ch_${session.intent}`,
    created: given.created,
    currency: session.currency,
    destination_details: { card: { reference_status: 'pending', type: 'refund' }, type: 'card' },
    metadata: given.metadata,
    payment_intent: session.intent,
    reason: null,
    receipt_number: null,
    status: 'succeeded',
  };
}

export function event(id: string, type: string, object: unknown) {
  return {
    id,
    object: 'event',
    api_version: '2026-10-28.endive',
    created: Math.floor(Date.now() / 1000),
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  };
}
