import { askGateway } from './ask-gateway.ts';
import { type ClaimedPayment, giveBack } from './claim-due-payments.ts';
import { closeSession } from './close-session.ts';
import { GatewayRefused, GatewayUnavailable } from './gateway.ts';
import { openSession } from './open-session.ts';
import { nextStep, type PaymentStep, retryPauseSeconds } from './payment-rules.ts';
import { refundPayment } from './refund-payment.ts';
import type { SettleNeeds, Step, StepOutcome } from './settle-step.ts';

const steps: Record<PaymentStep, Step> = {
  OPEN_SESSION: openSession,
  CLOSE_SESSION: closeSession,
  ASK: askGateway,
  REFUND: refundPayment,
};

/**
 * Does the one action at the gateway that a claimed payment waits for. Each step calls first and commits after. It
 * may be killed anywhere in between, and is repeated with the same idempotency key until its result is known.
 */
export async function settlePayment(
  needs: SettleNeeds,
  claimed: ClaimedPayment,
  signal: AbortSignal,
): Promise<{ step: PaymentStep; outcome: StepOutcome; cause?: string }> {
  const step = nextStep(claimed, claimed.now);
  try {
    const outcome = await steps[step](needs, claimed, signal);
    if (outcome === 'REFUND_REFUSED' || outcome === 'REFUND_FAILED') {
      await giveBack(needs, claimed, needs.policy.askEverySeconds);
    }
    return { step, outcome };
  } catch (error) {
    const known = error instanceof GatewayUnavailable || error instanceof GatewayRefused;
    const askedForSeconds = error instanceof GatewayUnavailable ? error.retryAfterSeconds : undefined;
    const pause = retryPauseSeconds(needs.policy, { attempts: claimed.checks, askedForSeconds }, Math.random());
    await giveBack(needs, claimed, pause);
    if (!known) throw error;
    return { step, outcome: 'UNKNOWN', cause: error.message };
  }
}
