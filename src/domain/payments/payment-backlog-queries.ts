import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';

export type PaymentBacklog = {
  readonly refunds: number;
  readonly oldestRefundSeconds: number;
  readonly due: number;
  readonly oldestDueSeconds: number;
  readonly waitingNotices: number;
  /** Of reconciliation. */
  readonly differences: number;
};

/** What the payments service owes now. */
export async function readPaymentBacklog({ db }: { db: Db }): Promise<PaymentBacklog> {
  const [row] = await db.execute<PaymentBacklog>(sql`
    select refunds.count as refunds, coalesce(refunds.oldest, 0) as "oldestRefundSeconds",
      due.count as due, coalesce(due.oldest, 0) as "oldestDueSeconds", waiting.count as "waitingNotices", open.count as differences
    from (
      select count(*)::int as count,
        extract(epoch from now() - min(coalesce(requested_at, updated_at)))::float8 as oldest
      from payments p left join lateral (
        select min(created_at) as requested_at from outbox
        where aggregateid = p.booking_id::text and type = 'RefundRequested') asked on true
      where status = 'REFUND_PENDING'
    ) refunds, (
      select count(*)::int as count, extract(epoch from now() - min(next_check_at))::float8 as oldest
      from payments
      where (status in ('CREATING_SESSION', 'SESSION_CREATED', 'REFUND_PENDING') or in_doubt) and next_check_at <= now()
    ) due, (select count(*)::int as count from notices where handled_at is null) waiting,
      (select count(*)::int as count from reconciliation_differences where resolved_at is null) open`);
  if (!row) throw new Error('The backlog cannot be read.');
  return row;
}
