import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { enterSale, enterSaleRefund } from '#domain/payments/enter-sales.ts';
import { createPaymentsDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { type BookingFact, findMoneyViolations, type GatewayLedger, readInvariants } from './money.ts';

let database: TestDatabase;
let sql: postgres.Sql;
beforeAll(async () => {
  database = await createPaymentsDatabase();
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

type Books = { bookings: BookingFact[]; ledger: GatewayLedger };
let books: Books;
let paid: string;
let refunded: string;
let open: string;

const eventTypes = {
  paid: ['PaymentSessionOpened', 'PaymentSucceeded'],
  refunded: ['PaymentSessionOpened', 'PaymentSucceeded', 'RefundRequested', 'PaymentRefunded'],
  open: ['PaymentSessionOpened'],
};
const publish = (bookingId: string, types: readonly string[]) => sql`
  insert into outbox (id, aggregatetype, aggregateid, type, event_id, payload)
  select gen_random_uuid(), 'payment', ${bookingId}, type, gen_random_uuid(), '{}' from unnest(${sql.array([...types])}::text[]) as type`;

/** Without triggers, as no process may write. */
const unguarded = (statement: string) =>
  sql.begin(async (tx) => {
    await tx`set local session_replication_role = 'replica'`;
    await tx.unsafe(statement);
  });

/** Three correct bookings: one paid and confirmed, one paid late and refunded, one still open. */
beforeEach(async () => {
  [paid, refunded, open] = [randomUUID(), randomUUID(), randomUUID()];
  await unguarded(
    `truncate payments, outbox, notices, refunds, refundable_lines, journal_entries, journal_lines, payouts, box_office_sales, disputes, waiting_sale_refunds`,
  );
  const insert = (id: string, status: string, values: Record<string, unknown>) =>
    sql`insert into payments ${sql({
      id: randomUUID(),
      booking_id: id,
      event_id: randomUUID(),
      ...{ status, amount_minor: 5000, currency: 'USD', description: 'Match' },
      lines: sql.json([]),
      hold_expires_at: new Date(),
      session_expires_at: new Date(),
      gateway: 'sandbox',
      gateway_reference: `cs_${id}`,
      payment_url: 'http://localhost/pay',
      ...values,
    })}`;
  const captured = { captured_minor: 5000, captured_currency: 'USD', captured_at: new Date() };
  await insert(paid, 'PAYMENT_SUCCESS', captured);
  const back = { refund_reason: 'SEATS_TAKEN', refunded_minor: 5000, refunded_at: new Date() };
  await insert(refunded, 'REFUNDED', { ...captured, ...back });
  await insert(open, 'SESSION_CREATED', {});
  await sql`select enter_captures(array(select id from payments)), enter_older_refunds(array(select id from payments))`;
  await publish(paid, eventTypes.paid);
  await publish(refunded, eventTypes.refunded);
  await publish(open, eventTypes.open);
  const fact = (id: string, status: string) => ({
    id,
    status,
    totalMinor: 5000,
    currency: 'USD',
    createdAt: new Date(Date.now() - 1000),
    isOnline: true,
    linesMinor: 5000,
    handMinor: 0,
    validSeats: status === 'CONFIRMED' ? [7] : [],
    isEventOver: false,
  });
  const move = (id: string) => ({ session: `cs_${id}`, booking_id: id, amount_minor: 5000, currency: 'USD' });
  const captured_at = new Date(Date.now() - 1000).toISOString();
  books = {
    bookings: [fact(paid, 'CONFIRMED'), fact(refunded, 'EXPIRED'), fact(open, 'PENDING_PAYMENT')],
    ledger: {
      captures: [paid, refunded].map((id) => ({ ...move(id), captured_at })),
      refunds: [move(refunded)],
      disputes: [],
    },
  };
});

const found = async () => new Set((await findMoneyViolations(database.url, books)).map(({ invariant }) => invariant));
const bookingOf = (id: string) => books.bookings.find((booking) => booking.id === id);

test('finds no violation in correct books', async () => {
  await sell();
  await sell(5000);
  expect(await findMoneyViolations(database.url, books)).toEqual([]);
});

/** The invariant that must notice, and how the books are corrupted. */
const corruptions: [string, string, () => unknown][] = [
  [
    'I07',
    'a success whose booking never became anything',
    () => Object.assign(bookingOf(paid) ?? {}, { status: 'EXPIRED' }),
  ],
  [
    'I07',
    'a refund that is not finished',
    () => sql`update payments set status = 'REFUND_PENDING' where booking_id = ${refunded}`,
  ],
  ['I08', 'a confirmed booking without a capture', () => books.ledger.captures.shift()],
  ['I08', 'a confirmed booking captured twice', () => books.ledger.captures.push({ ...first(), session: 'cs_second' })],
  ['I08', 'a capture of another amount', () => Object.assign(first(), { amount_minor: 4999 })],
  ['I08', 'a capture in another currency', () => Object.assign(first(), { currency: 'MXN' })],
  [
    'I08',
    'a confirmed booking whose payment failed',
    () => sql`update payments set status = 'PAYMENT_FAILED' where booking_id = ${paid}`,
  ],
  ['I09', 'money left over', () => books.ledger.refunds.pop()],
  ['I09', 'money of a confirmed booking that a bank took', () => books.ledger.disputes.push(lost())],
  [
    'I10',
    'more given back than taken',
    () => books.ledger.refunds.push({ ...first(), session: `cs_${refunded}`, booking_id: refunded, amount_minor: 1 }),
  ],
  ['I10', 'a refund of a confirmed booking at the gateway', () => books.ledger.refunds.push(first())],
  [
    'I10',
    'a confirmed booking whose payment is given back',
    () => Object.assign(bookingOf(refunded) ?? {}, { status: 'CONFIRMED' }),
  ],
  ['I11', 'an orphan charge', () => books.ledger.captures.push({ ...first(), session: 'cs_orphan', booking_id: open })],
  ['I11', 'a phantom success', () => books.ledger.captures.shift()],
  ['I11', 'a refund that the gateway does not know', () => books.ledger.refunds.pop()],
  ['I11', 'a dispute that we do not know', () => books.ledger.disputes.push({ ...lost(), status: 'open' })],
  ['I12', 'two captures of a booking', () => books.ledger.captures.push({ ...first(), session: 'cs_second' })],
  ['I12', 'a payment of what the box office sold', () => Object.assign(bookingOf(open) ?? {}, { isOnline: false })],
  ['I12', 'a booking without a payment', () => sql`delete from payments where booking_id = ${open}`],
  ['I16P', 'an event too few', () => sql`delete from outbox where aggregateid = ${paid} and type = 'PaymentSucceeded'`],
  ['I16P', 'an event twice', () => publish(paid, ['PaymentSucceeded'])],
  ['I16P', 'an event without a transition', () => publish(open, ['PaymentRefunded'])],
  ['I16P', 'an event of a payment that does not exist', () => publish(randomUUID(), ['PaymentFailed'])],
  [
    'I17P',
    'a notice that was not applied',
    () => sql`insert into notices (gateway, gateway_event_id, type, reference, occurred_at, received_at)
      values ('sandbox', 'evt_1', 'SESSION_PAID', ${`cs_${open}`}, now(), now() - interval '1 second')`,
  ],
  [
    'M1',
    'a line that was changed',
    () => unguarded(`update journal_lines set amount_minor = 4999 where line_no = 0 and amount_minor = 5000`),
  ],
  ['M1', 'an entry without lines', () => unguarded(`delete from journal_lines where line_no >= 0`)],
  [
    'M2',
    'money in one account only',
    () =>
      unguarded(`insert into journal_lines (entry_id, line_no, account, currency, amount_minor)
    select id, 9, 'fees', 'USD', 1 from journal_entries limit 1`),
  ],
  ['M3', 'a line that was refunded twice', () => sql`update refundable_lines set refunded_minor = refunded_minor - 1`],
  ['M3', 'a refund of more than its lines', () => sql`update refunds set amount_minor = amount_minor + 1`],
  ['M4', 'a capture that was not entered', () => unguarded(`delete from journal_entries where kind = 'CAPTURE'`)],
  ['M4', 'a refund that was not entered', () => unguarded(`delete from journal_entries where kind = 'REFUND_DONE'`)],
  ['M4', 'a failed refund that was not undone', () => sql`update refunds set status = 'FAILED'`],
  [
    'M4',
    'money that is owed to another organization',
    () => unguarded(`update journal_lines set organization_id = gen_random_uuid() where account = 'organizer_payable'`),
  ],
  [
    'M4',
    'a payout that was not entered',
    () => sql`insert into payouts (id, organization_id, currency, amount_minor, reference, paid_at, idempotency_key, request_hash, recorded_by)
      values (gen_random_uuid(), gen_random_uuid(), 'USD', 1, 'x', now(), 'x', 'x', gen_random_uuid())`,
  ],
  [
    'M4',
    'a sale of the box office that was not entered',
    () => sql`insert into box_office_sales (booking_id, event_id, organization_id, tender, currency, total_minor, sold_at)
      values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'CASH', 'USD', 1, now())`,
  ],
  [
    'M4',
    'a sale in cash that was entered as one at the card terminal',
    async () => {
      await sell();
      await unguarded(`update journal_lines set account = 'card_terminal' where account = 'cash_drawer'`);
    },
  ],
  [
    'M5',
    'money that the gateway has and the journal has not',
    () => unguarded(`update journal_lines set account = 'fees' where account = 'gateway_clearing'`),
  ],
  [
    'M6',
    'a valid ticket of a booking that was refunded',
    () => Object.assign(bookingOf(refunded) ?? {}, { validSeats: [3] }),
  ],
  [
    'M6',
    'a valid ticket that was refunded as a part',
    async () => {
      await sql`update payments set status = 'PAYMENT_SUCCESS' where booking_id = ${refunded}`;
      await sql`update refundable_lines set seat_no = 3`;
      Object.assign(bookingOf(refunded) ?? {}, { validSeats: [3] });
    },
  ],
  [
    'M6',
    'a valid ticket of a sale that was given back',
    async () => Object.assign(await sell(5000), { validSeats: [4] }),
  ],
  [
    'M6',
    'a valid ticket of a booking whose money a bank has',
    () => sql`insert into disputes (gateway, id, booking_id, status, amount_minor, currency)
      values ('sandbox', 'dp', ${paid}, 'LOST', 5000, 'USD')`,
  ],
  [
    'M6',
    'a valid ticket of an event that is cancelled',
    () => Object.assign(bookingOf(paid) ?? {}, { isEventOver: true }),
  ],
  [
    'M7',
    'a line of another organization than its entry',
    () => unguarded(`update journal_entries set organization_id = gen_random_uuid() where kind = 'CAPTURE'`),
  ],
  ['M7', 'an entry of tomorrow', () => unguarded(`update journal_entries set entered_at = now() + interval '1 day'`)],
  [
    'M7',
    'a payout that was entered into a period that is over',
    () => sql`insert into payouts (id, organization_id, currency, amount_minor, reference, paid_at, idempotency_key, request_hash, recorded_by)
        select id, gen_random_uuid(), 'USD', 1, 'x', now(), 'x', 'x', gen_random_uuid() from journal_entries limit 1`,
  ],
  ['M8', 'a total that is not that of its lines', () => Object.assign(bookingOf(open) ?? {}, { linesMinor: 4999 })],
  [
    'M8',
    'a capture that was entered with another amount',
    () =>
      unguarded(
        `update journal_lines set amount_minor = 4999 where account = 'gateway_clearing' and amount_minor = 5000`,
      ),
  ],
  ['M8', 'a sale of the box office that payments does not know', () => sold(randomUUID())],
  [
    'M8',
    'money that the box office gave back and payments does not know',
    async () => Object.assign(await sell(), { handMinor: 1 }),
  ],
  [
    'M8',
    'a refund of the box office that waits for its sale',
    () => sql`insert into waiting_sale_refunds (refund_id, booking_id, event, received_at)
      values (gen_random_uuid(), gen_random_uuid(), '{}', now() - interval '1 second')`,
  ],
];

/** A booking of the box office, which payments does not know. */
function sold(id: string): BookingFact {
  const fact = { ...(books.bookings[0] as BookingFact), id, isOnline: false, validSeats: [] };
  books.bookings.push(fact);
  return fact;
}

/** Seat 4 was sold for 50.00 in cash, and so much of it was given back. */
async function sell(backMinor = 0): Promise<BookingFact> {
  const fact = sold(randomUUID());
  const db = openDb({ url: database.url, poolMax: 1, name: 'invariants-test' });
  const of = { aggregateId: fact.id, eventId: randomUUID(), userId: randomUUID() };
  const about = { organizationId: randomUUID(), tender: 'CASH', currency: 'USD' };
  const split = (faceMinor: number) => [{ seatNo: 4, faceMinor, fees: [], taxes: [] }];
  const confirmedAt = new Date().toISOString();
  const sale = { ...about, totalMinor: 5000, split: split(5000) };
  await enterSale({ db }, { event: { type: 'BoxOfficeSold', ...of, confirmedAt, sale }, messageId: randomUUID() });
  if (backMinor > 0) {
    const refund = {
      ...{ refundId: randomUUID(), amountMinor: backMinor, reason: 'x' },
      ...{ seatNos: [4], split: split(backMinor) },
    };
    const event = { type: 'BoxOfficeRefunded', ...of, ...about, ...refund } as const;
    await enterSaleRefund({ db }, { event, messageId: randomUUID() });
    fact.handMinor = backMinor;
  }
  await closeDb(db);
  return fact;
}

const first = () => {
  const [capture] = books.ledger.captures;
  if (!capture) throw new Error('There is no capture to corrupt.');
  return capture;
};

const lost = () => ({
  ...{ session: `cs_${paid}`, amount_minor: 5000, currency: 'USD', status: 'lost' },
  metadata: { booking_id: paid },
});

test.each(corruptions)('%s finds %s', async (invariant, _, corrupt) => {
  await corrupt();
  expect(await found()).toContain(invariant);
});

test('I12 finds two payments of a booking when the constraint is missing', async () => {
  await sql`alter table payments drop constraint payments_booking`;
  const columns = sql`event_id, status, amount_minor, currency, description, lines, hold_expires_at, session_expires_at, gateway`;
  await sql`insert into payments (id, booking_id, ${columns})
    select gen_random_uuid(), booking_id, event_id, 'CREATING_SESSION', amount_minor, currency, description, lines,
      hold_expires_at, session_expires_at, gateway from payments where booking_id = ${paid}`;
  expect(await found()).toContain('I12');
  await sql`delete from payments`;
  await sql`alter table payments add constraint payments_booking unique (booking_id)`;
});

test('every invariant has a corruption in this file', async () => {
  const ids = (await readInvariants()).map(({ id }) => id);
  expect(new Set(corruptions.map(([id]) => id))).toEqual(new Set(ids));
});
