import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { enterSale, enterSaleRefund } from '#domain/payments/enter-sales.ts';
import { readStatement } from '#domain/payments/read-statement.ts';
import { recordPayout } from '#domain/payments/record-payout.ts';
import { findMoneyViolations } from '#processes/invariants/money.ts';

const TENDERS = ['CASH', 'CARD_TERMINAL', 'INVOICE'] as const;
const CURRENCY = 'USD';
const FEE = 200;

/** What an organization did, in order: by how much it changed what is owed to the organizer. */
type Books = { readonly organizationId: string; readonly moves: number[] };

/**
 * Keeps the books of two organizations in an empty payments database, with sales, refunds and payouts, and requests and
 * messages that come twice. Returns what is wrong, each line with the invariant before it.
 */
export async function keepBooks(databaseUrl: string): Promise<string[]> {
  const db = openDb({ url: databaseUrl, poolMax: 4, name: 'books' });
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
  try {
    const all = [await fill(db, 1), await fill(db, 2)];
    await spread(sql);
    const wrong = await findMoneyViolations(databaseUrl, {
      bookings: [],
      ledger: { captures: [], refunds: [], disputes: [] },
    });
    // There is no gateway and no booking here, with which the others compare.
    const ofJournal = wrong.filter(({ invariant }) => invariant.startsWith('M'));
    const found = ofJournal.map(({ invariant, subject, detail }) => `${invariant} ${subject}: ${detail}`);
    for (const books of all) found.push(...(await compare(db, sql, books)));
    return found;
  } finally {
    await Promise.all([closeDb(db), sql.end()]);
  }
}

async function fill(db: Db, factor: number): Promise<Books> {
  const organizationId = randomUUID();
  const moves: number[] = [];
  for (const [index, tender] of TENDERS.entries()) {
    const faceMinor = 1_000 * factor * (index + 1);
    const sold = await sell(db, { organizationId, tender, faceMinor });
    moves.push(faceMinor);
    await giveBack(db, { ...sold, organizationId, tender, faceMinor: faceMinor / 2 });
    moves.push(-faceMinor / 2);
  }
  // What was sold by hand is with the organizer, so nothing is left to pay out: it is owed by a capture.
  const captured = 50_000 * factor;
  await capture(db, organizationId, captured);
  moves.push(captured);
  for (const amountMinor of [7_000, 9_000]) {
    const request = { organizationId, amountMinor, currency: CURRENCY, reference: `transfer ${amountMinor}` };
    const once = { ...request, paidAt: new Date(0), idempotencyKey: randomUUID(), recordedBy: randomUUID() };
    await Promise.all([recordPayout({ db }, once), recordPayout({ db }, once)]);
    await recordPayout({ db }, once);
    moves.push(-amountMinor);
  }
  return { organizationId, moves };
}

const split = (faceMinor: number, fee: number) => [
  { seatNo: 1, faceMinor, fees: [['Fee', fee]] as [string, number][], taxes: [] },
];

type Sale = { organizationId: string; tender: string; faceMinor: number };

async function sell(db: Db, { organizationId, tender, faceMinor }: Sale) {
  const of = { aggregateId: randomUUID(), eventId: randomUUID(), userId: randomUUID() };
  const sale = {
    organizationId,
    tender,
    totalMinor: faceMinor + FEE,
    currency: CURRENCY,
    split: split(faceMinor, FEE),
  };
  const event = { type: 'BoxOfficeSold', ...of, confirmedAt: new Date().toISOString(), sale } as const;
  const messageId = randomUUID();
  for (const id of [messageId, messageId, randomUUID()]) await enterSale({ db }, { event, messageId: id });
  return of;
}

async function giveBack(db: Db, { faceMinor, ...of }: Sale & Awaited<ReturnType<typeof sell>>): Promise<void> {
  const amounts = { amountMinor: faceMinor, currency: CURRENCY, split: split(faceMinor, 0) };
  const event = {
    type: 'BoxOfficeRefunded',
    ...of,
    refundId: randomUUID(),
    reason: 'x',
    seatNos: [1] as number[],
    ...amounts,
  } as const;
  const messageId = randomUUID();
  for (const id of [messageId, messageId]) await enterSaleRefund({ db }, { event, messageId: id });
}

/** A captured payment as the statements of the payments service leave it. */
async function capture(db: Db, organizationId: string, minor: number): Promise<void> {
  const [id, bookingId] = [randomUUID(), randomUUID()];
  await db.$client.begin(async (tx) => {
    await tx`
      insert into payments (id, booking_id, event_id, organization_id, status, amount_minor, currency, description, lines,
        hold_expires_at, session_expires_at, gateway, gateway_reference, captured_minor, captured_currency, captured_at)
      values (${id}, ${bookingId}, ${randomUUID()}, ${organizationId}, 'PAYMENT_SUCCESS', ${minor}, ${CURRENCY}, 'x', '[]', now(),
        now(), 'sandbox', ${`cs_${id}`}, ${minor}, ${CURRENCY}, now())`;
    await tx`select enter_captures(array[${id}::uuid])`;
  });
}

/** Moves each entry to a day of its own, in the order in which they were entered. No process may write this. */
async function spread(sql: postgres.Sql): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = 'replica'`;
    await tx`
      with days as (
        select id, date_trunc('day', now()) - make_interval(days => (row_number() over (order by entered_at desc, id))::int) as day
        from journal_entries), payout as (
        update payouts p set recorded_at = d.day from days d where d.id = p.id)
      update journal_entries e set entered_at = d.day from days d where d.id = e.id`;
  });
}

/** Each period begins exactly when an entry was made, and ends when the next one was. */
async function compare(db: Db, sql: postgres.Sql, { organizationId, moves }: Books): Promise<string[]> {
  const entries = await sql<{ at: Date }[]>`
    select entered_at as at from journal_entries where organization_id = ${organizationId} order by entered_at`;
  if (entries.length !== moves.length)
    return [`M4 ${organizationId}: ${entries.length} entries of ${moves.length} moves`];
  const found: string[] = [];
  let owed = 0;
  for (const [index, move] of moves.entries()) {
    const from = entries[index]?.at ?? new Date(0);
    const to = entries[index + 1]?.at ?? new Date();
    const { openingMinor, closingMinor, lines } = await readStatement(
      { db },
      { organizationId, currency: CURRENCY, from, to },
    );
    const moved = lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    const told = `${openingMinor} + ${moved} = ${closingMinor}`;
    const right = `${owed} + ${move} = ${owed + move}`;
    if (told !== right)
      found.push(`M7 ${organizationId}: the statement from ${from.toISOString()} says ${told}, not ${right}`);
    owed += move;
  }
  return found;
}
