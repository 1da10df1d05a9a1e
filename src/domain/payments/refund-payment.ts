import { and, asc, eq } from 'drizzle-orm';
import { failpoint } from '#db/failpoint.ts';
import { refunds } from '#db/payments/tables.ts';
import { inTransaction } from '#db/transaction.ts';
import type { ClaimedPayment } from './claim-due-payments.ts';
import { type GatewayRefund, GatewayRefused } from './gateway.ts';
import { keyOfRefund, makeRoomForGatewayRefunds } from './gateway-refunds.ts';
import { lockPaymentOfBooking, markInDoubt } from './payment-statements.ts';
import {
  type Refund,
  recordRefundAccepted,
  recordRefundDone,
  recordRefundFailed,
  refundsOf,
} from './refund-statements.ts';
import type { SettleNeeds, StepOutcome } from './settle-step.ts';

type Seen =
  | { kind: 'REFUNDED' | 'ACCEPTED'; refundReference: string | undefined }
  | { kind: 'REFUND_FAILED' | 'REFUND_WAITS' }
  | { kind: 'REFUND_REFUSED'; session: readonly GatewayRefund[] };

/** So many refunds of one payment are made under one claim; the others are due again at once. */
const AT_MOST = 20;

/**
 * Makes the refunds of a payment that are under way, one after the other, the oldest first. Each has a key of its own, so
 * a repeat cannot refund more. Returns the outcome of the last one, or of the first that the gateway refused.
 */
export async function refundPayment(
  needs: SettleNeeds,
  claimed: ClaimedPayment,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const pending = await needs.db
    .select()
    .from(refunds)
    .where(and(eq(refunds.bookingId, claimed.bookingId), eq(refunds.status, 'PENDING')))
    .orderBy(asc(refunds.createdAt), asc(refunds.id))
    .limit(AT_MOST);
  let outcome: StepOutcome = 'SUPERSEDED';
  for (const refund of pending) {
    const seen = await giveMoneyBack(needs, { claimed, refund }, signal);
    failpoint('payments.refund-answered');
    if (seen.kind === 'REFUND_WAITS') return seen.kind;
    outcome = await record(needs, { claimed, refund }, seen);
    if (outcome === 'REFUND_REFUSED') return outcome;
  }
  return outcome;
}

type Subject = { readonly claimed: ClaimedPayment; readonly refund: Refund };

function record({ db, policy }: SettleNeeds, { claimed, refund }: Subject, seen: Seen): Promise<StepOutcome> {
  return inTransaction(db, 'record-refund', async (tx) => {
    const payment = await lockPaymentOfBooking(tx, claimed.bookingId);
    const present = (await refundsOf(tx, claimed.bookingId)).find(({ id }) => id === refund.id);
    // It was given up meanwhile, and the gateway may have made it.
    if (payment && present?.status === 'FAILED' && seen.kind !== 'REFUND_FAILED') await markInDoubt(tx, payment);
    if (!payment || present?.status !== 'PENDING') return 'SUPERSEDED';
    switch (seen.kind) {
      case 'ACCEPTED':
        await recordRefundAccepted(tx, payment, present, {
          reference: seen.refundReference ?? '',
          askAfterSeconds: policy.askEverySeconds,
        });
        return 'REFUND_ACCEPTED';
      case 'REFUNDED':
        await recordRefundDone(tx, payment, present, seen.refundReference);
        return 'REFUNDED';
      case 'REFUND_REFUSED':
        return makeRoomForGatewayRefunds(tx, payment, { refused: present, seen: seen.session });
      default:
        await recordRefundFailed(tx, payment, present, 'GATEWAY_FAILED');
        await markInDoubt(tx, payment);
        return 'REFUND_FAILED';
    }
  });
}

async function giveMoneyBack(needs: SettleNeeds, { claimed, refund }: Subject, signal: AbortSignal): Promise<Seen> {
  const { gatewayReference: reference } = claimed;
  // A free booking was never at the gateway.
  if (refund.amountMinor === 0) return { kind: 'REFUNDED', refundReference: undefined };
  if (!reference) return { kind: 'REFUND_REFUSED', session: [] };
  if (refund.gatewayReference !== null) return lookAtRefunds(needs, { claimed, refund }, signal);
  try {
    const made = await needs.gateway.refund({
      reference,
      bookingId: claimed.bookingId,
      amountMinor: refund.amountMinor,
      currency: refund.currency,
      idempotencyKey: keyOfRefund(refund),
      signal,
    });
    return judgeRefund(made);
  } catch (error) {
    if (!(error instanceof GatewayRefused) || error.code === 'UNAUTHORIZED') throw error;
    // The money may have been refunded by other means; the gateway's books decide.
    const seen = await lookAtRefunds(needs, { claimed, refund }, signal);
    return seen.kind === 'REFUND_REFUSED' && error.code === 'BALANCE_TOO_LOW' ? { kind: 'REFUND_WAITS' } : seen;
  }
}

/** A repeated call would return the refund in its first state, so its progress is read from the session. */
async function lookAtRefunds(needs: SettleNeeds, { claimed, refund }: Subject, signal: AbortSignal): Promise<Seen> {
  const session = await needs.gateway.getSession(claimed.gatewayReference ?? '', { signal });
  const ours = session.refunds.find(
    ({ refundReference, key }) => refundReference === refund.gatewayReference || key === keyOfRefund(refund),
  );
  return ours ? judgeRefund(ours) : { kind: 'REFUND_REFUSED', session: session.refunds };
}

function judgeRefund({ status, refundReference }: GatewayRefund): Seen {
  if (status === 'FAILED') return { kind: 'REFUND_FAILED' };
  return { kind: status === 'SUCCEEDED' ? 'REFUNDED' : 'ACCEPTED', refundReference };
}
