import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DomainEvent, DomainEventOf, SplitLine } from '#events/contracts.ts';
import {
  bookingCancelled,
  bookingCreated,
  eventually,
  openPaymentsWorld,
  type PaymentsWorld,
  pay,
} from '#test/support/payments/payments-world.ts';

let world: PaymentsWorld;
beforeAll(async () => {
  world = await openPaymentsWorld({ poolMax: 24, policy: { askEverySeconds: 0.05 } });
});
afterAll(() => world.close());

type Created = DomainEventOf<'BookingCreated'>;

async function paid(changes: Partial<Created> = {}): Promise<{ created: Created; id: string; session: string }> {
  const created = bookingCreated(changes);
  await world.trouble({});
  await world.arrives(created);
  await world.settle();
  await pay(await world.openedFor(created));
  const id = created.aggregateId;
  await eventually(async () => expect((await world.payment(id)).status).toBe('PAYMENT_SUCCESS'));
  return { created, id, session: (await world.payment(id)).gateway_reference ?? '' };
}

/** Does everything that is due until nothing of the payment is under way. */
const atRest = (id: string) =>
  eventually(async () => {
    await world.settleOnce('PROMISED');
    await world.settleOnce('OPEN_TOO_LONG');
    const [row] = await world.sql`
      select p.in_doubt, p.open_refunds, (select count(*)::int from notices where handled_at is null) as waiting
      from payments p where booking_id = ${id}`;
    expect(row).toEqual({ in_doubt: false, open_refunds: 0, waiting: 0 });
  });

const refundsOf = (id: string) => world.sql<{ status: string; origin: string; amount_minor: number }[]>`
  select status, origin, amount_minor from refunds where booking_id = ${id} order by created_at`;

/** What we have of a booking in gateway_clearing, and what the gateway itself has of it. */
async function kept(id: string): Promise<{ ours: number; gateways: number }> {
  const [row] = await world.sql<{ minor: number }[]>`
    select coalesce(sum(amount_minor), 0)::bigint as minor from journal_lines where booking_id = ${id} and account = 'gateway_clearing'`;
  const { captures, refunds, disputes } = await world.ledger();
  const sum = (rows: readonly { amount_minor: number }[]) => rows.reduce((all, one) => all + one.amount_minor, 0);
  const taken = disputes.filter(({ status, metadata }) => metadata.booking_id === id && /open|lost/.test(status));
  const of = (rows: readonly { booking_id: string; amount_minor: number }[]) =>
    sum(rows.filter((one) => one.booking_id === id));
  return { ours: row?.minor ?? 0, gateways: of(captures) - of(refunds) - sum(taken) };
}

async function expectAgreed(id: string): Promise<void> {
  const { ours, gateways } = await kept(id);
  expect(ours).toBe(gateways);
  expect(ours).toBeGreaterThanOrEqual(0);
  const found = await world.violations([]);
  expect(found.filter(({ invariant }) => /^M|I10|I11/.test(invariant))).toEqual([]);
}

describe('the sandbox gateway by itself', () => {
  test('a refund that was sent back later is undone', async () => {
    const { created, id } = await paid();
    await world.trouble({ failRefundsLater: 1, laterMs: 50 });
    await world.arrives(bookingCancelled(created, true));
    await eventually(async () => {
      await atRest(id);
      expect(await refundsOf(id)).toMatchObject([{ status: 'FAILED' }]);
    });
    expect(await world.payment(id)).toMatchObject({ status: 'PAYMENT_SUCCESS', refunded_minor: 0 });
    await expectAgreed(id);
  });

  test('a refund that fails at once leaves the money where it is', async () => {
    const { created, id } = await paid();
    await world.trouble({ failRefunds: 1 });
    await world.arrives(bookingCancelled(created, true));
    await atRest(id);
    expect(await refundsOf(id)).toMatchObject([{ status: 'FAILED' }]);
    await expectAgreed(id);
  });

  test('a refund waits while the balance is too low, says so, and arrives when it is not', async () => {
    const { created, id } = await paid();
    await world.trouble({ withholdMinor: 999_999_999_999 });
    await world.arrives(bookingCancelled(created, true));
    expect(await world.settleOnce('PROMISED')).toMatchObject([{ step: 'REFUND', outcome: 'REFUND_WAITS' }]);
    expect(await refundsOf(id)).toMatchObject([{ status: 'PENDING' }]);
    await world.trouble({});
    await atRest(id);
    expect(await refundsOf(id)).toMatchObject([{ status: 'SUCCEEDED' }]);
    await expectAgreed(id);
  });

  test('refunds of the dashboard that take what ours wanted leave ours the rest', async () => {
    const { created, id, session } = await paid();
    await world.trouble({ dropWebhooks: 10 });
    await world.dashboard('refunds', { session, amount_minor: 10_000 });
    await world.dashboard('refunds', { session, amount_minor: 500 });
    await world.arrives(bookingCancelled(created, true));
    await atRest(id);
    expect((await refundsOf(id)).map(({ status, origin, amount_minor }) => [status, origin, amount_minor])).toEqual([
      ['FAILED', 'BOOKING', 30_500],
      ['SUCCEEDED', 'GATEWAY', 10_000],
      ['SUCCEEDED', 'GATEWAY', 500],
      ['SUCCEEDED', 'BOOKING', 20_000],
    ]);
    expect(await world.payment(id)).toMatchObject({ status: 'REFUNDED', refunded_minor: 30_500 });
    await expectAgreed(id);
  });
});

/** Ten currencies, with no, two and three decimals. */
const CURRENCIES = ['EUR', 'USD', 'JPY', 'KWD', 'TND', 'ISK', 'IDR', 'CHF', 'HUF', 'BHD'];

describe('50 refunds of one booking at once, with its cancellation, a refund at the dashboard and a dispute', () => {
  const lineOf = (seatNo: number): SplitLine => ({ seatNo, faceMinor: 101 + seatNo, fees: [['Fee', 7]], taxes: [] });
  const split = Array.from({ length: 50 }, (_, seatNo) => lineOf(seatNo));
  const totalMinor = split.reduce((sum, { faceMinor }) => sum + faceMinor + 7, 0);

  function messagesOf(created: Created): DomainEvent[] {
    const { aggregateId, eventId, userId, currency } = created;
    const parts = split.map((line, seatNo): DomainEvent => {
      const refund = { id: randomUUID(), amountMinor: line.faceMinor + 7, currency, reason: 'ILL', split: [line] };
      return { type: 'TicketsVoided', aggregateId, eventId, userId, version: 3, seatNos: [seatNo], refund };
    });
    return [...parts, bookingCancelled(created, true)];
  }

  test.each(CURRENCIES.map((currency, index) => [currency, index % 2 === 0 ? 'lost' : 'won'] as const))(
    'never gives back more than was paid, to the last unit: %s, %s',
    async (currency, end) => {
      const lines = [{ label: 'All', amountMinor: totalMinor }];
      const { created, id, session } = await paid({ currency, totalMinor, split, lines });
      const messages = messagesOf(created);
      const order = messages.map((message, index) => ({ message, at: (index * 37) % messages.length }));
      order.sort((a, b) => a.at - b.at);
      const settling = world.settleOnce('PROMISED');
      const [disputed] = await Promise.all([
        world.dashboard('disputes', { session, amount_minor: 1_234 }),
        world.dashboard('refunds', { session, amount_minor: 321 }),
        ...order.map(({ message }) => world.arrives(message)),
        settling,
      ]);
      await world.dashboard(`disputes/${disputed.json.disputes[0].id}`, { status: end });
      await atRest(id);
      await expectAgreed(id);
      const stands = (await refundsOf(id)).filter(({ status }) => status !== 'FAILED');
      const [taken] = await world.sql<{ minor: number }[]>`
        select coalesce(sum(refunded_minor), 0)::bigint as minor from refundable_lines where booking_id = ${id}`;
      expect(stands.reduce((sum, { amount_minor }) => sum + amount_minor, 0)).toBe(taken?.minor);
      const [row] =
        await world.sql`select captured_minor, refunded_minor, disputed_minor from payments where booking_id = ${id}`;
      expect(row?.refunded_minor + row?.disputed_minor).toBeLessThanOrEqual(row?.captured_minor);
      expect(row).toMatchObject({ captured_minor: totalMinor, disputed_minor: end === 'lost' ? 1_234 : 0 });
    },
    60_000,
  );
});
