import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  bookingCancelled,
  bookingCreated,
  eventually,
  openPaymentsWorld,
  type PaymentsWorld,
  pay,
} from '#test/support/payments/payments-world.ts';
import { sweepWaitingNotices } from './apply-notice.ts';
import { GatewayRefused, GatewayUnavailable, type Notice } from './gateway.ts';
import { keepOne } from './receive-notices.ts';

let world: PaymentsWorld;
beforeAll(async () => {
  world = await openPaymentsWorld();
});
afterAll(() => world.close());

type State = NonNullable<Notice['dispute']>['state'];

/** A payment whose session was paid, according to a notice that names the payment at the gateway. */
async function paid() {
  const created = bookingCreated();
  const paymentReference = `pi_${randomUUID()}`;
  await world.trouble({ dropWebhooks: 1000 });
  await world.arrives(created);
  await world.settle();
  const { gateway_reference: reference } = await world.payment(created.aggregateId);
  const capture = { type: 'SESSION_PAID', amountMinor: 30_500, currency: 'USD', reference: reference ?? '' } as const;
  const notice = { ...capture, paymentReference, gatewayEventId: randomUUID(), occurredAt: new Date() };
  return { created, id: created.aggregateId, paymentReference, capture: notice };
}

const tell = async (notice: Notice) =>
  (await keepOne({ db: world.db, gateway: { name: 'sandbox' } }, { notice, resume: undefined })).outcome;

const disputed = (paymentReference: string, state: State, changes: Partial<Notice> = {}): Notice => ({
  gatewayEventId: randomUUID(),
  type: 'DISPUTE',
  paymentReference,
  amountMinor: 30_500,
  currency: 'USD',
  dispute: { id: `dp_${paymentReference}`, state },
  occurredAt: new Date(),
  ...changes,
});

async function balancesOf(bookingId: string): Promise<Record<string, number>> {
  const rows = await world.sql<{ account: string; minor: number }[]>`
    select account, sum(amount_minor)::bigint as minor from journal_lines where booking_id = ${bookingId}
    group by 1 having sum(amount_minor) <> 0 order by 1`;
  return Object.fromEntries(rows.map(({ account, minor }) => [account, minor]));
}

const OPEN = { disputes: 30_500, organizer_payable: -30_500 };
const KEPT = { gateway_clearing: 30_500, organizer_payable: -30_500 };

test.each<[string, State[], Record<string, number>, number]>([
  ['is opened and lost', ['OPEN', 'LOST'], {}, 2],
  ['is lost before its beginning is known', ['LOST', 'OPEN', 'INQUIRY'], {}, 1],
  ['is opened, also told twice', ['OPEN', 'OPEN'], OPEN, 1],
  ['is won', ['OPEN', 'WON'], KEPT, 2],
  ['is an inquiry only', ['INQUIRY'], KEPT, 1],
  ['was an inquiry that is won', ['INQUIRY', 'WON'], KEPT, 2],
  ['begins with an inquiry and is lost', ['INQUIRY', 'OPEN', 'LOST'], {}, 3],
])('a dispute that %s', async (_, states, balances, messages) => {
  const { id, paymentReference, capture } = await paid();
  await tell(capture);
  for (const state of states) await tell(disputed(paymentReference, state));
  expect(await balancesOf(id)).toEqual(balances);
  const published = (await world.published(id)).filter(({ type }) => type === 'PaymentDisputed');
  expect(published).toHaveLength(messages);
  const found = await world.violations([]);
  expect(found.filter(({ invariant }) => invariant.startsWith('M'))).toEqual([]);
});

test('nothing is refunded of what a bank has taken back', async () => {
  const { id, created, paymentReference, capture } = await paid();
  await tell(capture);
  await world.arrives(bookingCancelled(created, true));
  await tell(disputed(paymentReference, 'LOST'));
  expect(await world.sql`select status, failure_reason from refunds where booking_id = ${id}`).toMatchObject([
    { status: 'FAILED', failure_reason: 'CHARGED_BACK' },
  ]);
  expect(await world.payment(id)).toMatchObject({ status: 'PAYMENT_SUCCESS', refunded_minor: 0 });
  expect(await world.settle()).toEqual([]);
});

test('a dispute of a part takes only that from what can be refunded', async () => {
  const { id, created, paymentReference, capture } = await paid();
  await tell(capture);
  await tell(disputed(paymentReference, 'LOST', { amountMinor: 10_000 }));
  await world.arrives(bookingCancelled(created, true));
  expect(await world.sql`select amount_minor from refunds where booking_id = ${id}`).toMatchObject([
    { amount_minor: 20_500 },
  ]);
});

test('a dispute that overtakes its payment waits, and the sweep applies it', async () => {
  const { id, paymentReference, capture } = await paid();
  const notice = disputed(paymentReference, 'LOST');
  expect(await tell(notice)).toBe('WAITING');
  expect(await tell(capture)).toBe('APPLIED');
  const findBookingOfPayment = async () => undefined;
  await sweepWaitingNotices({ db: world.db, gateway: { findBookingOfPayment } }, { olderThanSeconds: 0, limit: 100 });
  expect(await balancesOf(id)).toEqual({});
});

test('a refund of the dashboard that overtakes its payment waits, and afterwards the gateway is asked about it', async () => {
  const { id, capture } = await paid();
  const refund = { type: 'REFUNDED', amountMinor: 100, currency: 'USD', reference: capture.reference } as const;
  const notice = { ...refund, gatewayEventId: randomUUID(), occurredAt: new Date() };
  expect(await tell(notice)).toBe('WAITING');
  expect(await tell(capture)).toBe('APPLIED');
  const findBookingOfPayment = async () => undefined;
  await sweepWaitingNotices({ db: world.db, gateway: { findBookingOfPayment } }, { olderThanSeconds: 0, limit: 100 });
  const [row] = await world.sql`
    select p.in_doubt, n.outcome from payments p, notices n
    where p.booking_id = ${id} and n.gateway_event_id = ${notice.gatewayEventId}`;
  expect(row).toEqual({ in_doubt: true, outcome: 'DOUBTED' });
});

test('a payment that only a notice names is looked up at the gateway, and is foreign only when the gateway says so', async () => {
  const { id, capture } = await paid();
  await tell({ ...capture, paymentReference: undefined });
  const names = {
    ours: `pi_${randomUUID()}`,
    foreign: `pi_${randomUUID()}`,
    unknown: `pi_${randomUUID()}`,
    silent: `pi_${randomUUID()}`,
  };
  const notices = Object.values(names).map((name) => disputed(name, 'LOST'));
  for (const notice of notices) expect(await tell(notice)).toBe('WAITING');
  const findBookingOfPayment = async (name: string) => {
    if (name === names.unknown) throw new GatewayRefused('NOT_FOUND', 'no such payment');
    if (name === names.silent) throw new GatewayUnavailable('no answer');
    return name === names.ours ? id : undefined;
  };
  await sweepWaitingNotices({ db: world.db, gateway: { findBookingOfPayment } }, { olderThanSeconds: 0, limit: 100 });
  const outcomes = await world.sql<{ outcome: string | null }[]>`
    select outcome from notices where gateway_event_id = any (${notices.map(({ gatewayEventId }) => gatewayEventId)})
    order by array_position(${notices.map(({ gatewayEventId }) => gatewayEventId)}, gateway_event_id)`;
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['APPLIED', 'FOREIGN', 'FOREIGN', null]);
});

test('the end of a booking of which the fees are kept gives back the rest', async () => {
  const { id, created, capture } = await paid();
  await tell(capture);
  await world.trouble({});
  await pay(await world.openedFor(created));
  const cancelled = { ...bookingCancelled(created, true), refundMinor: 30_000 } as ReturnType<typeof bookingCancelled>;
  await world.arrives(cancelled);
  await world.arrives(cancelled);
  await eventually(async () => {
    await world.settle();
    expect(await world.payment(id)).toMatchObject({ status: 'REFUNDED', refunded_minor: 30_000 });
  });
  expect(await balancesOf(id)).toEqual({ gateway_clearing: 500, organizer_payable: -500 });
  expect((await world.published(id)).at(-1)).toMatchObject({ type: 'PaymentRefunded', amountMinor: 30_000 });
});
