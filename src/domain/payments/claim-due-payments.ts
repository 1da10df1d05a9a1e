import { and, asc, eq, getTableColumns, lte, type SQL, sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { payments } from '#db/payments/tables.ts';
import type { PaymentsPolicy } from './payment-rules.ts';
import type { Payment } from './payment-statements.ts';

/** A payment that only this process works on until the lease ends; `now` is the database's clock at the claim. */
export type ClaimedPayment = Payment & { readonly lease: string; readonly now: Date };

/**
 * `PROMISED`: an action that we owe (a session, its end, a refund). `OPEN_TOO_LONG`: no notice came, so the gateway
 * is asked.
 */
export type DueKind = 'PROMISED' | 'OPEN_TOO_LONG';

type Needs = { db: Db; policy: PaymentsPolicy };

/**
 * Claims up to `limit` due payments, the longest due first, and moves their due time ahead by the lease: no other
 * process takes them meanwhile, and another process takes them over if this one dies.
 */
export async function claimDuePayments(
  { db, policy }: Needs,
  due: { kind: DueKind; limit: number },
): Promise<ClaimedPayment[]> {
  const ids = selectDue(db, due).for('update', { skipLocked: true });
  const rows = await db
    .update(payments)
    .set({
      nextCheckAt: sql`now() + make_interval(secs => ${policy.leaseSeconds})`,
      checks: sql`${payments.checks} + 1`,
    })
    // An array is computed once. A join could run the locking sub-select again and claim more than the limit.
    .where(sql`${payments.id} = any(array(${ids}))`)
    .returning({
      ...getTableColumns(payments),
      // As text: a Date would drop the microseconds that distinguish two leases.
      lease: sql<string>`${payments.nextCheckAt}::text`,
      nowMs: sql<number>`(extract(epoch from now()) * 1000)::float8`,
    });
  return rows.map(({ nowMs, ...payment }) => ({ ...payment, now: new Date(nowMs) }));
}

/** Ids, the longest due first. */
export function selectDue(db: Db, due: { kind: DueKind; limit: number }) {
  return db
    .select({ id: payments.id })
    .from(payments)
    .where(and(isDue[due.kind], lte(payments.nextCheckAt, sql`now()`)))
    .orderBy(asc(payments.nextCheckAt))
    .limit(due.limit);
}

/** Milliseconds until the next payment of a kind is due, by the database's clock; undefined without one. */
export async function findNextDueMs({ db }: Pick<Needs, 'db'>, kind: DueKind): Promise<number | undefined> {
  const [row] = await db
    .select({ ms: sql<number | null>`(extract(epoch from min(${payments.nextCheckAt}) - now()) * 1000)::float8` })
    .from(payments)
    .where(isDue[kind]);
  return row?.ms === null || row === undefined ? undefined : Math.max(0, row.ms);
}

/** Gives a claim back for another try after `seconds`, unless another process made the payment due since. */
export async function giveBack({ db }: Pick<Needs, 'db'>, claimed: ClaimedPayment, seconds: number): Promise<void> {
  await db
    .update(payments)
    .set({ nextCheckAt: sql`now() + make_interval(secs => ${seconds})` })
    .where(and(eq(payments.id, claimed.id), sql`${payments.nextCheckAt} = ${claimed.lease}::timestamptz`));
}

/** Literals instead of parameters: only then can the planner prove that the partial index payments_owed covers them. */
const isDue: Record<DueKind, SQL> = {
  PROMISED: sql`(${payments.status} in ('CREATING_SESSION', 'REFUND_PENDING')
    or (${payments.status} = 'SESSION_CREATED' and ${payments.closingAt} is not null) or ${payments.openRefunds} > 0)`,
  OPEN_TOO_LONG: sql`((${payments.status} = 'SESSION_CREATED' and ${payments.closingAt} is null)
    or (${payments.inDoubt} and ${payments.status} not in ('CREATING_SESSION', 'REFUND_PENDING')))`,
};
