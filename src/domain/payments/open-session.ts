import { failpoint } from '#db/failpoint.ts';
import { inTransaction } from '#db/transaction.ts';
import { currentOrigin } from '#events/origin.ts';
import { applyWaitingNotices } from './apply-notice.ts';
import type { ClaimedPayment } from './claim-due-payments.ts';
import { GatewayRefused, type GatewaySession, type OpenedSession } from './gateway.ts';
import { adoptSession, lockPaymentOfBooking, recordFailure, storeSession } from './payment-statements.ts';
import { recordSession } from './record-session-statements.ts';
import type { SettleNeeds, StepOutcome } from './settle-step.ts';

/** After so many unknown results the gateway is first asked whether it has the session already. */
const LOOK_UP_AFTER = 3;

type Opening =
  | { kind: 'OPENED'; session: Pick<OpenedSession, 'reference' | 'url'> }
  | { kind: 'FOUND'; session: GatewaySession }
  | { kind: 'NONE'; reason: string };

/** Opens the payment's session at the gateway and publishes where to pay. */
export async function openSession(
  needs: SettleNeeds,
  claimed: ClaimedPayment,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const opening = await open(needs, claimed, signal);
  failpoint('payments.session-answered');
  if (opening.kind === 'OPENED' && needs.storeOpened)
    return needs.storeOpened({ claimed, session: opening.session, origin: currentOrigin() });
  return recordOpening(needs, claimed, opening);
}

/** Stores what came of an opening, and applies the notices that waited for its session. */
export async function recordOpening(
  needs: Pick<SettleNeeds, 'db' | 'policy'>,
  claimed: ClaimedPayment,
  opening: Opening,
): Promise<StepOutcome> {
  const outcome = await record(needs, claimed, opening);
  failpoint('payments.session-stored');
  // After the commit: a notice that is being stored meanwhile either finds the session or is found here.
  if (opening.kind !== 'NONE') {
    await applyWaitingNotices(needs, { bookingId: claimed.bookingId, reference: opening.session.reference });
  }
  return outcome;
}

async function open(needs: SettleNeeds, claimed: ClaimedPayment, signal: AbortSignal): Promise<Opening> {
  const first = claimed.checks === 1;
  if (first && claimed.closingAt) return { kind: 'NONE', reason: 'BOOKING_ENDED' };
  if (first && claimed.sessionExpiresAt <= claimed.now) return { kind: 'NONE', reason: 'OPENED_TOO_LATE' };
  if (claimed.checks > LOOK_UP_AFTER) {
    const found = await lookUp(needs, claimed, signal);
    if (found) return found;
  }
  try {
    // Every field comes from the row, because the gateway refuses an attempt that differs from the first.
    const session = await needs.gateway.openSession({
      bookingId: claimed.bookingId,
      eventId: claimed.eventId,
      amountMinor: claimed.amountMinor,
      currency: claimed.currency,
      description: claimed.description,
      lines: claimed.lines,
      expiresAt: claimed.sessionExpiresAt,
      heldUntil: claimed.holdExpiresAt,
      successUrl: needs.policy.returnUrl,
      idempotencyKey: `session:${claimed.bookingId}`,
      signal,
    });
    return { kind: 'OPENED', session };
  } catch (error) {
    // A wrong key of ours says nothing about the session.
    if (!(error instanceof GatewayRefused) || error.code === 'UNAUTHORIZED') throw error;
    const found = await lookUp(needs, claimed, signal);
    if (found) return found;
    // The gateway has the key, so the session exists or is being made: it will be found.
    if (error.code === 'KEY_REUSED') throw error;
    return { kind: 'NONE', reason: `GATEWAY_${error.code}` };
  }
}

async function lookUp(needs: SettleNeeds, claimed: ClaimedPayment, signal: AbortSignal): Promise<Opening | undefined> {
  const [session] = await needs.gateway.findSessionsByBooking({
    bookingId: claimed.bookingId,
    createdAfter: claimed.createdAt,
    signal,
  });
  if (!session) return undefined;
  if (session.status === 'OPEN' && session.url) {
    return { kind: 'OPENED', session: { reference: session.reference, url: session.url } };
  }
  return { kind: 'FOUND', session };
}

function record(
  needs: Pick<SettleNeeds, 'db' | 'policy'>,
  claimed: ClaimedPayment,
  opening: Opening,
): Promise<StepOutcome> {
  return inTransaction(needs.db, 'store-session', async (tx) => {
    const payment = await lockPaymentOfBooking(tx, claimed.bookingId);
    if (payment?.status !== 'CREATING_SESSION') return 'SUPERSEDED';
    if (opening.kind === 'NONE') {
      await recordFailure(tx, payment, opening.reason);
      return 'NOT_OPENED';
    }
    if (opening.kind === 'FOUND') {
      await adoptSession(tx, payment, opening.session.reference);
      return recordSession(tx, payment, { ...opening.session, at: claimed.now });
    }
    await storeSession(tx, payment, { ...opening.session, askAfterSeconds: needs.policy.askEverySeconds });
    return 'SESSION_OPENED';
  });
}
