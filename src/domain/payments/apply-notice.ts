import { and, asc, eq, isNull, lt, or, sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { notices } from '#db/payments/tables.ts';
import { inTransaction } from '#db/transaction.ts';
import { type Origin, originOf, withOrigin } from '#events/origin.ts';
import { isUuidOfAnyCase } from '#shared/uuid.ts';
import type { GatewayName } from './gateway.ts';
import { judgeSession, sessionStatusByNotice } from './payment-rules.ts';
import {
  adoptSession,
  lockPaymentOfBooking,
  lockPaymentOfSession,
  markInDoubt,
  type Payment,
} from './payment-statements.ts';
import { recordSession } from './record-session-statements.ts';
import { recordRefundDone, refundsOf } from './refund-statements.ts';

/**
 * The result of a notice. `WAITING`: no payment of ours matches yet. `REPEATED`: it was handled before. `DOUBTED`: it
 * contradicts our request or our state, so the gateway itself is asked. `FOREIGN_SESSION`: it names another session
 * than the booking's own.
 */
export type NoticeOutcome = 'APPLIED' | 'KNOWN' | 'WAITING' | 'REPEATED' | 'DOUBTED' | 'FOREIGN_SESSION' | 'IGNORED';

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
    const outcome = notice.type === 'IGNORED' ? 'IGNORED' : await match(tx, notice, resume);
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

/** Applies notices that were stored but not applied, because a process died in between or their payment came late. */
export async function sweepWaitingNotices(
  needs: { db: Db },
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
    if ((await applyNotice(needs, notice)) !== 'WAITING') applied += 1;
  }
  return { applied, waiting: waiting.length - applied };
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
  return notice.type === 'REFUNDED' || notice.type === 'REFUND_CHANGED'
    ? applyRefund(tx, payment, notice)
    : applySession(tx, payment, notice);
}

async function findPayment(tx: Tx, notice: Notice): Promise<Payment | undefined> {
  const bySession = notice.reference
    ? await lockPaymentOfSession(tx, { gateway: notice.gateway, reference: notice.reference })
    : undefined;
  if (bySession || !notice.bookingId || !isUuidOfAnyCase(notice.bookingId)) return bySession;
  return lockPaymentOfBooking(tx, notice.bookingId);
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
  await recordSession(tx, payment, { ...seen, at: notice.occurredAt });
  return 'APPLIED';
}

/** Refunds that we did not ask for, or that failed, are read from the gateway itself: a notice of them may be old. */
async function applyRefund(tx: Tx, payment: Payment, notice: Notice): Promise<NoticeOutcome> {
  const { amountMinor, currency } = notice;
  if (payment.capturedAt !== null && amountMinor !== null && currency === payment.capturedCurrency) {
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
