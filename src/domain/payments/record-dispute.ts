import { and, eq, sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { appendToOutbox } from '#db/outbox.ts';
import { disputes, payments } from '#db/payments/tables.ts';
import { enter } from './journal-statements.ts';
import { markInDoubt, type Payment } from './payment-statements.ts';
import { recordRefundFailed, refundsOf } from './refund-statements.ts';

export type DisputeStatus = (typeof disputes.$inferSelect)['status'];

export type SeenDispute = {
  readonly id: string;
  readonly status: DisputeStatus;
  readonly amountMinor: number;
  readonly currency: string;
};

const isOver = (status: DisputeStatus | undefined): boolean => status === 'WON' || status === 'LOST';
const takes = (status: DisputeStatus | undefined): boolean => status !== undefined && status !== 'INQUIRY';

/** Whether a state says more than the one before; nothing follows an end. */
export const isNews = (before: DisputeStatus | undefined, seen: DisputeStatus): boolean =>
  !isOver(before) && before !== seen && !(before === 'OPEN' && seen === 'INQUIRY');

export type DisputeStep = readonly ['DISPUTE_OPENED' | 'DISPUTE_LOST' | 'DISPUTE_WON', debit: string, credit: string];

/** The entries that a new state of a dispute makes. The end enters the beginning too; an inquiry that was won took nothing. */
export function stepsOfDispute(before: DisputeStatus | undefined, status: DisputeStatus): DisputeStep[] {
  const isInquiry = !takes(before) && status === 'WON' && before !== undefined;
  if (!takes(status) || isInquiry) return [];
  const steps: DisputeStep[] = takes(before) ? [] : [['DISPUTE_OPENED', 'disputes', 'gateway_clearing']];
  if (status === 'LOST') steps.push(['DISPUTE_LOST', 'organizer_payable', 'disputes']);
  if (status === 'WON') steps.push(['DISPUTE_WON', 'gateway_clearing', 'disputes']);
  return steps;
}

/**
 * Records a dispute, or its next state. `payment` is locked. States may become known in any order: the end of a dispute
 * enters its beginning as well, and nothing follows an end. Returns false when nothing is new.
 */
export async function recordDispute(tx: Tx, payment: Payment, seen: SeenDispute): Promise<boolean> {
  const key = and(eq(disputes.gateway, payment.gateway), eq(disputes.id, seen.id));
  const [before] = await tx.select().from(disputes).where(key).for('update');
  if (!isNews(before?.status, seen.status)) return false;
  const { bookingId, gateway } = payment;
  if (before) await tx.update(disputes).set({ status: seen.status, updatedAt: sql`now()` }).where(key);
  else await tx.insert(disputes).values({ ...seen, gateway, bookingId });
  await enterSteps(tx, payment, seen, before?.status);
  await recountDisputes(tx, payment);
  if (seen.status === 'LOST') await failOpenRefunds(tx, payment);
  await appendToOutbox(tx, [disputeEvent(payment, seen)]);
  return true;
}

async function enterSteps(
  tx: Tx,
  payment: Payment,
  seen: SeenDispute,
  before: DisputeStatus | undefined,
): Promise<void> {
  const { bookingId, organizationId, gateway } = payment;
  const { amountMinor, currency, status } = seen;
  const about = { bookingId, organizationId, currency };
  const move = (kind: DisputeStep[0], debit: string, credit: string) =>
    enter(tx, { kind, of: { disputeId: `${gateway} ${seen.id}` } }, about, [
      { account: debit, minor: amountMinor },
      { account: credit, minor: -amountMinor },
    ]);
  for (const [kind, debit, credit] of stepsOfDispute(before, status)) await move(kind, debit, credit);
}

async function recountDisputes(tx: Tx, { id, bookingId }: Payment): Promise<void> {
  await tx
    .update(payments)
    .set({
      disputedMinor: sql`(select coalesce(sum(amount_minor), 0) from disputes
        where booking_id = ${bookingId} and status in ('OPEN', 'LOST'))`,
      updatedAt: sql`now()`,
    })
    .where(eq(payments.id, id));
}

/**
 * The fan has the money already, and the gateway refuses refunds of it from now on; it decides about those that it has
 * accepted. One that it made shortly before, or
 * one of its dashboard that found no room beside ours, is read from its books.
 */
async function failOpenRefunds(tx: Tx, payment: Payment): Promise<void> {
  const open = (await refundsOf(tx, payment.bookingId)).filter(
    ({ status, gatewayReference }) => status === 'PENDING' && gatewayReference === null,
  );
  for (const refund of open) await recordRefundFailed(tx, payment, refund, 'CHARGED_BACK');
  if (open.length > 0) await markInDoubt(tx, payment);
}

const disputeEvent = (payment: Payment, { id: disputeId, status, amountMinor, currency }: SeenDispute) =>
  ({
    type: 'PaymentDisputed',
    ...{ aggregateId: payment.bookingId, eventId: payment.eventId, disputeId, status, amountMinor, currency },
    takesAll: status === 'LOST' && amountMinor >= payment.capturedMinor - payment.refundedMinor,
  }) as const;
