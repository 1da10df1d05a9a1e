import { inTransaction } from '#db/transaction.ts';
import type { ClaimedPayment } from './claim-due-payments.ts';
import { GatewayRefused, type GatewaySession } from './gateway.ts';
import { recordGatewayRefunds } from './gateway-refunds.ts';
import { askLater, lockPaymentOfBooking, recordFailure } from './payment-statements.ts';
import { recordSession } from './record-session-statements.ts';
import type { SettleNeeds, StepOutcome } from './settle-step.ts';

/** Asks the gateway about a session without notices for too long, or with a doubtful notice. */
export async function askGateway(
  needs: SettleNeeds,
  claimed: ClaimedPayment,
  signal: AbortSignal,
): Promise<StepOutcome> {
  return takeOver(needs, claimed, (reference) => needs.gateway.getSession(reference, { signal }));
}

/** Makes the call that returns a session, and takes over its state. */
export async function takeOver(
  needs: SettleNeeds,
  claimed: ClaimedPayment,
  call: (reference: string) => Promise<GatewaySession>,
): Promise<StepOutcome> {
  const session = claimed.gatewayReference ? await known(call(claimed.gatewayReference)) : undefined;
  return inTransaction(needs.db, 'take-over-session', async (tx) => {
    const payment = await lockPaymentOfBooking(tx, claimed.bookingId);
    if (!payment) return 'SUPERSEDED';
    if (!session) {
      await recordFailure(tx, payment, 'SESSION_UNKNOWN');
      await askLater(tx, payment, needs.policy.askEverySeconds);
      return 'SESSION_UNKNOWN';
    }
    const verdict = await recordSession(tx, payment, { ...session, at: claimed.now });
    if (session.refunds.length > 0) await recordGatewayRefunds(tx, payment, session.refunds);
    if (verdict === 'OPEN' || verdict === 'KNOWN' || verdict === 'CONTRADICTION') {
      const present = (await lockPaymentOfBooking(tx, claimed.bookingId)) ?? payment;
      await askLater(tx, present, present.openRefunds > 0 ? 0 : needs.policy.askEverySeconds);
    }
    return verdict;
  });
}

/** Undefined when the gateway has never given out the reference: such a session cannot be paid. */
async function known(answer: Promise<GatewaySession>): Promise<GatewaySession | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof GatewayRefused && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}
