import { and, asc, eq, isNull, lt, or, sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { notices, payments } from '#db/payments/tables.ts';
import { inTransaction } from '#db/transaction.ts';
import { type Origin, originOf, withOrigin } from '#events/origin.ts';
import { isUuidOfAnyCase } from '#shared/uuid.ts';
import { type GatewayName, GatewayRefused, GatewayUnavailable, type PaymentGateway } from './gateway.ts';
import { judgeSession, sessionStatusByNotice } from './payment-rules.ts';
import {
  adoptSession,
  lockPaymentOfBooking,
  lockPaymentOfCapture,
  lockPaymentOfSession,
  markInDoubt,
  type Payment,
} from './payment-statements.ts';
import { recordDispute } from './record-dispute.ts';
import { recordSession } from './record-session-statements.ts';
import { recordRefundDone, refundsOf } from './refund-statements.ts';

/**
 * The result of a notice. `WAITING`: no payment of ours matches yet. `REPEATED`: it was handled before. `DOUBTED`: it
 * contradicts our request or our state, so the gateway itself is asked. `FOREIGN_SESSION`: it names another session
 * than the booking's own. `FOREIGN`: its payment is of
 * another shop. `UNKNOWN`: its shape is not one that we read; it is kept.
 */
export type NoticeOutcome =
  | 'APPLIED'
  | 'KNOWN'
  | 'WAITING'
  | 'REPEATED'
  | 'DOUBTED'
  | 'FOREIGN_SESSION'
  | 'FOREIGN'
  | 'UNKNOWN'
  | 'IGNORED';

type Notice = typeof notices.$inferSelect;
type NoticeKey = { gateway: GatewayName; gatewayEventId: string };

/** A gateway's notice does not carry the request that caused it; its payment does. */
export type Resume = <T>(origin: Origin | undefined, work: () => Promise<T>) => Promise<T>;
type Needs = { db: Db; resume?: Resume };

/** Applies a stored notice once, and only when a payment matches; until then the notice waits. */
export async function applyNotice(needs: Needs, key: NoticeKey): Promise<NoticeOutcome> {
  const resume: Resume = needs.resume ?? withOrigin;
  return inTransaction(needs.db, 'apply-notice', async (tx) => {
    const [notice] = await tx
      .select()
      .from(notices)
      .where(and(eq(notices.gateway, key.gateway), eq(notices.gatewayEventId, key.gatewayEventId)))
      .for('update');
    if (!notice || notice.handledAt) return 'REPEATED';
    const { type } = notice;
    const outcome = type === 'IGNORED' || type === 'UNKNOWN' ? type : await match(tx, notice, resume);
    if (outcome !== 'WAITING') {
      await tx
        .update(notices)
        .set({ handledAt: sql`now()`, outcome })
        .where(and(eq(notices.gateway, key.gateway), eq(notices.gatewayEventId, key.gatewayEventId)));
    }
    return outcome;
  });
}

/** Applies the notices that waited for this payment. Call it after the commit that stored the session. */
export async function applyWaitingNotices(
  needs: { db: Db },
  payment: { bookingId: string; reference: string },
): Promise<void> {
  const waiting = await needs.db
    .select()
    .from(notices)
    .where(
      and(
        isNull(notices.handledAt),
        or(eq(notices.reference, payment.reference), eq(notices.bookingId, payment.bookingId)),
      ),
    )
    .orderBy(asc(notices.occurredAt));
  for (const notice of waiting) await applyNotice(needs, notice);
}

/**
 * Applies notices that were stored but not applied, because a process died in between or their payment came late. The
 * gateway is asked which booking a payment belongs to that only a notice names.
 */
export async function sweepWaitingNotices(
  needs: { db: Db; gateway: Pick<PaymentGateway, 'findBookingOfPayment'> },
  sweep: { olderThanSeconds: number; limit: number },
): Promise<{ applied: number; waiting: number }> {
  const waiting = await needs.db
    .select()
    .from(notices)
    .where(
      and(
        isNull(notices.handledAt),
        lt(notices.receivedAt, sql`now() - make_interval(secs => ${sweep.olderThanSeconds})`),
      ),
    )
    .orderBy(asc(notices.receivedAt))
    .limit(sweep.limit);
  let applied = 0;
  for (const notice of waiting) {
    if ((await identify(needs, notice)) === 'FOREIGN' || (await applyNotice(needs, notice)) !== 'WAITING') applied += 1;
  }
  return { applied, waiting: waiting.length - applied };
}

/** A gateway that cannot be asked now is asked in the next sweep. */
async function identify(
  { db, gateway }: Parameters<typeof sweepWaitingNotices>[0],
  { gateway: name, gatewayEventId, paymentReference, ...notice }: Notice,
): Promise<'FOREIGN' | undefined> {
  if (paymentReference === null || notice.reference !== null || notice.bookingId !== null) return undefined;
  const known = await db
    .select({ id: payments.id })
    .from(payments)
    .where(and(eq(payments.gatewayPayment, paymentReference), eq(payments.gateway, name)));
  if (known.length > 0) return undefined;
  const bookingId = await gateway.findBookingOfPayment(paymentReference).catch(asForeign);
  if (bookingId === null) return undefined;
  const handled = bookingId === undefined && { handledAt: sql`now()`, outcome: 'FOREIGN' };
  await db
    .update(notices)
    .set({ bookingId: bookingId ?? null, ...handled })
    .where(and(eq(notices.gateway, name), eq(notices.gatewayEventId, gatewayEventId)));
  return bookingId === undefined ? 'FOREIGN' : undefined;
}

/** Undefined: the gateway does not know the payment. Null: it gave no answer. */
function asForeign(error: unknown): undefined | null {
  if (error instanceof GatewayRefused) return error.code === 'UNAUTHORIZED' ? null : undefined;
  if (error instanceof GatewayUnavailable) return null;
  throw error;
}

async function match(tx: Tx, notice: Notice, resume: Resume): Promise<NoticeOutcome> {
  const payment = await findPayment(tx, notice);
  return payment ? resume(originOf(payment), () => apply(tx, payment, notice)) : 'WAITING';
}

async function apply(tx: Tx, payment: Payment, notice: Notice): Promise<NoticeOutcome> {
  if (notice.reference && payment.gatewayReference !== notice.reference) {
    // The opening is still under way: its response decides whether this is our session.
    if (payment.status === 'CREATING_SESSION') return 'WAITING';
    if (payment.gatewayReference) return 'FOREIGN_SESSION';
    await adoptSession(tx, payment, notice.reference);
  }
  if (notice.type === 'DISPUTE') return applyDispute(tx, payment, notice);
  return notice.type === 'REFUNDED' || notice.type === 'REFUND_CHANGED'
    ? applyRefund(tx, payment, notice)
    : applySession(tx, payment, notice);
}

async function findPayment(tx: Tx, notice: Notice): Promise<Payment | undefined> {
  const bySession = notice.reference
    ? await lockPaymentOfSession(tx, { gateway: notice.gateway, reference: notice.reference })
    : undefined;
  if (bySession) return bySession;
  if (notice.bookingId)
    return isUuidOfAnyCase(notice.bookingId) ? lockPaymentOfBooking(tx, notice.bookingId) : undefined;
  const { gateway, paymentReference } = notice;
  return paymentReference ? lockPaymentOfCapture(tx, { gateway, paymentReference }) : undefined;
}

async function applySession(tx: Tx, payment: Payment, notice: Notice): Promise<NoticeOutcome> {
  const status = sessionStatusByNotice[notice.type];
  if (!status) return 'IGNORED';
  const seen = {
    status,
    capturedMinor: status === 'PAID' ? (notice.amountMinor ?? -1) : 0,
    currency: notice.currency ?? undefined,
  };
  const verdict = judgeSession(payment, seen);
  if (verdict === 'KNOWN' || verdict === 'OPEN') return 'KNOWN';
  if (verdict === 'GIVE_BACK' || verdict === 'CONTRADICTION') {
    // Money is moved only on the gateway's own answer, never on a notice that does not match.
    await markInDoubt(tx, payment);
    return 'DOUBTED';
  }
  const paymentReference = notice.paymentReference ?? undefined;
  await recordSession(tx, payment, { ...seen, at: notice.occurredAt, paymentReference });
  return 'APPLIED';
}

/** The money of a session that is not known to be paid cannot be disputed: the session is asked about first. */
async function applyDispute(tx: Tx, payment: Payment, notice: Notice): Promise<NoticeOutcome> {
  const { subject: id, state: status, amountMinor, currency } = notice;
  if (id === null || status === null || amountMinor === null || currency === null) return 'UNKNOWN';
  if (payment.capturedAt === null) {
    await markInDoubt(tx, payment);
    return 'WAITING';
  }
  return (await recordDispute(tx, payment, { id, status, amountMinor, currency })) ? 'APPLIED' : 'KNOWN';
}

/**
 * Refunds that we did not ask for, or that failed, are read from the gateway itself: a notice of them may be old. One
 * that overtook the notice of its payment waits for it, because that would end the doubt.
 */
async function applyRefund(tx: Tx, payment: Payment, notice: Notice): Promise<NoticeOutcome> {
  const { amountMinor, currency } = notice;
  if (payment.capturedAt === null) {
    await markInDoubt(tx, payment);
    return 'WAITING';
  }
  if (amountMinor !== null && currency === payment.capturedCurrency) {
    if (amountMinor <= payment.refundedMinor) return 'KNOWN';
    const [only, ...others] = (await refundsOf(tx, payment.bookingId)).filter(({ status }) => status === 'PENDING');
    // Another refund of the same amount may have been made there; of the whole, or of one that it accepted, it cannot.
    const isOurs = only && others.length === 0 && (only.isWhole || only.gatewayReference !== null);
    if (isOurs && payment.refundedMinor + only.amountMinor === amountMinor) {
      await recordRefundDone(tx, payment, only);
      return 'APPLIED';
    }
  }
  await markInDoubt(tx, payment);
  return 'DOUBTED';
}
