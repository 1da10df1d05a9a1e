import { Agent, request } from 'undici';
import { z } from 'zod';
import {
  type CallOptions,
  type GatewayRefund,
  type GatewayRefusalCode,
  GatewayRefused,
  type GatewaySession,
  GatewayUnavailable,
  type ListingGateway,
  type Notice,
  NoticeRejected,
  type NoticeType,
  type OpenedSession,
} from '#domain/payments/gateway.ts';
import { movementsAnswer, movementsPath } from './sandbox-movements.ts';
import { assertSigned, epochSeconds, gatewayName, parseSignedJson } from './signed-notice.ts';

export interface SandboxConfig {
  readonly kind: 'sandbox';
  /** The address of the sandbox gateway's merchant API. */
  readonly url: string;
  readonly apiKey: string;
  /** The current secret and, during a rotation, the previous one. */
  readonly webhookSecrets: readonly string[];
  /** Deadline of one call; default 10,000. */
  readonly timeoutMs?: number | undefined;
}

const statuses = { open: 'OPEN', paid: 'PAID', declined: 'DECLINED', expired: 'EXPIRED' } as const;

const refundStates = { succeeded: 'SUCCEEDED', pending: 'PENDING', failed: 'FAILED' } as const;

const refundAnswer = z
  .object({
    id: gatewayName,
    amount_minor: z.int(),
    status: z.enum(['succeeded', 'pending', 'failed']),
    key: z.string().nullish(),
  })
  .transform(
    (refund): GatewayRefund => ({
      refundReference: refund.id,
      amountMinor: refund.amount_minor,
      status: refundStates[refund.status],
      key: refund.key ?? undefined,
    }),
  );

const sessionAnswer = z
  .object({
    id: gatewayName,
    status: z.enum(['open', 'paid', 'declined', 'expired']),
    url: z.string().nullable(),
    amount_minor: z.int(),
    captured_minor: z.int(),
    currency: z.string(),
    metadata: z.object({ booking_id: gatewayName, event_id: gatewayName }),
    expires_at: z.iso.datetime(),
    refunds: z.array(refundAnswer),
  })
  .transform(
    (session): GatewaySession => ({
      reference: session.id,
      bookingId: session.metadata.booking_id,
      eventId: session.metadata.event_id,
      status: statuses[session.status],
      url: session.url ?? undefined,
      amountMinor: session.amount_minor,
      capturedMinor: session.captured_minor,
      currency: session.currency,
      expiresAt: new Date(session.expires_at),
      refunds: session.refunds,
    }),
  );

const openedAnswer = z.object({ id: gatewayName, url: z.string(), expires_at: z.iso.datetime() }).transform(
  (session): OpenedSession => ({
    reference: session.id,
    url: session.url,
    expiresAt: new Date(session.expires_at),
  }),
);

const notice = z.object({
  id: gatewayName,
  type: z.string(),
  created: epochSeconds,
  data: z.object({ object: z.unknown() }),
});

const disputeStates = { inquiry: 'INQUIRY', open: 'OPEN', won: 'WON', lost: 'LOST' } as const;

const disputeObject = z.object({
  id: gatewayName,
  session: gatewayName,
  status: z.enum(['inquiry', 'open', 'won', 'lost']),
  amount_minor: z.int(),
  currency: z.string(),
  metadata: z.object({ booking_id: gatewayName }),
});

const noticeTypes: Readonly<Record<string, NoticeType>> = {
  'session.paid': 'SESSION_PAID',
  'session.declined': 'SESSION_DECLINED',
  'session.expired': 'SESSION_EXPIRED',
  'session.refunded': 'REFUNDED',
  'refund.failed': 'REFUND_CHANGED',
  'dispute.created': 'DISPUTE',
  'dispute.funds_withdrawn': 'DISPUTE',
  'dispute.closed': 'DISPUTE',
};

/** The adapter to the sandbox gateway process. */
export function openSandboxGateway(config: SandboxConfig): ListingGateway {
  const call = caller(config);
  const listSessions = async (query: URLSearchParams, signal: AbortSignal | undefined) => {
    const path = `/v1/sessions?${query}`;
    return (await call({ method: 'GET', path, signal }, z.object({ data: z.array(sessionAnswer) }))).data;
  };
  return {
    name: 'sandbox',
    async openSession({ signal, ...request }) {
      const body = {
        amount_minor: request.amountMinor,
        currency: request.currency,
        description: request.description,
        lines: request.lines.map((line) => ({ label: line.label, amount_minor: line.amountMinor })),
        expires_at: request.expiresAt.toISOString(),
        held_until: request.heldUntil?.toISOString(),
        success_url: request.successUrl,
        metadata: { booking_id: request.bookingId, event_id: request.eventId },
      };
      const post = { method: 'POST', path: '/v1/sessions', body, key: request.idempotencyKey, signal } as const;
      return call(post, openedAnswer);
    },
    findSessionsByBooking: ({ bookingId, signal }) =>
      listSessions(new URLSearchParams({ booking_id: bookingId }), signal),
    findSessionsSince: ({ since, signal }) =>
      listSessions(new URLSearchParams({ changed_since: since.toISOString() }), signal),
    listMovements: (search) =>
      call({ method: 'GET', path: movementsPath(search), signal: search.signal }, movementsAnswer),
    getSession: (reference, options) =>
      call({ method: 'GET', path: `/v1/sessions/${encodeURIComponent(reference)}`, ...options }, sessionAnswer),
    expireSession: (reference, options) =>
      call({ method: 'POST', path: `/v1/sessions/${encodeURIComponent(reference)}/expire`, ...options }, sessionAnswer),
    // A session of the sandbox is its payment, so each notice names it.
    findBookingOfPayment: async () => undefined,
    refund(request) {
      const body = { session: request.reference, amount_minor: request.amountMinor, currency: request.currency };
      const { idempotencyKey: key, signal } = request;
      return call({ method: 'POST', path: '/v1/refunds', body, key, signal }, refundAnswer);
    },
    verifyNotice(rawBody, headers, now) {
      assertSigned({ rawBody, header: headers['frontrow-signature'], secrets: config.webhookSecrets, now });
      return readNotice(parseSignedJson(rawBody));
    },
  };
}

interface ApiCall extends CallOptions {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly key?: string;
}

/** Connections that are kept: a call on a new one takes three times as long. */
const connections = new Agent({ connections: 64 });

/** @throws GatewayRefused on a definite no, GatewayUnavailable on every failure that leaves the result unknown */
function caller(config: SandboxConfig) {
  return async <T>(apiCall: ApiCall, answer: z.ZodType<T>): Promise<T> => {
    const { status, text } = await exchange(config, apiCall).catch((cause: unknown) => {
      throw new GatewayUnavailable('The sandbox gateway did not answer.', { cause });
    });
    if (status >= 200 && status < 300) return readAnswer(text, answer);
    if (status >= 500 || status === 408 || status === 429) {
      throw new GatewayUnavailable(`The sandbox gateway answered ${status}.`);
    }
    throw refusal(status, text);
  };
}

async function exchange(config: SandboxConfig, { method, path, body, key, signal }: ApiCall) {
  const headers: Record<string, string> = { authorization: `Bearer ${config.apiKey}`, accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (key !== undefined) headers['idempotency-key'] = key;
  const deadline = AbortSignal.timeout(config.timeoutMs ?? 10_000);
  const { statusCode, body: answer } = await request(config.url.replace(/\/+$/, '') + path, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    dispatcher: connections,
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
  });
  const text = await answer.text();
  if (statusCode >= 300 && statusCode < 400) throw new Error('The sandbox gateway redirects.');
  return { status: statusCode, text };
}

function readAnswer<T>(text: string, answer: z.ZodType<T>): T {
  try {
    return answer.parse(JSON.parse(text));
  } catch (cause) {
    throw new GatewayUnavailable('The answer of the sandbox gateway cannot be read.', { cause });
  }
}

const refusalCodes: Readonly<Record<string, GatewayRefusalCode>> = {
  not_found: 'NOT_FOUND',
  idempotency_error: 'KEY_REUSED',
  not_refundable: 'NOT_REFUNDABLE',
  balance_insufficient: 'BALANCE_TOO_LOW',
  invalid_request_error: 'INVALID_REQUEST',
  authentication_error: 'UNAUTHORIZED',
};

const refusalAnswer = z.object({ error: z.object({ type: z.string(), message: z.string() }) });

function refusal(status: number, text: string): GatewayRefused {
  const parsed = refusalAnswer.safeParse(parseOrUndefined(text));
  const { type, message } = parsed.success ? parsed.data.error : { type: '', message: `answered ${status}` };
  return new GatewayRefused(refusalCodes[type] ?? 'OTHER', `The sandbox gateway refused: ${message}`);
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readNotice(json: unknown): Notice {
  const parsed = notice.safeParse(json);
  if (!parsed.success) throw new NoticeRejected('UNREADABLE', 'The notice has an unknown shape.');
  const { id, type, created, data } = parsed.data;
  const known = noticeTypes[type];
  const base = { gatewayEventId: id, occurredAt: new Date(created * 1000) };
  if (!known) return { ...base, type: 'IGNORED' };
  if (known === 'DISPUTE') return readDispute(base, data.object);
  const session = sessionAnswer.safeParse(data.object);
  if (!session.success) throw new NoticeRejected('UNREADABLE', `The notice ${type} has an unknown session.`);
  const { reference, bookingId, currency } = session.data;
  return { ...base, type: known, reference, bookingId, currency, amountMinor: noticeAmount(known, session.data) };
}

function readDispute(base: Pick<Notice, 'gatewayEventId' | 'occurredAt'>, object: unknown): Notice {
  const parsed = disputeObject.safeParse(object);
  if (!parsed.success) throw new NoticeRejected('UNREADABLE', 'The notice has an unknown dispute.');
  const { id, session: reference, status, amount_minor: amountMinor, currency, metadata } = parsed.data;
  const dispute = { id, state: disputeStates[status] };
  return { ...base, type: 'DISPUTE', reference, bookingId: metadata.booking_id, amountMinor, currency, dispute };
}

/** Of failed refunds the notice has no amount, so that the gateway's own books are read. */
function noticeAmount(type: NoticeType, session: GatewaySession): number | undefined {
  if (type === 'REFUND_CHANGED') return undefined;
  if (type === 'REFUNDED') return sumOf(session.refunds.filter(({ status }) => status === 'SUCCEEDED'));
  return type === 'SESSION_PAID' ? session.capturedMinor : session.amountMinor;
}

const sumOf = (refunds: readonly GatewayRefund[]): number =>
  refunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
