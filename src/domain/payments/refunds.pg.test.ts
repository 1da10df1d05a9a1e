import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '#db/transaction.ts';
import type { DomainEventOf, SplitLine } from '#events/contracts.ts';
import {
  bookingCancelled,
  bookingCreated,
  eventually,
  openPaymentsWorld,
  type PaymentsWorld,
  pay,
} from '#test/support/payments/payments-world.ts';
import { recordGatewayRefunds } from './gateway-refunds.ts';
import { lockPaymentOfBooking } from './payment-statements.ts';

let world: PaymentsWorld;
beforeAll(async () => {
  world = await openPaymentsWorld();
});
afterAll(() => world.close());

type Created = DomainEventOf<'BookingCreated'>;

const organizationId = randomUUID();
/** A ticket of 100.00 with a fee of 5.00, of which 16.76 are a tax, most of it on the face price. */
const ticket = (seatNo: number): SplitLine => ({
  seatNo,
  faceMinor: 10_000,
  fees: [['Fee', 500]],
  taxes: [['VAT', 1676, true, 80]],
});
const ofBooking: SplitLine = { seatNo: null, faceMinor: 0, fees: [['Delivery', 333]], taxes: [] };

async function paid(changes: Partial<Created> = {}): Promise<Created> {
  const created = bookingCreated({
    totalMinor: 21_333,
    lines: [{ label: 'All', amountMinor: 21_333 }],
    organizationId,
    split: [ticket(10), ticket(11), ofBooking],
    ...changes,
  });
  await world.trouble({});
  await world.arrives(created);
  await world.settle();
  await pay(await world.openedFor(created));
  await eventually(async () => expect((await world.payment(created.aggregateId)).status).toBe('PAYMENT_SUCCESS'));
  return created;
}

const voided = (created: Created, seatNos: number[], split: SplitLine[]): DomainEventOf<'TicketsVoided'> => {
  const { aggregateId, eventId, userId, currency } = created;
  const amountMinor = split.reduce(
    (sum, line) => line.fees.reduce((all, [, minor]) => all + minor, sum + line.faceMinor),
    0,
  );
  const refund = { id: randomUUID(), amountMinor, currency, reason: 'ILL', split };
  return { type: 'TicketsVoided', aggregateId, eventId, userId, version: 3, seatNos, refund };
};

/** Account, name and seat: the sum over all entries of a booking, without what came to zero. */
async function balancesOf({ aggregateId }: Created): Promise<Record<string, number>> {
  const rows = await world.sql<{ account: string; minor: number }[]>`
    select concat_ws(' ', account, name, seat_no) as account, sum(amount_minor)::bigint as minor from journal_lines
    where booking_id = ${aggregateId} group by 1 having sum(amount_minor) <> 0 order by 1`;
  return Object.fromEntries(rows.map(({ account, minor }) => [account, minor]));
}

const refundsIn = async ({ aggregateId }: Created) =>
  world.sql<{ id: string; status: string; amount_minor: number; origin: string }[]>`
    select id, status, amount_minor, origin from refunds where booking_id = ${aggregateId} order by created_at`;
const publishedTypes = async ({ aggregateId }: Created) => (await world.published(aggregateId)).map(({ type }) => type);
/** A notice that is being applied keeps its payment from being claimed. */
const settled = (created: Created) =>
  eventually(async () => {
    await world.settle();
    expect((await refundsIn(created)).filter(({ status }) => status === 'PENDING')).toEqual([]);
  });
/** What every ledger and journal of this test must have in common at the end. */
async function expectBalanced(): Promise<void> {
  const found = await world.violations([]);
  expect(found.filter(({ invariant }) => /^M|I10|I11|I16P/.test(invariant))).toEqual([]);
}

describe('a capture', () => {
  test('credits each part of the quote, and takes contained taxes out of what contains them', async () => {
    const created = await paid();
    expect(await balancesOf(created)).toEqual({
      gateway_clearing: 21_333,
      'organizer_payable 10': -8404,
      'organizer_payable 11': -8404,
      'fees Fee 10': -420,
      'fees Fee 11': -420,
      'tax_payable VAT 10': -1676,
      'tax_payable VAT 11': -1676,
      'fees Delivery': -333,
    });
    await expectBalanced();
  });

  test.each([
    ['of an older message, which has no parts', {}],
    ['of a message whose parts are not its total', { split: [ticket(10)] }],
  ])('%s, is one line for the organizer', async (_, changes) => {
    const created = await paid({ organizationId: undefined, split: undefined, ...changes });
    expect(await balancesOf(created)).toEqual({ gateway_clearing: 21_333, organizer_payable: -21_333 });
  });

  test('that a process of the release before records is entered in its transaction', async () => {
    const created = bookingCreated();
    await world.arrives(created);
    await world.settle();
    const { aggregateId: id } = created;
    await world.sql`update payments set status = 'PAYMENT_SUCCESS', captured_minor = amount_minor, captured_currency = currency,
      captured_at = now() where booking_id = ${id}`;
    expect(await balancesOf(created)).toEqual({ gateway_clearing: 30_500, organizer_payable: -30_500 });
    await world.sql`update payments set status = 'REFUND_PENDING', refund_reason = 'BOOKING_CANCELLED' where booking_id = ${id}`;
    expect(await balancesOf(created)).toEqual({ gateway_clearing: 30_500, refunds_in_flight: -30_500 });
    await world.sql`update payments set status = 'REFUNDED', refunded_minor = captured_minor, refunded_at = now()
      where booking_id = ${id}`;
    expect(await balancesOf(created)).toEqual({});
    expect(await refundsIn(created)).toMatchObject([{ id, status: 'SUCCEEDED', amount_minor: 30_500 }]);
    // This capture was never at the gateway.
    await world.sql`delete from payments where booking_id = ${id}`;
    await world.sql`delete from refunds where booking_id = ${id}`;
    await world.sql`delete from refundable_lines where booking_id = ${id}`;
    await world.sql`delete from outbox where aggregateid = ${id}`;
  });
});

describe('the journal', () => {
  const anyEntry = 'md5(random()::text)::uuid';
  test.each([
    ['a change', 'update journal_lines set amount_minor = 1'],
    ['a deletion', 'delete from journal_entries'],
    ['its emptying', 'truncate journal_lines'],
    [
      'an entry that does not add up',
      `with e as (insert into journal_entries (id, kind, occurred_at) values (${anyEntry}, 'PAYOUT', now()) returning id)
       insert into journal_lines (entry_id, line_no, account, currency, amount_minor) select id, 0, 'payouts', 'USD', 1 from e`,
    ],
    [
      'an entry without lines',
      `insert into journal_entries (id, kind, occurred_at) values (${anyEntry}, 'PAYOUT', now())`,
    ],
    [
      'lines in a later transaction',
      `insert into journal_lines (entry_id, line_no, account, currency, amount_minor)
       select id, 90 + n, 'fees', 'USD', 1 - 2 * n from (select id from journal_entries limit 1) e, generate_series(0, 1) n`,
    ],
  ])('refuses %s', async (_, statement) => {
    await paid();
    await expect(world.sql.unsafe(statement)).rejects.toThrow(/journal|append only/);
  });
});

describe('a refund of a part', () => {
  test('goes back to the lines of its ticket, and the rest follows with the whole', async () => {
    const created = await paid();
    const part = voided(created, [10], [{ ...ticket(10) }]);
    await world.arrives(part);
    const inFlight = await balancesOf(created);
    expect(inFlight).toMatchObject({
      gateway_clearing: 21_333,
      refunds_in_flight: -10_500,
      'organizer_payable 11': -8404,
    });
    await world.arrives(part);
    await settled(created);
    expect(await world.payment(created.aggregateId)).toMatchObject({
      status: 'PAYMENT_SUCCESS',
      refunded_minor: 10_500,
    });
    expect((await world.published(created.aggregateId)).slice(2)).toMatchObject([
      { type: 'RefundChanged', status: 'PENDING', amountMinor: 10_500, refundedMinor: 0, refundId: part.refund?.id },
      { type: 'RefundChanged', status: 'SUCCEEDED', refundedMinor: 10_500 },
    ]);
    await world.arrives(bookingCancelled(created, true));
    await settled(created);
    expect(await world.payment(created.aggregateId)).toMatchObject({ status: 'REFUNDED', refunded_minor: 21_333 });
    expect(await balancesOf(created)).toEqual({});
    expect((await publishedTypes(created)).slice(4)).toEqual(['RefundRequested', 'PaymentRefunded']);
    await expectBalanced();
  });
});

describe('a refund that was made at the gateway', () => {
  test.each([
    ['of a part is recorded', 5000, 'PAYMENT_SUCCESS'],
    ['of the whole ends the payment', 21_333, 'REFUNDED'],
  ])('%s', async (_, amountMinor, status) => {
    const created = await paid();
    const { aggregateId: bookingId, currency } = created;
    const { gateway_reference: reference } = await world.payment(bookingId);
    const made = { reference: reference ?? '', bookingId, amountMinor, currency, idempotencyKey: randomUUID() };
    await world.gateway.refund(made);
    await eventually(async () =>
      expect((await world.sql`select from payments where booking_id = ${bookingId} and in_doubt`).length).toBe(1),
    );
    await world.askAboutAll();
    expect(await world.payment(bookingId)).toMatchObject({ status, refunded_minor: amountMinor });
    expect(await refundsIn(created)).toMatchObject([
      { status: 'SUCCEEDED', origin: 'GATEWAY', amount_minor: amountMinor },
    ]);
    await world.askAboutAll();
    await expectBalanced();
  });
});

/** Ten currencies, with no, two, three and four decimals. */
const CURRENCIES = ['EUR', 'USD', 'JPY', 'KWD', 'TND', 'ISK', 'IDR', 'CHF', 'HUF', 'BHD'];

describe('50 refunds of one booking at once, with its cancellation', () => {
  const parts = (created: Created) =>
    Array.from({ length: 50 }, (_, seat) =>
      voided(created, [seat], [{ seatNo: seat, faceMinor: 101 + seat, fees: [['Fee', 7]], taxes: [] }]),
    );
  const booked = (currency: string): Partial<Created> => {
    const split = Array.from({ length: 50 }, (_, seat) => ({
      seatNo: seat,
      faceMinor: 101 + seat,
      fees: [['Fee', 7]] as [string, number][],
      taxes: [],
    }));
    const totalMinor = split.reduce((sum, { faceMinor }) => sum + faceMinor + 7, 0);
    return { currency, totalMinor, split, lines: [{ label: 'All', amountMinor: totalMinor }] };
  };

  test.each(CURRENCIES)(
    'never gives back more than was paid, to the last unit: %s',
    async (currency) => {
      const created = await paid(booked(currency));
      const messages = [...parts(created), bookingCancelled(created, true)];
      const order = messages.map((message, index) => ({ message, at: (index * 37) % messages.length }));
      order.sort((a, b) => a.at - b.at);
      await Promise.all(order.map(({ message }) => world.arrives(message)));
      await settled(created);
      const made = await refundsIn(created);
      expect(made.every(({ status }) => status === 'SUCCEEDED')).toBe(true);
      expect(made.reduce((sum, refund) => sum + refund.amount_minor, 0)).toBe(created.totalMinor);
      expect(await world.payment(created.aggregateId)).toMatchObject({ status: 'REFUNDED' });
      expect(await balancesOf(created)).toEqual({});
    },
    60_000,
  );

  test('the constraint alone refuses more than was paid when nothing locks the payment', async () => {
    const created = await paid();
    await world.arrives(voided(created, [10], [ticket(10)]));
    await expect(
      world.sql`update refundable_lines set refunded_minor = refunded_minor + 8405 where booking_id = ${created.aggregateId} and line_no = 4`,
    ).rejects.toThrow('refundable_lines_within_paid');
    await world.settle();
  });

  test('the lock of the payment alone keeps to what was paid when there is no constraint', async () => {
    await world.sql`alter table refundable_lines drop constraint refundable_lines_within_paid`;
    const created = await paid(booked('USD'));
    await Promise.all(
      parts(created).flatMap((message) => [
        world.arrives(message),
        world.arrives({ ...message, refund: message.refund && { ...message.refund, id: randomUUID() } }),
      ]),
    );
    await settled(created);
    const rows = await world.sql`select from refundable_lines where refunded_minor > paid_minor`;
    expect(rows).toHaveLength(0);
    // Free tickets may be left, so only the end of the booking ends its payment.
    expect(await world.payment(created.aggregateId)).toMatchObject({
      status: 'PAYMENT_SUCCESS',
      refunded_minor: created.totalMinor,
    });
    await world.arrives(bookingCancelled(created, true));
    await settled(created);
    expect(await world.payment(created.aggregateId)).toMatchObject({
      status: 'REFUNDED',
      refunded_minor: created.totalMinor,
    });
    expect((await publishedTypes(created)).filter((type) => type === 'PaymentRefunded')).toHaveLength(1);
    await world.sql`alter table refundable_lines add constraint refundable_lines_within_paid check (refunded_minor >= 0 and refunded_minor <= paid_minor)`;
  }, 60_000);
});

// Last, because the gateway of these tests has not failed the refund.
test('a refund that failed after it had arrived is undone, and the fan can have it again', async () => {
  const created = await paid();
  const { aggregateId: id } = created;
  await world.arrives(voided(created, [10], [ticket(10)]));
  await world.settle();
  expect(await balancesOf(created)).not.toHaveProperty('organizer_payable 10');
  const [session] = await world.sessionsOf(id);
  const failed = (session?.refunds ?? []).map((refund) => ({ ...refund, status: 'FAILED' as const }));
  const seeFailed = () =>
    inTransaction(world.db, 'seen', async (tx) => {
      const payment = await lockPaymentOfBooking(tx, id);
      return payment ? recordGatewayRefunds(tx, payment, failed) : 0;
    });
  expect([await seeFailed(), await seeFailed()]).toEqual([1, 0]);
  expect(await balancesOf(created)).toMatchObject({ gateway_clearing: 21_333, 'organizer_payable 10': -8404 });
  expect((await world.published(id)).at(-1)).toMatchObject({ status: 'FAILED', refundedMinor: 0 });
  expect(await world.payment(id)).toMatchObject({ status: 'PAYMENT_SUCCESS', refunded_minor: 0 });
  await world.arrives(voided(created, [10], [ticket(10)]));
  expect((await refundsIn(created)).map(({ status }) => status)).toEqual(['FAILED', 'PENDING']);
});
