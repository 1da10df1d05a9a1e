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
  /** The sum of its lines, and of its own fees and taxes. */
  linesMinor: number;
  /** What went back by hand; of a booking that was made online nothing. */
  handMinor: number;
  /** The seats whose tickets are valid. */
  validSeats: readonly number[];
  /** The event is cancelled, and the job that ends its bookings is done. */
  isEventOver: boolean;
};

/** Of all bookings of a booking database. The job of an event that ended long ago may be gone; then its bookings are not over. */
export const BOOKING_FACTS = `
  select b.id, b.status, b.total_minor::float8 as "totalMinor", b.currency, b.created_at as "createdAt", b.tender is null as "isOnline",
    (b.fee_minor + coalesce(s.minor, 0))::float8 as "linesMinor", coalesce(r.minor, 0)::float8 as "handMinor",
    coalesce(t.seat_nos, '{}') as "validSeats", c.event_id is not null as "isEventOver"
  from bookings b
  left join (
    select booking_id, sum(price_minor + fee_minor) as minor from (
      select booking_id, price_minor, fee_minor from booking_seats
      union all
      select booking_id, price_minor, fee_minor from refunded_seats) l group by 1) s on s.booking_id = b.id
  left join (
    select booking_id, sum(amount_minor) as minor from booking_refunds
    where origin = 'BOX_OFFICE' and status = 'SUCCEEDED' group by 1) r on r.booking_id = b.id
  left join (
    select booking_id, array_agg(seat_no) as seat_nos from tickets where voided_at is null group by 1) t on t.booking_id = b.id
  left join event_cancellations c on c.event_id = b.event_id and c.state = 'DONE'`;

type Move = { session: string; booking_id: string; amount_minor: number; currency: string };

/** The answer of the sandbox gateway at `/v1/ledger`. */
export type GatewayLedger = {
  captures: (Move & { captured_at: string })[];
  refunds: Move[];
  disputes: {
    session: string;
    amount_minor: number;
    currency: string;
    status: string;
    metadata: { booking_id: string };
  }[];
};

export type Violation = { invariant: string; subject: string; detail: string };

export type MoneyBooks = { bookings: readonly BookingFact[]; ledger: GatewayLedger };

/** Returns the bookings of a booking database, with the columns that the invariants of money need. */
export async function readBookingFacts(bookingUrl: string): Promise<BookingFact[]> {
  const sql = openRawClient({ url: bookingUrl, name: 'frontrow-invariants' });
  try {
    return await sql.unsafe<BookingFact[]>(BOOKING_FACTS);
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

/** The tables that the queries compare with the books of payments. */
export const BOOKS = `
  create temporary table booking_facts (id uuid, status text, total_minor bigint, currency text, created_at timestamptz, is_online boolean,
    lines_minor bigint, hand_minor bigint, valid_seats integer[], is_event_over boolean);
  create temporary table gateway_captures (reference text, booking_id text, amount_minor bigint, currency text, captured_at timestamptz);
  create temporary table gateway_refunds (reference text, booking_id text, amount_minor bigint, currency text);
  create temporary table gateway_disputes (reference text, amount_minor bigint, currency text, status text);`;

/** Returns a booking as `booking_facts` has it. */
export const rowOf = (fact: BookingFact) => ({
  ...{ id: fact.id, status: fact.status, total_minor: fact.totalMinor, currency: fact.currency },
  ...{ created_at: fact.createdAt, is_online: fact.isOnline, lines_minor: fact.linesMinor, hand_minor: fact.handMinor },
  ...{ valid_seats: [...fact.validSeats], is_event_over: fact.isEventOver },
});

async function loadBooks(tx: postgres.TransactionSql, { bookings, ledger }: MoneyBooks, graceSeconds: number) {
  await tx`select set_config('frontrow.grace', ${`${graceSeconds} seconds`}, true)`;
  await tx.unsafe(BOOKS.replaceAll(';', ' on commit drop;'));
  // As JSON, because a run with faults has tens of thousands of them.
  await tx`insert into booking_facts
    select * from jsonb_populate_recordset(null::booking_facts, ${tx.json(bookings.map(rowOf))})`;
  const captures = ledger.captures.map(({ session, ...capture }) => ({ ...capture, reference: session }));
  await tx`insert into gateway_captures
    select * from jsonb_populate_recordset(null::gateway_captures, ${tx.json(captures)})`;
  const refunds = ledger.refunds.map(({ session, ...refund }) => ({ ...refund, reference: session }));
  await tx`insert into gateway_refunds
    select * from jsonb_populate_recordset(null::gateway_refunds, ${tx.json(refunds)})`;
  const disputes = ledger.disputes.map(({ session, amount_minor, currency, status }) => ({
    ...{ reference: session, amount_minor, currency, status },
  }));
  await tx`insert into gateway_disputes
    select * from jsonb_populate_recordset(null::gateway_disputes, ${tx.json(disputes)})`;
}
