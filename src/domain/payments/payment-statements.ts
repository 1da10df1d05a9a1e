import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { appendToOutbox } from '#db/outbox.ts';
import { payments } from '#db/payments/tables.ts';
import type { OpenedSession } from './gateway.ts';
import { enterCaptures } from './journal-statements.ts';
import type { PaymentStatus } from './payment-status.ts';

export type Payment = typeof payments.$inferSelect;
export type NewPayment = Pick<
  Payment,
  'id' | 'bookingId' | 'eventId' | 'amountMinor' | 'currency' | 'description' | 'lines' | 'gateway'
> &
  Pick<Payment, 'holdExpiresAt' | 'sessionExpiresAt' | 'requestId' | 'traceparent' | 'organizationId' | 'credits'>;

/** Times come from the database's clock. */
const now = sql`now()`;
const inSeconds = (seconds: number) => sql`now() + make_interval(secs => ${seconds})`;

/** Returns whether the payment is new. */
export async function insertPayment(tx: Tx, payment: NewPayment): Promise<boolean> {
  const inserted = await tx
    .insert(payments)
    .values({ ...payment, status: 'CREATING_SESSION' })
    .onConflictDoNothing({ target: payments.bookingId })
    .returning({ id: payments.id });
  return inserted.length === 1;
}

/** For a total of zero: no gateway is asked for a session. */
export async function insertFreePayment(tx: Tx, payment: NewPayment): Promise<boolean> {
  const [inserted] = await tx
    .insert(payments)
    .values({ ...payment, status: 'PAYMENT_SUCCESS', capturedCurrency: payment.currency, capturedAt: now })
    .onConflictDoNothing({ target: payments.bookingId })
    .returning();
  if (inserted) await appendToOutbox(tx, [paymentSucceeded(inserted)]);
  return inserted !== undefined;
}

export async function lockPaymentOfBooking(tx: Tx, bookingId: string): Promise<Payment | undefined> {
  const [row] = await tx.select().from(payments).where(eq(payments.bookingId, bookingId)).for('update');
  return row;
}

export async function lockPaymentOfSession(
  tx: Tx,
  session: { gateway: Payment['gateway']; reference: string },
): Promise<Payment | undefined> {
  const [row] = await tx
    .select()
    .from(payments)
    .where(and(eq(payments.gateway, session.gateway), eq(payments.gatewayReference, session.reference)))
    .for('update');
  return row;
}

/** The payment whose capture has this name at the gateway. */
export async function lockPaymentOfCapture(
  tx: Tx,
  capture: { gateway: Payment['gateway']; paymentReference: string },
): Promise<Payment | undefined> {
  const [row] = await tx
    .select()
    .from(payments)
    .where(and(eq(payments.gatewayPayment, capture.paymentReference), eq(payments.gateway, capture.gateway)))
    .for('update');
  return row;
}

/** CREATING_SESSION -> SESSION_CREATED. If the booking ended meanwhile, closing the session is due at once. */
export async function storeSession(
  tx: Tx,
  payment: Payment,
  opened: Pick<OpenedSession, 'reference' | 'url'> & { askAfterSeconds: number },
): Promise<boolean> {
  const row = await move(tx, payment, ['CREATING_SESSION'], {
    status: 'SESSION_CREATED',
    gatewayReference: opened.reference,
    paymentUrl: opened.url,
    checks: 0,
    nextCheckAt: sql`case when ${payments.closingAt} is null then ${askAt(opened.askAfterSeconds)} else now() end`,
  });
  if (!row) return false;
  await appendToOutbox(tx, [
    { type: 'PaymentSessionOpened', ...about(row), url: opened.url, openedAt: row.updatedAt.toISOString() },
  ]);
  return true;
}

/** Stores the session of an opening whose answer was lost, after the gateway returned it. */
export async function adoptSession(tx: Tx, payment: Payment, reference: string): Promise<void> {
  await tx
    .update(payments)
    .set({ gatewayReference: reference, updatedAt: now })
    .where(and(eq(payments.id, payment.id), isNull(payments.gatewayReference)));
}

/** CREATING_SESSION | SESSION_CREATED | PAYMENT_FAILED -> PAYMENT_SUCCESS. The capture equals the requested amount. */
export async function recordCapture(
  tx: Tx,
  payment: Payment,
  { at: capturedAt, paymentReference }: { at: Date; paymentReference?: string | undefined },
): Promise<boolean> {
  const row = await move(tx, payment, ['CREATING_SESSION', 'SESSION_CREATED', 'PAYMENT_FAILED'], {
    status: 'PAYMENT_SUCCESS',
    capturedMinor: payment.amountMinor,
    capturedCurrency: payment.currency,
    capturedAt,
    inDoubt: false,
    ...(paymentReference && { gatewayPayment: paymentReference }),
  });
  if (!row) return false;
  await enterCaptures(tx, [row.id]);
  await appendToOutbox(tx, [paymentSucceeded(row)]);
  return true;
}

/** CREATING_SESSION | SESSION_CREATED -> PAYMENT_FAILED. No money will come. */
export async function recordFailure(tx: Tx, payment: Payment, reason: string): Promise<boolean> {
  const row = await move(tx, payment, ['CREATING_SESSION', 'SESSION_CREATED'], {
    status: 'PAYMENT_FAILED',
    failureReason: reason,
    inDoubt: false,
  });
  if (row) await appendToOutbox(tx, [{ type: 'PaymentFailed', ...about(row), reason }]);
  return row !== undefined;
}

/**
 * Money of another amount or currency than requested, of a payment that has failed. Returns the payment; the whole of it
 * is refunded next.
 */
export async function recordWrongCapture(
  tx: Tx,
  payment: Payment,
  capture: { minor: number; currency: string; at: Date },
): Promise<Payment | undefined> {
  const [row] = await tx
    .update(payments)
    .set({ capturedMinor: capture.minor, capturedCurrency: capture.currency, capturedAt: capture.at, updatedAt: now })
    .where(and(eq(payments.id, payment.id), eq(payments.status, 'PAYMENT_FAILED'), isNull(payments.capturedAt)))
    .returning();
  return row;
}

/** The booking ended: a session that is still open at the gateway is closed next. */
export async function markClosing(tx: Tx, payment: Payment): Promise<void> {
  await tx
    .update(payments)
    .set({ closingAt: now, checks: 0, nextCheckAt: now, updatedAt: now })
    .where(and(eq(payments.id, payment.id), eq(payments.status, 'SESSION_CREATED')));
  // An opening under way keeps its attempts: they show whether the gateway may have the session.
  await tx
    .update(payments)
    .set({ closingAt: now, nextCheckAt: now, updatedAt: now })
    .where(and(eq(payments.id, payment.id), eq(payments.status, 'CREATING_SESSION')));
}

/** The gateway is asked next, in any status. */
export async function markInDoubt(tx: Tx, payment: Payment): Promise<void> {
  await tx.update(payments).set({ inDoubt: true, nextCheckAt: now, updatedAt: now }).where(eq(payments.id, payment.id));
}

/** The gateway was asked and nothing changed: ask again after `seconds`, or when the session's time is over. */
export async function askLater(tx: Tx, payment: Payment, seconds: number): Promise<void> {
  await tx
    .update(payments)
    .set({ inDoubt: false, checks: 0, nextCheckAt: askAt(seconds), updatedAt: now })
    .where(and(eq(payments.id, payment.id), eq(payments.status, payment.status)));
}

type Change = Partial<Record<keyof Payment, unknown>> & { status: PaymentStatus };

/** Guarded: changes nothing unless the payment is still in one of the states on which the decision was based. */
async function move(tx: Tx, payment: Payment, from: PaymentStatus[], change: Change): Promise<Payment | undefined> {
  const values = { ...change, updatedAt: now } as Record<string, SQL | unknown>;
  const [row] = await tx
    .update(payments)
    .set(values)
    .where(and(eq(payments.id, payment.id), inArray(payments.status, from)))
    .returning();
  return row;
}

const askAt = (seconds: number) =>
  sql`case when ${payments.sessionExpiresAt} > now() then least(${inSeconds(seconds)}, ${payments.sessionExpiresAt})
      else ${inSeconds(seconds)} end`;
const about = (payment: Payment) => ({ aggregateId: payment.bookingId, eventId: payment.eventId });
const captured = (payment: Payment) => ({
  amountMinor: payment.capturedMinor,
  currency: payment.capturedCurrency ?? payment.currency,
});
const paymentSucceeded = (payment: Payment) =>
  ({
    type: 'PaymentSucceeded',
    ...about(payment),
    ...captured(payment),
    capturedAt: (payment.capturedAt ?? payment.updatedAt).toISOString(),
  }) as const;
