/**
 * The port to a payment provider. Two adapters ship: the sandbox and Stripe; one conformance suite runs against both.
 *
 * Every call either returns or fails in one of two ways, and the difference decides what the caller may do next:
 * - `GatewayRefused`: a definite no. Nothing happened; the same call will be refused again.
 * - `GatewayUnavailable`: the result is unknown. The call may have acted. Repeat it with the same idempotency key and
 *   the same fields. When that keeps failing, look with `findSessionsByBooking`. Never make a new key for it.
 *
 * Every call has a deadline of the adapter's own (about ten seconds); `signal` can only shorten it.
 */
export interface PaymentGateway {
  readonly name: GatewayName;
  /**
   * Opens a checkout for one booking. The same key with the same fields returns the same session in every call. The
   * same key with other fields is refused, so every attempt must send exactly what the first one sent.
   */
  openSession(request: OpenSessionRequest): Promise<OpenedSession>;
  /** Sessions that have this booking's id in their metadata, newest first; empty only when no session exists. */
  findSessionsByBooking(search: FindSessions): Promise<GatewaySession[]>;
  /** The provider's state of one session. Refuses (`NOT_FOUND`) a reference that it has never given out. */
  getSession(reference: string, options?: CallOptions): Promise<GatewaySession>;
  /**
   * Ends a session so that it can no longer be paid, and returns the state in which it ended. Safe to repeat. `PAID`
   * means that the fan has paid before: nothing was changed and the caller has to handle a late payment.
   */
  expireSession(reference: string, options?: CallOptions): Promise<GatewaySession>;
  /** The booking whose session this payment belongs to; undefined for a payment of another shop. */
  findBookingOfPayment(paymentReference: string, options?: CallOptions): Promise<string | undefined>;
  /** Refunds money. The same key returns the same refund. Refuses more than what is left of the capture. */
  refund(request: RefundRequest): Promise<GatewayRefund>;
  /**
   * Checks the signature over the raw body (before anything is parsed) and reads the notice. Makes no network call.
   * @param rawBody the bytes as they arrived; @param now the time against which the notice's time stamp is checked
   * @throws NoticeRejected when it is not from the gateway, too old (300 s), or unreadable
   */
  verifyNotice(rawBody: Buffer, headers: NoticeHeaders, now: Date): Notice;
}

/** Needed only after a restore; both adapters have it. */
export interface RecallingGateway extends PaymentGateway {
  /** Sessions that were opened or refunded at `since` or later, which a restored database may have lost. Each once. */
  findSessionsSince(search: { since: Date } & CallOptions): Promise<GatewaySession[]>;
}

/**
 * Money that moved at the gateway. `REFUND_RETURNED`: the bank sent a refund back. `DISPUTE_RETURNED`: the shop won a
 * dispute whose money had been withdrawn.
 */
export type MovementKind = 'CAPTURE' | 'REFUND' | 'REFUND_RETURNED' | 'DISPUTE_WITHDRAWN' | 'DISPUTE_RETURNED';

export interface GatewayMovement {
  readonly kind: MovementKind;
  /** Of a capture: the session, or the payment where `paymentReference` is set. Otherwise the refund or the dispute. */
  readonly reference: string;
  /** Undefined when the provider's object does not name it; then `paymentReference` is set. */
  readonly bookingId?: string | undefined;
  readonly paymentReference?: string | undefined;
  /** The idempotency key of a refund of ours. */
  readonly key?: string | undefined;
  /** Positive, in minor units of the currency in which the fan paid. */
  readonly amountMinor: number;
  /** ISO 4217, upper case. */
  readonly currency: string;
  readonly at: Date;
  /** What the gateway took for itself, in the currency of its balance; negative when it gave a fee back. */
  readonly fee?: { readonly amountMinor: number; readonly currency: string } | undefined;
}

export interface MovementPage {
  readonly movements: readonly GatewayMovement[];
  /** How many entries of the page belong to another shop of the account. */
  readonly foreign: number;
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
}

export interface ListMovements extends CallOptions {
  readonly from: Date;
  /** Not included. */
  readonly to: Date;
  readonly cursor?: string | undefined;
}

/** Lists what the gateway did; both adapters have it. */
export interface ListingGateway extends RecallingGateway {
  /** One page of the money that moved between two instants, in any order, each movement once over all pages. */
  listMovements(search: ListMovements): Promise<MovementPage>;
}

export type GatewayName = 'sandbox' | 'stripe';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface OpenSessionRequest extends CallOptions {
  readonly bookingId: string;
  readonly eventId: string;
  /** Must equal the sum of the lines. Minor units of `currency`. */
  readonly amountMinor: number;
  /** ISO 4217, upper case. */
  readonly currency: string;
  /** The text above the lines that the fan reads, e.g. the event's title. */
  readonly description: string;
  readonly lines: readonly SessionLine[];
  /** When the session may end. A provider may keep it open longer than this, so the caller expires it as well. */
  readonly expiresAt: Date;
  /** Until when the seats are held, for the fan to read: the session may outlive the hold. */
  readonly heldUntil?: Date | undefined;
  readonly successUrl?: string | undefined;
  /** `session:<bookingId>` */
  readonly idempotencyKey: string;
}

export interface SessionLine {
  readonly label: string;
  readonly amountMinor: number;
}

export interface OpenedSession {
  /** The provider's id of the session; every later call and notice refers to it. */
  readonly reference: string;
  /** The page where the fan pays. */
  readonly url: string;
  readonly expiresAt: Date;
}

export interface FindSessions extends CallOptions {
  readonly bookingId: string;
  /**
   * The earliest time at which we may have asked for a session: the payment's `created_at`. Bounds the search at the
   * provider.
   */
  readonly createdAfter: Date;
}

/**
 * `OPEN` can still be paid (or its payment is being processed). `PAID` stays `PAID` after refunds. `DECLINED` and
 * `EXPIRED` are final: no money will come from them.
 */
export type GatewaySessionStatus = 'OPEN' | 'PAID' | 'DECLINED' | 'EXPIRED';

export interface GatewaySession {
  readonly reference: string;
  readonly bookingId: string | undefined;
  readonly eventId?: string | undefined;
  readonly status: GatewaySessionStatus;
  /** The page where the fan pays; undefined once the session is no longer open. */
  readonly url: string | undefined;
  readonly amountMinor: number;
  /** The amount that was taken from the fan: 0 until `PAID`. Refunds do not lower it. */
  readonly capturedMinor: number;
  readonly currency: string;
  readonly expiresAt: Date;
  readonly refunds: readonly GatewayRefund[];
  /** What notices about refunds and disputes name instead of the session. */
  readonly paymentReference?: string | undefined;
}

export interface RefundRequest extends CallOptions {
  /** The session's reference. */
  readonly reference: string;
  readonly bookingId: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** `refund:<refundId>` */
  readonly idempotencyKey: string;
}

export interface GatewayRefund {
  readonly refundReference: string;
  readonly amountMinor: number;
  /** `PENDING`: accepted, on its way (a `REFUNDED` notice follows). `FAILED`: the bank returned it. */
  readonly status: 'SUCCEEDED' | 'PENDING' | 'FAILED';
  /** The idempotency key of the request; undefined for a refund that was not made by us, or that names none. */
  readonly key?: string | undefined;
}

/** Node's own shape of request headers: lower-case names. */
export type NoticeHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * One webhook delivery. A gateway delivers at least once and in any order: `gatewayEventId` identifies a repeat.
 * `SESSION_DECLINED` is final: the session can no longer be paid. `IGNORED` is a genuine notice that needs no action
 * by Frontrow; acknowledge it.
 */
export interface Notice {
  readonly gatewayEventId: string;
  readonly type: NoticeType;
  /** The session; absent when the provider's notice does not name it (Stripe's refunds). Then `bookingId` is set. */
  readonly reference?: string | undefined;
  readonly bookingId?: string | undefined;
  /**
   * `SESSION_PAID`: captured. `REFUNDED`: refunded so far, over all refunds. `REFUND_CHANGED`: undefined. Otherwise: the
   * session's amount.
   */
  readonly amountMinor?: number | undefined;
  /** ISO 4217, upper case. */
  readonly currency?: string | undefined;
  /** The payment of the session, which notices about refunds and disputes may name instead of both. */
  readonly paymentReference?: string | undefined;
  /** Of a `DISPUTE`; `amountMinor` is what it is about. */
  readonly dispute?: { readonly id: string; readonly state: 'INQUIRY' | 'OPEN' | 'WON' | 'LOST' } | undefined;
  readonly occurredAt: Date;
}

/**
 * `REFUND_CHANGED`: a refund arrived or failed; the gateway's own books say which. `UNKNOWN`: signed by the gateway and of
 * a shape that we do not read; it is kept.
 */
export type NoticeType =
  | 'SESSION_PAID'
  | 'SESSION_DECLINED'
  | 'SESSION_EXPIRED'
  | 'REFUNDED'
  | 'REFUND_CHANGED'
  | 'DISPUTE'
  | 'UNKNOWN'
  | 'IGNORED';

/** The result of the call is unknown: repeat it with the same key and fields. */
export class GatewayUnavailable extends Error {
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, options: { cause?: unknown; retryAfterSeconds?: number | undefined } = {}) {
    super(message, { cause: options.cause });
    this.name = 'GatewayUnavailable';
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export type GatewayRefusalCode =
  | 'NOT_FOUND'
  | 'KEY_REUSED'
  | 'NOT_REFUNDABLE'
  /** The balance at the gateway is too low for this refund; later it may not be. */
  | 'BALANCE_TOO_LOW'
  | 'INVALID_REQUEST'
  | 'UNAUTHORIZED'
  | 'OTHER';

/** A definite no: nothing happened. Repeating the call does not help, except when the balance was too low. */
export class GatewayRefused extends Error {
  readonly code: GatewayRefusalCode;

  constructor(code: GatewayRefusalCode, message: string, options: { cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'GatewayRefused';
    this.code = code;
  }
}

export type NoticeRejectionReason = 'SIGNATURE_MISSING' | 'SIGNATURE_WRONG' | 'TOO_OLD' | 'UNREADABLE';

/** The delivery is not a notice of this gateway. Answer 400 and store nothing of it. */
export class NoticeRejected extends Error {
  readonly reason: NoticeRejectionReason;

  constructor(reason: NoticeRejectionReason, message: string, options: { cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'NoticeRejected';
    this.reason = reason;
  }
}
