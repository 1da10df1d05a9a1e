import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { plainArray, prepared } from '#db/prepared.ts';

export type EntryKind =
  | 'REFUND_ASKED'
  | 'REFUND_DONE'
  | 'REFUND_UNDONE'
  | 'DISPUTE_OPENED'
  | 'DISPUTE_LOST'
  | 'DISPUTE_WON';

/** A debit is positive, a credit negative; minor units. */
export type JournalLine = {
  readonly account: string;
  readonly name?: string | null;
  readonly seatNo?: number | null;
  readonly minor: number;
};

type About = {
  readonly bookingId: string;
  readonly organizationId: string | null;
  readonly currency: string;
};

/** Enters the captures of these payments, in the transaction that records them. */
export async function enterCaptures(tx: Tx, paymentIds: readonly string[]): Promise<void> {
  await prepared(tx, 'select enter_captures($1::uuid[])', [plainArray(paymentIds)]);
}

/**
 * Enters what happened to a refund or a dispute, once: its id is made from `of` and the kind. Lines of zero are left out,
 * and so is an entry without lines.
 */
export async function enter(
  tx: Tx,
  entry: { kind: EntryKind; of: { refundId: string } | { disputeId: string } },
  about: About,
  lines: readonly JournalLine[],
): Promise<void> {
  const written = lines.filter(({ minor }) => minor !== 0);
  if (written.length === 0) return;
  const { kind, of } = entry;
  const subject = 'refundId' in of ? `refund ${of.refundId}` : `dispute ${of.disputeId}`;
  const refundId = 'refundId' in of ? of.refundId : null;
  const { bookingId, organizationId, currency } = about;
  await tx.execute(sql`
    with entry as (
      insert into journal_entries (id, kind, booking_id, refund_id, organization_id, occurred_at)
      values (md5(${`${subject} ${kind}`})::uuid, ${kind}, ${bookingId}, ${refundId}, ${organizationId}, now())
      returning id
    )
    insert into journal_lines (entry_id, line_no, account, name, organization_id, currency, amount_minor, booking_id, seat_no)
    select entry.id, l.no, l.account, l.name, ${organizationId}::uuid, ${currency}, l.minor, ${bookingId}::uuid, l."seatNo"
    from entry, rows from (jsonb_to_recordset(${JSON.stringify(written)}::jsonb)
      as (account text, name text, "seatNo" integer, minor bigint)) with ordinality as l (account, name, "seatNo", minor, no)`);
}

/** The lines of an entry that was made from this refund, in the transaction or before it. */
export async function linesOfRefund(tx: Tx, refundId: string, kind: EntryKind): Promise<JournalLine[]> {
  const rows = await tx.execute<{ account: string; name: string | null; seat_no: number | null; minor: number }>(sql`
    select account, name, seat_no, amount_minor::float8 as minor from journal_lines
    where entry_id = md5(${`refund ${refundId} ${kind}`})::uuid order by line_no`);
  return rows.map(({ seat_no: seatNo, ...line }) => ({ ...line, seatNo }));
}
