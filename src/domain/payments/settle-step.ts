import type { Db } from '#db/client.ts';
import type { Origin } from '#events/origin.ts';
import type { ClaimedPayment } from './claim-due-payments.ts';
import type { OpenedSession, PaymentGateway } from './gateway.ts';
import type { PaymentsPolicy, Verdict } from './payment-rules.ts';

export type SettleNeeds = {
  db: Db;
  gateway: PaymentGateway;
  policy: PaymentsPolicy;
  /** Stores a session that the gateway has opened, together with others. Default: alone. */
  storeOpened?: (opened: OpenedPayment) => Promise<StepOutcome>;
};

export type OpenedPayment = {
  readonly claimed: ClaimedPayment;
  readonly session: Pick<OpenedSession, 'reference' | 'url'>;
  readonly origin: Origin | undefined;
};

/**
 * `SUPERSEDED`: another process or a notice was faster. `REFUND_WAITS`: the balance at the gateway is
 * too low for it, so it is tried again later. `UNKNOWN`: the gateway gave no answer, so the step is
 * repeated.
 */
export type StepOutcome =
  | Verdict
  | 'SESSION_OPENED'
  | 'NOT_OPENED'
  | 'SESSION_UNKNOWN'
  | 'REFUNDED'
  | 'REFUND_ACCEPTED'
  | 'REFUND_FAILED'
  | 'REFUND_REFUSED'
  | 'REFUND_WAITS'
  | 'SUPERSEDED'
  | 'UNKNOWN';

export type Step = (needs: SettleNeeds, claimed: ClaimedPayment, signal: AbortSignal) => Promise<StepOutcome>;
