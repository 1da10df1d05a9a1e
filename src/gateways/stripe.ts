import { Stripe } from 'stripe';
import { fromStripeAmount, toStripeAmount } from '#domain/gateway-amount-rules.ts';
import {
  type GatewayRefund,
  GatewayRefused,
  type GatewaySession,
  type GatewaySessionStatus,
  GatewayUnavailable,
  type ListingGateway,
  type OpenSessionRequest,
  type RefundRequest,
} from '#domain/payments/gateway.ts';
import { listStripeMovements } from './stripe-movements.ts';
import { readStripeNotice } from './stripe-notice.ts';

export interface StripeConfig {
  readonly kind: 'stripe';
  readonly apiKey: string;
  /** The current endpoint secret and, during a rotation, the previous one. */
  readonly webhookSecrets: readonly string[];
  /** Where fans return to when a session has no address of its own; Stripe requires one. */
  readonly successUrl?: string | undefined;
  /** Default https://api.stripe.com */
  readonly apiBase?: string | undefined;
  /** Deadline of one call; default 10,000. */
  readonly timeoutMs?: number | undefined;
}

/** Stripe closes a session at the earliest 30 minutes after opening it; the rest is for clocks that differ. */
const STRIPE_EXTRA_MS = 31 * 60_000;
/** The largest number of line items that Stripe takes. */
const MAX_LINES = 100;
const EXPAND_MONEY = ['payment_intent.latest_charge.refunds'];

/** The adapter to Stripe Checkout: https://docs.stripe.com/api/checkout/sessions */
export function openStripeGateway(config: StripeConfig): ListingGateway {
  const stripe = openClient(config);
  const { sessions } = stripe.checkout;
  const getSession = async (reference: string) =>
    readSession(await sessions.retrieve(reference, { expand: EXPAND_MONEY }));
  return {
    name: 'stripe',
    openSession: (request) =>
      asking(request.signal, async () => {
        const options = { idempotencyKey: request.idempotencyKey };
        const session = await sessions.create(sessionParams(config, request), options);
        // Only embedded checkouts have none, and we open hosted ones.
        if (!session.url) throw new GatewayUnavailable(`Stripe returned session ${session.id} without a payment page.`);
        return { reference: session.id, url: session.url, expiresAt: new Date(session.expires_at * 1000) };
      }),
    findSessionsByBooking: ({ bookingId, createdAfter, signal }) =>
      asking(signal, async () => {
        const references = await findReferences(stripe, bookingId, createdAfter);
        return Promise.all(references.map(getSession));
      }),
    findSessionsSince: ({ since, signal }) =>
      asking(signal, async () => Promise.all((await findChangedSince(stripe, since)).map(getSession))),
    listMovements: (search) => asking(search.signal, () => listStripeMovements(stripe, search)),
    getSession: (reference, options) => asking(options?.signal, () => getSession(reference)),
    expireSession: (reference, options) =>
      asking(options?.signal, async () => {
        try {
          await sessions.expire(reference);
        } catch (error) {
          // Stripe expires only open sessions and calls any other an invalid request. Its present state is read from
          // Stripe.
          if (!(error instanceof Stripe.errors.StripeInvalidRequestError) || error.statusCode === 404) throw error;
          const session = await getSession(reference);
          if (session.status === 'OPEN') throw error;
          return session;
        }
        return getSession(reference);
      }),
    findBookingOfPayment: (paymentReference, options) =>
      asking(options?.signal, async () => {
        const { data } = await sessions.list({ payment_intent: paymentReference, limit: 1 });
        return data[0]?.metadata?.booking_id;
      }),
    refund: (request) => asking(request.signal, () => refund(stripe, request)),
    verifyNotice: (rawBody, headers, now) => readStripeNotice(config.webhookSecrets, { rawBody, headers, now }),
  };
}

function openClient(config: StripeConfig): Stripe {
  const base = new URL(config.apiBase ?? 'https://api.stripe.com');
  const secure = base.protocol === 'https:';
  return new Stripe(config.apiKey, {
    protocol: secure ? 'https' : 'http',
    host: base.hostname,
    port: base.port || (secure ? 443 : 80),
    timeout: config.timeoutMs ?? 10_000,
    // The caller repeats the call, with its own pauses and the same key.
    maxNetworkRetries: 0,
    telemetry: false,
  });
}

/** Everything here derives from the request alone, because Stripe would refuse a repeat that differs in one field. */
function sessionParams(config: StripeConfig, request: OpenSessionRequest): Stripe.Checkout.SessionCreateParams {
  const metadata = { booking_id: request.bookingId, event_id: request.eventId };
  const successUrl = request.successUrl ?? config.successUrl;
  const currency = request.currency.toLowerCase();
  return {
    mode: 'payment',
    // A seat waits five minutes for its money, so methods that settle days later are not allowed.
    allowed_payment_method_types: ['card'],
    // The captured amount must equal the requested one, in the requested currency.
    adaptive_pricing: { enabled: false },
    client_reference_id: request.bookingId,
    metadata,
    // Metadata of a session is not copied to its charge, and notices of refunds have only the charge.
    payment_intent_data: { metadata, description: request.description },
    expires_at: Math.ceil((request.expiresAt.getTime() + STRIPE_EXTRA_MS) / 1000),
    ...(successUrl === undefined ? {} : { success_url: successUrl }),
    ...(request.heldUntil && { custom_text: { submit: { message: holdMessage(request.heldUntil) } } }),
    line_items: stripeLines(request).map(({ label, amountMinor }) => ({
      quantity: 1,
      price_data: {
        currency,
        unit_amount: toStripeAmount(amountMinor, request.currency),
        product_data: { name: label },
      },
    })),
  };
}

/** Stripe's page has no countdown, and does not know the fan's time zone: the time is given in UTC. */
function holdMessage(heldUntil: Date): string {
  const time = heldUntil.toISOString().slice(11, 19);
  return `Your seats are held until ${time} UTC. If you pay later, you get them if they are still free, or your money back.`;
}

function stripeLines({ lines, description, amountMinor }: OpenSessionRequest) {
  return lines.length <= MAX_LINES ? lines : [{ label: description, amountMinor }];
}

/**
 * Stripe cannot search sessions by metadata, so the sessions opened since are listed. A session is looked up within
 * minutes of its payment, or never, which keeps the list short.
 */
async function findReferences(stripe: Stripe, bookingId: string, createdAfter: Date): Promise<string[]> {
  const fromSeconds = Math.floor(createdAfter.getTime() / 1000) - 60;
  const created = { gte: fromSeconds, lte: fromSeconds + 24 * 3_600 };
  const references: string[] = [];
  for await (const session of stripe.checkout.sessions.list({ created, limit: 100 })) {
    if (session.metadata?.booking_id === bookingId) references.push(session.id);
  }
  return references;
}

/** Sessions that were opened since, and those whose payment intent has a refund since. */
async function findChangedSince(stripe: Stripe, since: Date): Promise<string[]> {
  const created = { gte: Math.floor(since.getTime() / 1000) };
  const references = new Set<string>();
  for await (const session of stripe.checkout.sessions.list({ created, limit: 100 })) references.add(session.id);
  for await (const { payment_intent: intent } of stripe.refunds.list({ created, limit: 100 })) {
    const of = idOf(intent);
    if (!of) continue;
    for await (const session of stripe.checkout.sessions.list({ payment_intent: of })) references.add(session.id);
  }
  return [...references];
}

/**
 * Looks for the refund before asking for it: Stripe forgets idempotency keys after a day, and repeats a saved 500 as
 * long as it remembers one.
 */
async function refund(stripe: Stripe, request: RefundRequest): Promise<GatewayRefund> {
  const session = await stripe.checkout.sessions.retrieve(request.reference);
  const intent = idOf(session.payment_intent);
  if (!intent) throw new GatewayRefused('NOT_REFUNDABLE', `Nothing was paid in session ${request.reference}.`);
  for await (const known of stripe.refunds.list({ payment_intent: intent, limit: 100 })) {
    if (known.metadata?.refund_key === request.idempotencyKey) return sameRefund(known, request);
  }
  const metadata = { booking_id: request.bookingId, refund_key: request.idempotencyKey };
  try {
    const amount = toStripeAmount(request.amountMinor, request.currency);
    const params = { payment_intent: intent, amount, metadata };
    return readRefund(await stripe.refunds.create(params, { idempotencyKey: request.idempotencyKey }));
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeInvalidRequestError) || error.statusCode === 404) throw error;
    throw new GatewayRefused('NOT_REFUNDABLE', `Stripe refused the refund: ${error.message}`, { cause: error });
  }
}

function sameRefund(known: Stripe.Refund, request: RefundRequest): GatewayRefund {
  const refunded = readRefund(known);
  if (refunded.amountMinor === request.amountMinor) return refunded;
  throw new GatewayRefused('KEY_REUSED', `${request.idempotencyKey} was already used to refund another amount.`);
}

function readSession(session: Stripe.Checkout.Session): GatewaySession {
  const intent = typeof session.payment_intent === 'object' ? session.payment_intent : null;
  const charge = typeof intent?.latest_charge === 'object' ? intent.latest_charge : null;
  const status = readStatus(session, intent);
  const currency = (session.currency ?? '').toUpperCase();
  const minor = (amount: number) => fromStripeAmount(amount, currency);
  return {
    reference: session.id,
    bookingId: session.metadata?.booking_id,
    eventId: session.metadata?.event_id,
    status,
    url: session.url ?? undefined,
    amountMinor: minor(session.amount_total ?? 0),
    capturedMinor: status === 'PAID' ? minor(intent?.amount_received ?? session.amount_total ?? 0) : 0,
    currency,
    expiresAt: new Date(session.expires_at * 1000),
    refunds: (charge?.refunds?.data ?? []).map(readRefund),
    paymentReference: idOf(session.payment_intent),
  };
}

function readStatus(session: Stripe.Checkout.Session, intent: Stripe.PaymentIntent | null): GatewaySessionStatus {
  if (session.status === 'expired') return 'EXPIRED';
  if (session.status !== 'complete') return 'OPEN';
  if (session.payment_status !== 'unpaid') return 'PAID';
  // Completed but unpaid: the bank is still deciding, or has declined.
  const declined = intent?.status === 'requires_payment_method' || intent?.status === 'canceled';
  return declined ? 'DECLINED' : 'OPEN';
}

function readRefund(refunded: Stripe.Refund): GatewayRefund {
  const amountMinor = fromStripeAmount(refunded.amount, refunded.currency.toUpperCase());
  const key = refunded.metadata?.refund_key;
  return { refundReference: refunded.id, amountMinor, status: refundStatus(refunded.status), key };
}

function refundStatus(status: string | null): GatewayRefund['status'] {
  if (status === 'succeeded') return 'SUCCEEDED';
  return status === 'failed' || status === 'canceled' ? 'FAILED' : 'PENDING';
}

function idOf(expandable: string | { id: string } | null): string | undefined {
  return typeof expandable === 'string' ? expandable : expandable?.id;
}

/** Bounds a call by the caller's signal and turns Stripe's errors into the port's two kinds. */
async function asking<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
  try {
    return signal ? await Promise.race([call(), aborted(signal)]) : await call();
  } catch (error) {
    throw portError(error);
  }
}

/** Stripe's client takes no signal; its own deadline ends the abandoned call. */
function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(new GatewayUnavailable('The call to Stripe was aborted.', { cause: signal.reason }));
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return promise;
}

function portError(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const { statusCode, code, message } = error;
  const options = { cause: error };
  if (statusCode === undefined || statusCode >= 500 || statusCode === 408 || statusCode === 429) {
    const seconds = Number(error.headers?.['retry-after']);
    const retryAfterSeconds = seconds > 0 ? seconds : undefined;
    return new GatewayUnavailable(`Stripe answered ${statusCode ?? 'nothing'}.`, { ...options, retryAfterSeconds });
  }
  // Two of our calls with one key overlapped: the first one is still running.
  if (code === 'idempotency_key_in_use' || code === 'lock_timeout') {
    return new GatewayUnavailable('Stripe is still handling an earlier request with this key.', options);
  }
  return new GatewayRefused(refusalCode(error), `Stripe refused: ${message}`, options);
}

function refusalCode(error: InstanceType<typeof Stripe.errors.StripeError>): GatewayRefused['code'] {
  if (error instanceof Stripe.errors.StripeIdempotencyError) return 'KEY_REUSED';
  if (error.statusCode === 401 || error.statusCode === 403) return 'UNAUTHORIZED';
  if (error.statusCode === 404) return 'NOT_FOUND';
  if (error.code === 'balance_insufficient' || error.code === 'insufficient_funds') return 'BALANCE_TOO_LOW';
  return error.statusCode === 400 ? 'INVALID_REQUEST' : 'OTHER';
}
