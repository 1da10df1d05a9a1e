import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs } from '#events/log/back-off.ts';
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
  let outcome: StepOutcome;
  try {
    outcome = await steps[step](needs, claimed, signal);
  } catch (error) {
    const known = error instanceof GatewayUnavailable || error instanceof GatewayRefused;
    const askedForSeconds = error instanceof GatewayUnavailable ? error.retryAfterSeconds : undefined;
    const pause = retryPauseSeconds(needs.policy, { attempts: claimed.checks, askedForSeconds }, Math.random());
    await giveBackWhenPossible(needs, { claimed, pause, signal });
    if (!known) throw error;
    return { step, outcome: 'UNKNOWN', cause: error.message };
  }
  if (outcome === 'REFUND_REFUSED' || outcome === 'REFUND_FAILED' || outcome === 'REFUND_WAITS')
    await giveBackWhenPossible(needs, { claimed, pause: needs.policy.askEverySeconds, signal });
  return { step, outcome };
}

/**
 * The error is often an outage of our own database, which then does not take the claim back either. Without another
 * try the payment would wait for the rest of its lease after the outage has ended.
 */
async function giveBackWhenPossible(
  needs: SettleNeeds,
  { claimed, pause, signal }: { claimed: ClaimedPayment; pause: number; signal: AbortSignal },
): Promise<void> {
  // After the lease the payment is due in any case, and `giveBack` does nothing then.
  const giveUpAt = performance.now() + needs.policy.leaseSeconds * 1000;
  for (let failures = 1; ; failures++) {
    try {
      return await giveBack(needs, claimed, pause);
    } catch (error) {
      if (signal.aborted || performance.now() > giveUpAt) throw error;
      await sleep(backOffMs(failures), undefined, { signal }).catch(() => {});
    }
  }
}
