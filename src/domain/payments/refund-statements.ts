import { and, asc, eq, sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { appendToOutbox } from '#db/outbox.ts';
import { type Credit, payments, refunds } from '#db/payments/tables.ts';
import { type LineRefund, type RefundableLine, shareOut, takeFeesLast, takeParts } from './credit-lines.ts';
import { enter, enterCaptures, type JournalLine, linesOfRefund } from './journal-statements.ts';
import type { Payment } from './payment-statements.ts';

export type Refund = typeof refunds.$inferSelect;

/**
 * What of a payment goes back: all that is left of it, parts that are known, or an amount. `exactMinor`: what the gateway
 * has given back, also of what is disputed. `finalMinor`: what the end of
 * its booking gives back, without fees that the organizer keeps.
 */
export type Extent =
  | 'WHOLE'
  | { readonly parts: readonly Credit[]; readonly atMostMinor: number }
  | { readonly amountMinor: number }
  | { readonly exactMinor: number }
  | { readonly finalMinor: number };

export type NewRefund = Pick<Refund, 'id' | 'origin' | 'reason'> & {
  readonly of: Extent;
  readonly seatNos?: readonly number[];
  readonly gatewayReference?: string;
};

const now = sql`now()`;

/**
 * Makes a refund due, once. `payment` is locked, so refunds of one payment are asked for one after the other; never more
 * than what is left of each line. Returns undefined when there is such a refund already, or nothing is left.
 */
export async function askForRefund(tx: Tx, payment: Payment, asked: NewRefund): Promise<Refund | undefined> {
  const lines = await refundableLinesOf(tx, payment);
  const taken = takenOf(lines, asked.of, payment.disputedMinor);
  if (!taken) return undefined;
  const amountMinor = taken.reduce((sum, { minor }) => sum + minor, 0);
  const finalMinor = asked.of !== 'WHOLE' && 'finalMinor' in asked.of ? asked.of.finalMinor : null;
  const isWhole = asked.of === 'WHOLE' || finalMinor !== null;
  if (amountMinor === 0 && isPointless(payment, asked)) return undefined;
  const { id, origin, reason, seatNos = [], gatewayReference = null } = asked;
  const [refund] = await tx
    .insert(refunds)
    .values({
      ...{ id, origin, reason, isWhole, amountMinor, finalMinor, gatewayReference, lines: taken },
      ...{ bookingId: payment.bookingId, eventId: payment.eventId, status: 'PENDING', seatNos: [...seatNos] },
      currency: currencyOf(payment),
    })
    .onConflictDoNothing()
    .returning();
  if (!refund) return undefined;
  await addToLines(tx, payment, taken);
  await enter(tx, { kind: 'REFUND_ASKED', of: { refundId: id } }, aboutOf(payment), [
    { account: 'refunds_in_flight', minor: -amountMinor },
    ...taken.flatMap(({ lineNo, minor }) => {
      const line = lines.find((one) => one.lineNo === lineNo);
      return line ? [{ account: line.account, name: line.name, seatNo: line.seatNo, minor }] : [];
    }),
  ]);
  const after = await recount(tx, payment, isWhole ? reason : undefined);
  if (isWhole)
    await appendToOutbox(tx, [
      { type: 'RefundRequested', ...eventOf(payment), amountMinor, currency: refund.currency, reason },
    ]);
  else await publish(tx, refund, after);
  return refund;
}

/**
 * Whether a refund of nothing is left out. Those that the booking side asks for are made, so that it learns of their end:
 * of a free payment, of tickets of which nothing is left, and of a booking whose tickets were all refunded one by one.
 */
function isPointless(payment: Payment, { of, origin }: NewRefund): boolean {
  if (payment.capturedMinor === 0) return false;
  if (of === 'WHOLE') return payment.disputedMinor > 0 || payment.status === 'REFUNDED';
  return origin !== 'BOOKING';
}

/** Makes the refund of all that is left due, or of what its booking's end gives back, once: its id is the booking's. */
export const askForWhole = (
  tx: Tx,
  payment: Payment,
  reason: string,
  finalMinor?: number,
): Promise<Refund | undefined> =>
  askForRefund(tx, payment, {
    ...{ id: payment.bookingId, origin: 'BOOKING', reason },
    of: finalMinor === undefined ? 'WHOLE' : { finalMinor },
  });

/** PENDING -> SUCCEEDED: the money is back. Returns false when the refund was not pending. */
export async function recordRefundDone(tx: Tx, payment: Payment, refund: Refund, reference?: string): Promise<boolean> {
  const done = await moveRefund(tx, refund, 'PENDING', {
    status: 'SUCCEEDED',
    finishedAt: now,
    ...(reference && { gatewayReference: reference }),
  });
  if (!done) return false;
  await enter(tx, { kind: 'REFUND_DONE', of: { refundId: refund.id } }, aboutOf(payment), [
    { account: 'refunds_in_flight', minor: refund.amountMinor },
    { account: 'gateway_clearing', minor: -refund.amountMinor },
  ]);
  const after = await recount(tx, payment);
  if (!refund.isWhole) await publish(tx, done, after);
  if (after.status === 'REFUNDED' && payment.refundedAt === null)
    await appendToOutbox(tx, [
      { type: 'PaymentRefunded', ...eventOf(payment), amountMinor: after.refundedMinor, currency: refund.currency },
    ]);
  return true;
}

/**
 * PENDING | SUCCEEDED -> FAILED: the bank sent the money back, also after the gateway had reported it as refunded. The
 * journal undoes it with a new entry, and its lines can be refunded again.
 */
export async function recordRefundFailed(tx: Tx, payment: Payment, refund: Refund, why: string): Promise<boolean> {
  if (refund.status === 'FAILED') return false;
  const failed = await moveRefund(tx, refund, refund.status, {
    status: 'FAILED',
    finishedAt: now,
    failureReason: why,
  });
  if (!failed) return false;
  const asked = await linesOfRefund(tx, refund.id, 'REFUND_ASKED');
  const done = refund.status === 'SUCCEEDED' ? await linesOfRefund(tx, refund.id, 'REFUND_DONE') : [];
  await enter(
    tx,
    { kind: 'REFUND_UNDONE', of: { refundId: refund.id } },
    aboutOf(payment),
    undoing([...asked, ...done]),
  );
  await addToLines(
    tx,
    payment,
    refund.lines.map(({ lineNo, minor }) => ({ lineNo, minor: -minor })),
  );
  await publish(tx, failed, await recount(tx, payment));
  return true;
}

/** The lines that undo these. */
export const undoing = (lines: readonly JournalLine[]): JournalLine[] =>
  lines.map((line) => ({ ...line, minor: -line.minor }));

/** The gateway has accepted the refund and reports later whether it arrived. */
export async function recordRefundAccepted(
  tx: Tx,
  payment: Payment,
  refund: Refund,
  accepted: { reference: string; askAfterSeconds: number },
): Promise<void> {
  await moveRefund(tx, refund, 'PENDING', { gatewayReference: accepted.reference });
  await tx
    .update(payments)
    .set({ nextCheckAt: sql`now() + make_interval(secs => ${accepted.askAfterSeconds})`, updatedAt: now })
    .where(eq(payments.id, payment.id));
}

/** All refunds of a booking, the oldest first. */
export async function refundsOf(tx: Tx, bookingId: string): Promise<Refund[]> {
  return tx
    .select()
    .from(refunds)
    .where(eq(refunds.bookingId, bookingId))
    .orderBy(asc(refunds.createdAt), asc(refunds.id));
}

async function moveRefund(
  tx: Tx,
  refund: Refund,
  from: Refund['status'],
  change: Partial<Record<keyof Refund, unknown>>,
): Promise<Refund | undefined> {
  const [row] = await tx
    .update(refunds)
    .set({ ...(change as object), updatedAt: now })
    .where(and(eq(refunds.id, refund.id), eq(refunds.status, from)))
    .returning();
  return row;
}

/** The lines of the payment's capture, which are kept as rows of their own from the first refund on. */
async function refundableLinesOf(tx: Tx, payment: Payment): Promise<RefundableLine[]> {
  await enterCaptures(tx, [payment.id]);
  await tx.execute(sql`
    insert into refundable_lines (booking_id, line_no, account, name, seat_no, paid_minor)
    select ${payment.bookingId}, line_no, account, name, seat_no, -amount_minor from journal_lines
    where entry_id = ${payment.id} and line_no > 0 on conflict do nothing`);
  const rows = await tx.execute<RefundableLine>(sql`
    select line_no as "lineNo", account, name, seat_no as "seatNo", paid_minor::float8 as "paidMinor", (paid_minor - refunded_minor)::float8 as "leftMinor"
    from refundable_lines where booking_id = ${payment.bookingId} order by line_no`);
  return [...rows];
}

/** The lines of which an extent takes money, before what is disputed is left out. */
function linesOf(lines: readonly RefundableLine[], extent: Extent): LineRefund[] {
  if (extent === 'WHOLE')
    return lines.flatMap(({ lineNo, leftMinor: minor }) => (minor > 0 ? [{ lineNo, minor }] : []));
  if ('parts' in extent) return takeParts(lines, extent.parts);
  if (!('finalMinor' in extent))
    return shareOut(lines, 'exactMinor' in extent ? extent.exactMinor : extent.amountMinor);
  const backMinor = lines.reduce((sum, { paidMinor, leftMinor }) => sum + paidMinor - leftMinor, 0);
  return takeFeesLast(lines, Math.max(0, extent.finalMinor - backMinor));
}

/**
 * What a refund takes of each line. A refund of an exact amount was made at the gateway, so what a bank has taken
 * back does not limit it; undefined when the lines do not have that much.
 */
export function takenOf(
  lines: readonly RefundableLine[],
  extent: Extent,
  disputedMinor: number,
): LineRefund[] | undefined {
  const taken = linesOf(lines, extent);
  if (extent === 'WHOLE' || !('exactMinor' in extent)) {
    const most = extent !== 'WHOLE' && 'parts' in extent ? extent.atMostMinor : Number.MAX_SAFE_INTEGER;
    return withinReach(taken, lines, { disputedMinor, most });
  }
  const exact = withinReach(taken, lines, { disputedMinor: 0, most: Number.MAX_SAFE_INTEGER });
  return exact.reduce((sum, { minor }) => sum + minor, 0) === extent.exactMinor ? exact : undefined;
}

/** What a bank has taken back, or may take back, cannot be refunded as well. @param within.most of this refund */
function withinReach(
  taken: readonly LineRefund[],
  lines: readonly RefundableLine[],
  within: { readonly disputedMinor: number; readonly most: number },
): LineRefund[] {
  const { disputedMinor, most } = within;
  let reach = Math.min(
    most,
    lines.reduce((sum, { leftMinor }) => sum + leftMinor, -disputedMinor),
  );
  return taken.flatMap(({ lineNo, minor }) => {
    const reached = Math.max(0, Math.min(minor, reach));
    reach -= reached;
    return reached > 0 ? [{ lineNo, minor: reached }] : [];
  });
}

/** Adds to the present value of each row: its check refuses more than was paid, under any concurrency. */
async function addToLines(tx: Tx, { bookingId }: Payment, taken: readonly LineRefund[]): Promise<void> {
  if (taken.length === 0) return;
  await tx.execute(sql`
    update refundable_lines l set refunded_minor = l.refunded_minor + t.minor
    from jsonb_to_recordset(${JSON.stringify(taken)}::jsonb) as t ("lineNo" integer, minor bigint)
    where l.booking_id = ${bookingId} and l.line_no = t."lineNo"`);
}

type After = Pick<Payment, 'status' | 'refundedMinor'>;

/** Brings the payment's sums and status up to date with its refunds, and makes what is under way due. */
async function recount(tx: Tx, payment: Payment, reason?: string): Promise<After> {
  const [row] = await tx.execute<{ status: Payment['status']; refunded: number }>(sql`
    update payments p set refunded_minor = r.done, open_refunds = r.open,
      status = case when r.whole > 0 then 'REFUND_PENDING'
        when r.is_back then 'REFUNDED' else 'PAYMENT_SUCCESS' end,
      refunded_at = case when r.is_back and r.whole = 0
        then coalesce(p.refunded_at, now()) else p.refunded_at end,
      refund_reason = coalesce(p.refund_reason, ${reason ?? null}),
      in_doubt = p.in_doubt and ${reason === undefined},
      checks = 0, next_check_at = case when r.open > 0 or p.in_doubt then now() else p.next_check_at end, updated_at = now()
    from (
      select coalesce(sum(amount_minor) filter (where status = 'SUCCEEDED'), 0) as done,
        -- Refunds of single tickets may add up to all of it while free tickets are left.
        coalesce(bool_or(status = 'SUCCEEDED'), false) and (coalesce(bool_or(status = 'SUCCEEDED' and is_whole), false)
          or (bool_or(is_whole or origin = 'GATEWAY')
            and sum(amount_minor) filter (where status = 'SUCCEEDED') = ${payment.capturedMinor})) as is_back,
        count(*) filter (where status = 'PENDING') as open,
        count(*) filter (where status = 'PENDING' and is_whole) as whole
      from refunds where booking_id = ${payment.bookingId}
    ) r
    where p.id = ${payment.id}
    returning p.status, p.refunded_minor::float8 as refunded`);
  if (!row) throw new Error(`Payment ${payment.id} was locked and is gone.`);
  return { status: row.status, refundedMinor: row.refunded };
}

async function publish(tx: Tx, refund: Refund, { refundedMinor }: After): Promise<void> {
  const { id: refundId, status, origin, amountMinor, currency, reason, bookingId: aggregateId, eventId } = refund;
  const about = { aggregateId, eventId, refundId, status, origin, amountMinor, currency, reason, refundedMinor };
  await appendToOutbox(tx, [{ type: 'RefundChanged', ...about }]);
}

const currencyOf = (payment: Payment): string => payment.capturedCurrency ?? payment.currency;
const eventOf = ({ bookingId: aggregateId, eventId }: Payment) => ({ aggregateId, eventId });
const aboutOf = (payment: Payment) => ({
  bookingId: payment.bookingId,
  organizationId: payment.organizationId,
  currency: currencyOf(payment),
});
