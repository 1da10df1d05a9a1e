import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPaymentBacklog } from '#domain/payments/payment-backlog-queries.ts';
import { reconcileDay } from '#domain/payments/reconcile-day.ts';
import type { DomainEventOf } from '#events/contracts.ts';
import {
  bookingCancelled,
  bookingCreated,
  eventually,
  openPaymentsWorld,
  type PaymentsWorld,
  pay,
} from '#test/support/payments/payments-world.ts';
import { merchantCall, openSession, sandboxKeys } from '#test/support/payments/sandbox-gateway.ts';
import { reconcileDays } from '#workers/payments/reconcile-days.ts';

let world: PaymentsWorld;
beforeAll(async () => {
  world = await openPaymentsWorld();
});
afterAll(() => world.close());

const today = () => new Date().toISOString().slice(0, 10);
/** So late that no movement of today is young. */
const later = () => new Date(Date.now() + 2 * 3_600_000);
const compare = (now = later()) => reconcileDay(world, today(), { now });

async function paid(): Promise<{ created: DomainEventOf<'BookingCreated'>; id: string; session: string }> {
  const created = bookingCreated();
  await world.arrives(created);
  await world.settle();
  await pay(await world.openedFor(created));
  const id = created.aggregateId;
  await eventually(async () => expect((await world.payment(id)).status).toBe('PAYMENT_SUCCESS'));
  return { created, id, session: (await world.payment(id)).gateway_reference ?? '' };
}

/** Settles what notices left in doubt until the journal has so many entries of the kind. */
const entered = (kind: string, count: number) =>
  eventually(async () => {
    await world.settleOnce('PROMISED');
    await world.settleOnce('OPEN_TOO_LONG');
    const [row] = await world.sql`select count(*)::int as n from journal_entries where kind = ${kind}`;
    expect(row?.n).toBe(count);
  });
const openRows = async () => [
  ...(await world.sql`select kind, movement, reference, booking_id, our_minor, gateway_minor
    from reconciliation_differences where resolved_at is null order by kind`),
];

/** How many rows of this kind are resolved. */
const resolved = async (kind: string) =>
  (await world.sql`select from reconciliation_differences where kind = ${kind} and resolved_at is not null`).length;

const command = (...args: string[]) =>
  new Promise<{ code: number; out: string }>((resolve) => {
    const env = {
      PATH: process.env.PATH,
      PAYMENTS_DATABASE_URL: world.databaseUrl,
      GATEWAY_URL: world.gatewayUrl,
      GATEWAY_API_KEY: sandboxKeys.apiKey,
    };
    execFile(process.execPath, ['src/processes/reconcile.ts', ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, out: stdout + stderr }),
    );
  });

test('a day with captures, refunds, a refund that came back, a dashboard refund and disputes has no difference', async () => {
  const [refunded, atDashboard, lost, won, returned] = [
    await paid(),
    await paid(),
    await paid(),
    await paid(),
    await paid(),
  ];
  await world.arrives(bookingCancelled(refunded.created, true));
  await world.settle();
  await world.dashboard('refunds', { session: atDashboard.session, amount_minor: 1_234 });
  await world.dashboard('refunds', { session: atDashboard.session, amount_minor: 2_000 });
  const back = (await world.dashboard('refunds', { session: returned.session, amount_minor: 700 })).json.refunds[0].id;
  await entered('REFUND_DONE', 4);
  await world.dashboard(`refunds/${back}/fail`, {});
  for (const [{ session }, status] of [
    [lost, 'lost'],
    [won, 'won'],
  ] as const) {
    const { disputes } = (await world.dashboard('disputes', { session, amount_minor: 900 })).json;
    await world.dashboard(`disputes/${disputes[0].id}`, { status });
  }
  const inquiry = (await world.dashboard('disputes', { session: returned.session, status: 'inquiry' })).json.disputes[0]
    .id;
  await world.dashboard(`disputes/${inquiry}`, { status: 'won' });
  await entered('REFUND_UNDONE', 1);
  await eventually(async () => {
    const ended = await world.sql`select from disputes where status in ('LOST', 'WON')`;
    expect(ended).toHaveLength(3);
  });

  const found = await compare();
  expect(found).toMatchObject({ differences: [], underWay: 0, foreign: 0 });
  expect(found.sums.map(({ movement, ourMinor, gatewayMinor }) => [movement, ourMinor, gatewayMinor])).toEqual([
    ['CAPTURE', 152_500, 152_500],
    ['DISPUTE_RETURNED', 900, 900],
    ['DISPUTE_WITHDRAWN', 1_800, 1_800],
    ['REFUND', 34_434, 34_434],
    ['REFUND_RETURNED', 700, 700],
  ]);
  expect(await openRows()).toEqual([]);
});

const direct = (bookingId: string) => openSession(merchantCall(world.gatewayUrl), bookingId);

/** Enters a payment of 150.00 USD, or of another amount, as captured. */
async function enterPayment(
  bookingId: string,
  session: string,
  { minor = 15_000, at = new Date() } = {},
): Promise<void> {
  const id = randomUUID();
  await world.sql`
    insert into payments (id, booking_id, event_id, status, amount_minor, currency, description, lines, hold_expires_at,
      session_expires_at, gateway, gateway_reference, captured_minor, captured_currency, captured_at)
    values (${id}, ${bookingId}, ${randomUUID()}, 'PAYMENT_SUCCESS', ${minor}, 'USD', '', '[]', now(), now(), 'sandbox',
      ${session}, ${minor}, 'USD', ${at.toISOString()})`;
  await world.sql`select enter_captures(array[${id}::uuid])`;
}

test('finds what is missing here, missing at the gateway, and of another amount, once each; a later run resolves it', async () => {
  const [here, there, other] = [randomUUID(), randomUUID(), randomUUID()];
  const [first, second] = [await direct(here), await direct(other)];
  await pay(first.url);
  await pay(second.url);
  await enterPayment(there, 'cs_never_made');
  await enterPayment(other, second.id, { minor: 14_999 });
  // Within the hour either side may not know it yet.
  expect(await compare(new Date())).toMatchObject({ underWay: 2, differences: [{ kind: 'OTHER_AMOUNT' }] });

  const capture = { movement: 'CAPTURE', our_minor: null, gateway_minor: null };
  const missingHere = {
    ...capture,
    kind: 'MISSING_HERE',
    reference: first.id,
    booking_id: here,
    gateway_minor: 15_000,
  };
  const missingThere = {
    ...{ ...capture, kind: 'MISSING_AT_GATEWAY', reference: 'cs_never_made' },
    ...{ booking_id: there, our_minor: 15_000 },
  };
  const otherAmount = {
    ...{ ...capture, kind: 'OTHER_AMOUNT', reference: second.id, booking_id: other },
    ...{ our_minor: 14_999, gateway_minor: 15_000 },
  };
  expect((await compare()).differences).toHaveLength(3);
  expect((await compare()).differences).toHaveLength(3);
  expect(await openRows()).toEqual([missingThere, missingHere, otherAmount]);
  expect((await readPaymentBacklog(world)).differences).toBe(3);
  expect(await resolved('MISSING_HERE')).toBe(0);

  await enterPayment(here, first.id);
  expect((await compare()).differences).toHaveLength(2);
  expect(await openRows()).toEqual([missingThere, otherAmount]);
  expect(await resolved('MISSING_HERE')).toBe(1);
});

test('the command prints sums and differences, and refuses wrong usage', async () => {
  const { code, out } = await command('--day', today());
  expect(`${code} ${out}`).toMatch(/^1 /);
  expect(out).toMatch(/captures +ours +\S+ +gateway +\S+ +difference +\S+/);
  expect(out).toContain('DIFFERENCE another amount: capture cs_sandbox_');
  expect(await command('--from', '2020-01-30', '--to', '2020-01-31')).toEqual({
    code: 0,
    out: '2020-01-30  sandbox: no money moved\n2020-01-31  sandbox: no money moved\n',
  });
  const refused = await Promise.all([command('--day', '2026-02-30'), command('--from', '2026-02-01')]);
  for (const answer of refused) expect(answer).toMatchObject({ code: 2, out: expect.stringContaining('usage: ') });
});

test('the worker compares each of the last days that has movements, once', async () => {
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
  await enterPayment(randomUUID(), 'cs_old', { at: daysAgo(3) });
  const run = () =>
    reconcileDays.run({ ...world, clock: { now: () => new Date() } }, { signal: new AbortController().signal });
  let runs = 0;
  while ((await run()) !== undefined) runs += 1;
  expect(runs).toBeGreaterThanOrEqual(2);
  const rows = await world.sql`select day::text from reconciliation_differences where reference = 'cs_old'`;
  expect([...rows]).toEqual([{ day: daysAgo(3).toISOString().slice(0, 10) }]);
  expect(await run()).toBeUndefined();
});
