import { readFile } from 'node:fs/promises';
import type postgres from 'postgres';
import { openRawClient } from '#shared/postgres.ts';

export type BookingFact = {
  id: string;
  status: string;
  totalMinor: number;
  currency: string;
  createdAt: Date;
  /** False: the box office sold it, so there is no payment. */
  isOnline: boolean;
};

type Move = { session: string; booking_id: string; amount_minor: number; currency: string };

/** The answer of the sandbox gateway at `/v1/ledger`. */
export type GatewayLedger = { captures: (Move & { captured_at: string })[]; refunds: Move[] };

export type Violation = { invariant: string; subject: string; detail: string };

export type MoneyBooks = { bookings: readonly BookingFact[]; ledger: GatewayLedger };

/** Returns the bookings of a booking database, with the columns that the invariants of money need. */
export async function readBookingFacts(bookingUrl: string): Promise<BookingFact[]> {
  const sql = openRawClient({ url: bookingUrl, name: 'frontrow-invariants' });
  try {
    return await sql<BookingFact[]>`
      select id, status, total_minor::float8 as "totalMinor", currency, created_at as "createdAt",
        tender is null as "isOnline" from bookings`;
  } finally {
    await sql.end();
  }
}

/**
 * Runs every query of money.sql. Without bookings the books of the booking side are not compared, because a test of
 * payments alone has no bookings.
 * @param graceSeconds how long work may be under way; 0 when the system is idle
 */
export async function findMoneyViolations(
  paymentsUrl: string,
  { bookings, ledger }: MoneyBooks,
  graceSeconds = 0,
): Promise<Violation[]> {
  const queries = await readInvariants();
  const sql = openRawClient({ url: paymentsUrl, name: 'frontrow-invariants' });
  try {
    return await sql.begin(async (tx) => {
      await loadBooks(tx, { bookings, ledger }, graceSeconds);
      const found: Violation[] = [];
      for (const { id, text } of queries) {
        const rows = await tx.unsafe<{ subject: string; detail: string }[]>(text);
        found.push(...rows.map((row) => ({ invariant: id, subject: row.subject, detail: row.detail })));
      }
      return found;
    });
  } finally {
    await sql.end();
  }
}

export async function readInvariants(): Promise<{ id: string; statement: string; text: string }[]> {
  const text = await readFile(new URL('./money.sql', import.meta.url), 'utf8');
  const parts = text.split(/^-- (I\d+P?|M\d) (.*)$/m).slice(1);
  const queries: { id: string; statement: string; text: string }[] = [];
  for (let i = 0; i + 2 < parts.length; i += 3) {
    queries.push({ id: parts[i] ?? '', statement: parts[i + 1] ?? '', text: parts[i + 2] ?? '' });
  }
  return queries;
}

async function loadBooks(tx: postgres.TransactionSql, { bookings, ledger }: MoneyBooks, graceSeconds: number) {
  await tx`select set_config('frontrow.grace', ${`${graceSeconds} seconds`}, true)`;
  await tx.unsafe(`
    create temporary table booking_facts (id uuid, status text, total_minor bigint, currency text, created_at timestamptz, is_online boolean)
      on commit drop;
    create temporary table gateway_captures (reference text, booking_id text, amount_minor bigint, currency text, captured_at timestamptz)
      on commit drop;
    create temporary table gateway_refunds (reference text, booking_id text, amount_minor bigint, currency text)
      on commit drop`);
  // As JSON, because a run with faults has tens of thousands of them.
  const facts = bookings.map(({ id, status, totalMinor, currency, createdAt, isOnline }) => ({
    id,
    status,
    total_minor: totalMinor,
    currency,
    created_at: createdAt,
    is_online: isOnline,
  }));
  await tx`insert into booking_facts
    select * from jsonb_populate_recordset(null::booking_facts, ${tx.json(facts)})`;
  const captures = ledger.captures.map(({ session, ...capture }) => ({ ...capture, reference: session }));
  await tx`insert into gateway_captures
    select * from jsonb_populate_recordset(null::gateway_captures, ${tx.json(captures)})`;
  const refunds = ledger.refunds.map(({ session, ...refund }) => ({ ...refund, reference: session }));
  await tx`insert into gateway_refunds
    select * from jsonb_populate_recordset(null::gateway_refunds, ${tx.json(refunds)})`;
}
