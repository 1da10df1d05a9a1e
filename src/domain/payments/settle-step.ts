import type { Db } from '#db/client.ts';
import type { ClaimedPayment } from './claim-due-payments.ts';
import type { PaymentGateway } from './gateway.ts';
import type { PaymentsPolicy, Verdict } from './payment-rules.ts';

export type SettleNeeds = { db: Db; gateway: PaymentGateway; policy: PaymentsPolicy };

/**
 * `SUPERSEDED`: another process or a notice was faster. `UNKNOWN`: the gateway gave no answer, so the step is
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
  | 'SUPERSEDED'
  | 'UNKNOWN';

export type Step = (needs: SettleNeeds, claimed: ClaimedPayment, signal: AbortSignal) => Promise<StepOutcome>;
