import { failpoint } from '#db/failpoint.ts';
import { inTransaction } from '#db/transaction.ts';
import type { ClaimedPayment } from './claim-due-payments.ts';
import { type GatewayRefund, GatewayRefused } from './gateway.ts';
import { lockPaymentOfBooking, recordRefund, recordRefundAccepted } from './payment-statements.ts';
import type { SettleNeeds, StepOutcome } from './settle-step.ts';

type Seen = { kind: 'REFUNDED' | 'REFUND_FAILED' | 'REFUND_REFUSED' } | { kind: 'ACCEPTED'; refundReference: string };

/** Refunds the whole capture, once: the key is the booking's, so a repeat cannot refund more. */
export async function refundPayment(
  needs: SettleNeeds,
  claimed: ClaimedPayment,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const seen = await giveMoneyBack(needs, claimed, signal);
  failpoint('payments.refund-answered');
  if (seen.kind === 'REFUND_FAILED' || seen.kind === 'REFUND_REFUSED') return seen.kind;
  return inTransaction(needs.db, 'record-refund', async (tx) => {
    const payment = await lockPaymentOfBooking(tx, claimed.bookingId);
    if (payment?.status !== 'REFUND_PENDING') return 'SUPERSEDED';
    if (seen.kind === 'ACCEPTED') {
      const askAfterSeconds = needs.policy.askEverySeconds;
      await recordRefundAccepted(tx, payment, { refundReference: seen.refundReference, askAfterSeconds });
      return 'REFUND_ACCEPTED';
    }
    await recordRefund(tx, payment);
    return 'REFUNDED';
  });
}

async function giveMoneyBack(needs: SettleNeeds, claimed: ClaimedPayment, signal: AbortSignal): Promise<Seen> {
  const { gatewayReference: reference, capturedMinor, capturedCurrency } = claimed;
  // A free booking was never at the gateway.
  if (capturedMinor === 0) return { kind: 'REFUNDED' };
  if (!reference || !capturedCurrency) return { kind: 'REFUND_REFUSED' };
  if (claimed.refundReference) return lookAtRefunds(needs, { ...claimed, reference }, signal);
  try {
    const refund = await needs.gateway.refund({
      reference,
      bookingId: claimed.bookingId,
      amountMinor: capturedMinor,
      currency: capturedCurrency,
      idempotencyKey: `refund:${claimed.bookingId}`,
      signal,
    });
    return judgeRefund(refund);
  } catch (error) {
    if (!(error instanceof GatewayRefused) || error.code === 'UNAUTHORIZED') throw error;
    // The money may have been refunded by other means; the gateway's books decide.
    const seen = await lookAtRefunds(needs, { ...claimed, reference }, signal);
    return seen.kind === 'REFUNDED' ? seen : { kind: 'REFUND_REFUSED' };
  }
}

/** A repeated call would return the refund in its first state, so its progress is read from the session. */
async function lookAtRefunds(
  needs: SettleNeeds,
  claimed: Pick<ClaimedPayment, 'capturedMinor' | 'refundReference'> & { reference: string },
  signal: AbortSignal,
): Promise<Seen> {
  const { refunds } = await needs.gateway.getSession(claimed.reference, { signal });
  const arrived = refunds.filter((refund) => refund.status === 'SUCCEEDED');
  if (arrived.reduce((sum, refund) => sum + refund.amountMinor, 0) >= claimed.capturedMinor)
    return { kind: 'REFUNDED' };
  const ours = refunds.find((refund) => refund.refundReference === claimed.refundReference);
  return ours ? judgeRefund(ours) : { kind: 'REFUND_REFUSED' };
}

function judgeRefund(refund: GatewayRefund): Seen {
  if (refund.status === 'SUCCEEDED') return { kind: 'REFUNDED' };
  if (refund.status === 'FAILED') return { kind: 'REFUND_FAILED' };
  return { kind: 'ACCEPTED', refundReference: refund.refundReference };
}
