import type { GatewaySessionStatus, NoticeType } from './gateway.ts';
import type { PaymentStatus } from './payment-status.ts';

/** The times and pauses of the payments service, in seconds; by the database's clock when rows are compared with it. */
export type PaymentsPolicy = {
  /** How long to wait for a notice about an open session. A lost notice is found within this time and one call. */
  readonly askEverySeconds: number;
  /**
   * A process that claimed a payment and died is replaced after this time. When it is only slow, its work is done
   * twice, which is harmless.
   */
  readonly leaseSeconds: number;
  /** The first pause after an unknown result; it doubles up to `retryMostSeconds`. */
  readonly retryFirstSeconds: number;
  readonly retryMostSeconds: number;
  /** Where the gateway sends the fan after paying. */
  readonly returnUrl?: string | undefined;
};

export const defaultPaymentsPolicy: PaymentsPolicy = {
  askEverySeconds: 40,
  leaseSeconds: 15,
  retryFirstSeconds: 0.5,
  retryMostSeconds: 20,
};

/**
 * How long a session outlives the hold for which it was opened: a hold may be extended once by 120 s, and every
 * attempt to open the session has to send the same time. The booking's end closes the session in time; this is only a
 * safety net.
 */
export const SESSION_GRACE_SECONDS = 150;

export type PaymentStep = 'OPEN_SESSION' | 'CLOSE_SESSION' | 'ASK' | 'REFUND';

type PaymentFacts = {
  readonly status: PaymentStatus;
  readonly closingAt: Date | null;
  readonly sessionExpiresAt: Date;
  readonly inDoubt: boolean;
  readonly openRefunds: number;
};

/** The next action at the gateway for a due payment. */
export function nextStep(payment: PaymentFacts, now: Date): PaymentStep {
  if (payment.status === 'CREATING_SESSION') return 'OPEN_SESSION';
  if (payment.status === 'REFUND_PENDING') return 'REFUND';
  if (payment.status !== 'SESSION_CREATED') return payment.openRefunds > 0 && !payment.inDoubt ? 'REFUND' : 'ASK';
  return payment.closingAt || payment.sessionExpiresAt <= now ? 'CLOSE_SESSION' : 'ASK';
}

/** Seconds until the same step is tried again. `random` in [0, 1) spreads payments that failed together. */
export function retryPauseSeconds(
  policy: PaymentsPolicy,
  failure: { attempts: number; askedForSeconds?: number | undefined },
  random: number,
): number {
  const full = policy.retryFirstSeconds * 2 ** Math.min(Math.max(failure.attempts - 1, 0), 16);
  return Math.max(Math.min(full, policy.retryMostSeconds) * (0.5 + random / 2), failure.askedForSeconds ?? 0);
}

export type SeenSession = {
  readonly status: GatewaySessionStatus;
  readonly capturedMinor: number;
  /** ISO 4217; undefined when the notice has none. */
  readonly currency: string | undefined;
};

/**
 * `SUCCEED`, `FAIL`: the payment moves. `GIVE_BACK`: money was taken, but not the requested amount and currency.
 * `KNOWN`: nothing new, or older than our state. `CONTRADICTION`: money that our books do not have. `OPEN`: not paid
 * yet.
 */
export type Verdict = 'SUCCEED' | 'FAIL' | 'GIVE_BACK' | 'KNOWN' | 'CONTRADICTION' | 'OPEN';

type Books = {
  readonly status: PaymentStatus;
  readonly amountMinor: number;
  readonly currency: string;
  readonly capturedMinor: number;
  readonly capturedCurrency: string | null;
};

/** What a session's state means for our payment. States may become known in any order: paid always wins. */
export function judgeSession(payment: Books, seen: SeenSession): Verdict {
  if (seen.status === 'OPEN') return 'OPEN';
  const waiting = payment.status === 'CREATING_SESSION' || payment.status === 'SESSION_CREATED';
  if (seen.status !== 'PAID') return waiting ? 'FAIL' : 'KNOWN';
  if (payment.capturedCurrency !== null) {
    const same = seen.capturedMinor === payment.capturedMinor && seen.currency === payment.capturedCurrency;
    return same ? 'KNOWN' : 'CONTRADICTION';
  }
  return seen.capturedMinor === payment.amountMinor && seen.currency === payment.currency ? 'SUCCEED' : 'GIVE_BACK';
}

/** The session's state that a notice reports; refunds are judged separately. */
export const sessionStatusByNotice: Partial<Record<NoticeType, GatewaySessionStatus>> = {
  SESSION_PAID: 'PAID',
  SESSION_DECLINED: 'DECLINED',
  SESSION_EXPIRED: 'EXPIRED',
};
