import { hash, randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';

export type PayoutRequest = {
  readonly organizationId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly reference: string;
  readonly paidAt: Date;
  readonly idempotencyKey: string;
  /** The raw id of the account or access key. */
  readonly recordedBy: string;
};

export type Payout = Pick<PayoutRequest, 'amountMinor' | 'currency' | 'reference'> & {
  readonly id: string;
  readonly paidAt: string;
  readonly recordedAt: string;
};

export type PayoutOutcome =
  | { readonly kind: 'RECORDED'; readonly payout: Payout }
  | { readonly kind: 'TOO_LARGE'; readonly availableMinor: number }
  | { readonly kind: 'KEY_REUSED' };

/**
 * Records money that was sent to an organizer, once per idempotency key, with its journal entry. Never more than what can be
 * paid out at that moment. When it resolves, the payout is committed.
 */
export const recordPayout = ({ db }: { db: Db }, request: PayoutRequest): Promise<PayoutOutcome> =>
  inTransaction(db, 'record-payout', (tx) => record(tx, request));

async function record(tx: Tx, request: PayoutRequest): Promise<PayoutOutcome> {
  const { organizationId, currency, amountMinor } = request;
  // Payouts of one organization happen one after the other, so that two of them can't both fit into the same balance.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`payout ${organizationId}`}, 0))`);
  const requestHash = hashOf(request);
  const [known] = await tx.execute<Payout & { requestHash: string }>(
    sql`select ${columns}, request_hash as "requestHash" from payouts
      where organization_id = ${organizationId} and idempotency_key = ${request.idempotencyKey}`,
  );
  if (known) {
    const { requestHash: former, ...payout } = known;
    return former === requestHash ? { kind: 'RECORDED', payout } : { kind: 'KEY_REUSED' };
  }
  const availableMinor = await readAvailable(tx, { organizationId, currency });
  if (amountMinor > availableMinor) return { kind: 'TOO_LARGE', availableMinor };
  return { kind: 'RECORDED', payout: await insertPayout(tx, request, requestHash) };
}

const columns = sql`id, amount_minor::float8 as "amountMinor", currency, reference,
  to_char(paid_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "paidAt",
  to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "recordedAt"`;

const hashOf = ({ amountMinor, currency, reference, paidAt }: PayoutRequest): string =>
  hash('sha256', JSON.stringify([amountMinor, currency, reference, paidAt.toISOString()]), 'base64url');

async function insertPayout(tx: Tx, request: PayoutRequest, requestHash: string): Promise<Payout> {
  const { organizationId, amountMinor, currency } = request;
  const id = randomUUIDv7();
  const paidAt = request.paidAt.toISOString();
  const [payout] = await tx.execute<Payout>(sql`
    insert into payouts (id, organization_id, currency, amount_minor, reference, paid_at, idempotency_key, request_hash, recorded_by)
    values (${id}, ${organizationId}, ${currency}, ${amountMinor}, ${request.reference}, ${paidAt},
      ${request.idempotencyKey}, ${requestHash}, ${request.recordedBy})
    returning ${columns}`);
  await tx.execute(sql`
    with entry as (
      insert into journal_entries (id, kind, organization_id, occurred_at) values (${id}, 'PAYOUT', ${organizationId}, ${paidAt})
    )
    insert into journal_lines (entry_id, line_no, account, organization_id, currency, amount_minor)
    values (${id}, 0, 'payouts', ${organizationId}, ${currency}, ${-amountMinor}),
      (${id}, 1, 'organizer_payable', ${organizationId}, ${currency}, ${amountMinor})`);
  if (!payout) throw new Error('The payout was not inserted.');
  return payout;
}

/**
 * What can be paid out: what is owed to the organizer, without what the organizer has already (cash, the card terminal,
 * invoices), and without what banks have taken back while they decide about a dispute.
 */
async function readAvailable(tx: Tx, of: Pick<PayoutRequest, 'organizationId' | 'currency'>): Promise<number> {
  const [row] = await tx.execute<{ minor: number }>(sql`
    select coalesce(-sum(l.amount_minor), 0)::float8 as minor
    from journal_entries e join journal_lines l on l.entry_id = e.id
    where e.organization_id = ${of.organizationId} and l.currency = ${of.currency}
      and l.account in ('organizer_payable', 'cash_drawer', 'card_terminal', 'invoices', 'disputes')`);
  return row?.minor ?? 0;
}
