import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';

export type StatementOf = {
  readonly organizationId: string;
  readonly currency: string;
  readonly from: Date;
  readonly to: Date;
};

/** Amounts are what is owed to the organizer: positive when it grows. */
export type StatementFacts = {
  readonly openingMinor: number;
  readonly closingMinor: number;
  /** Of the closing balance: what the organizer has already, from sales at the box office. */
  readonly heldMinor: number;
  /** What banks had taken back at the end, while they decide. */
  readonly disputedMinor: number;
  /** No entry can be added to the period any more. */
  readonly isFinal: boolean;
  readonly lines: readonly { readonly kind: string; readonly amountMinor: number; readonly count: number }[];
};

/** An entry belongs to the time at which its transaction began, and no transaction lasts this long. */
const FINAL_AFTER_SECONDS = 300;

type Row = {
  kind: string;
  amountMinor: number;
  heldMinor: number;
  disputedMinor: number;
  isBefore: boolean;
  count: number;
};

/**
 * Reads a statement from the journal alone: entries from `from` on and before `to`, by the time at which they were entered. So
 * the closing balance of a period is the opening balance of the next one, and a final statement never changes.
 */
export async function readStatement({ db }: { db: Db }, of: StatementOf): Promise<StatementFacts> {
  const [from, to] = [of.from.toISOString(), of.to.toISOString()];
  // One statement, so all of its sums are of one snapshot.
  const rows = await db.execute<Row & { isFinal: boolean }>(sql`
    with moved as (
      select e.kind, e.entered_at < ${from} as "isBefore",
        coalesce(-sum(l.amount_minor) filter (where l.account = 'organizer_payable'), 0) as payable,
        coalesce(sum(l.amount_minor) filter (where l.account in ('cash_drawer', 'card_terminal', 'invoices')), 0) as held,
        coalesce(sum(l.amount_minor) filter (where l.account = 'disputes'), 0) as disputed,
        count(distinct e.id) filter (where l.account = 'organizer_payable') as count
      from journal_entries e join journal_lines l on l.entry_id = e.id
      where e.organization_id = ${of.organizationId} and l.currency = ${of.currency} and e.entered_at < ${to}
      group by 1, 2
    )
    select kind, "isBefore", payable::float8 as "amountMinor", held::float8 as "heldMinor", disputed::float8 as "disputedMinor",
      count::int, ${to}::timestamptz <= now() - make_interval(secs => ${FINAL_AFTER_SECONDS}) as "isFinal"
    from moved
    union all
    select null, null, 0, 0, 0, 0, ${to}::timestamptz <= now() - make_interval(secs => ${FINAL_AFTER_SECONDS})`);
  const moved = rows.filter(({ kind }) => kind !== null);
  const sumOf = (some: readonly Row[], field: 'amountMinor' | 'heldMinor' | 'disputedMinor') =>
    some.reduce((sum, row) => sum + row[field], 0);
  const lines = moved.filter(({ isBefore, count }) => !isBefore && count > 0);
  return {
    openingMinor: sumOf(
      moved.filter(({ isBefore }) => isBefore),
      'amountMinor',
    ),
    closingMinor: sumOf(moved, 'amountMinor'),
    heldMinor: sumOf(moved, 'heldMinor'),
    disputedMinor: sumOf(moved, 'disputedMinor'),
    isFinal: rows[0]?.isFinal ?? false,
    lines: lines.map(({ kind, amountMinor, count }) => ({ kind, amountMinor, count })),
  };
}

export type JournalRow = {
  readonly entryId: string;
  readonly lineNo: number;
  readonly enteredAt: string;
  readonly occurredAt: string;
  readonly kind: string;
  readonly account: string;
  readonly name: string | null;
  readonly amountMinor: number;
  readonly bookingId: string | null;
  readonly seatNo: number | null;
  readonly refundId: string | null;
  readonly reference: string | null;
};

/** Where the next page begins: behind the last entry of this one. */
export type JournalCursor = { readonly enteredAt: string; readonly entryId: string };

/**
 * The lines of an organization's entries in the order in which they were entered, `limit` entries at a time. An entry is
 * never cut in two.
 */
export async function listJournal(
  { db }: { db: Db },
  of: StatementOf,
  { after, limit }: { after: JournalCursor | undefined; limit: number },
): Promise<{ rows: JournalRow[]; next: JournalCursor | undefined }> {
  const page = sql`
    select id, kind, booking_id, refund_id, entered_at, occurred_at from journal_entries e
    where organization_id = ${of.organizationId}
      and entered_at >= ${of.from.toISOString()} and entered_at < ${of.to.toISOString()}
      and (entered_at, id) > (${after?.enteredAt ?? '-infinity'}::timestamptz, ${after?.entryId ?? NIL}::uuid)
      and exists (select from journal_lines l where l.entry_id = e.id and l.currency = ${of.currency})
    order by entered_at, id limit ${limit}`;
  const rows = await db.execute<JournalRow & { position: string }>(sql`
    select e.id as "entryId", l.line_no as "lineNo", ${iso(sql`e.entered_at`)} as "enteredAt",
      ${iso(sql`e.occurred_at`)} as "occurredAt", e.entered_at::text as position, e.kind, l.account, l.name,
      l.amount_minor::float8 as "amountMinor", l.booking_id as "bookingId", l.seat_no as "seatNo",
      e.refund_id as "refundId", p.reference
    from (${page}) e join journal_lines l on l.entry_id = e.id and l.currency = ${of.currency}
      left join payouts p on p.id = e.id and e.kind = 'PAYOUT'
    order by e.entered_at, e.id, l.line_no`);
  const entries = new Set(rows.map(({ entryId }) => entryId)).size;
  const last = rows.at(-1);
  return {
    rows: rows.map(({ position: _, ...row }) => row),
    // As text, because a Date would lose the microseconds.
    next: last && entries === limit ? { enteredAt: last.position, entryId: last.entryId } : undefined,
  };
}

const NIL = '00000000-0000-0000-0000-000000000000';

const iso = (column: ReturnType<typeof sql>) =>
  sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
