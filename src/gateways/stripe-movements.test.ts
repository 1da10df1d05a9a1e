import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { charge, refund, type StripeSession } from '#test/support/payments/stripe-objects.ts';
import { openStripeGateway } from './stripe.ts';

const created = Date.parse('2026-11-30T12:00:00.000Z') / 1000;
const at = new Date(created * 1000);

const session = (changes: Partial<StripeSession> = {}): StripeSession => ({
  ...{ id: 'cs_1', created, expiresAt: created + 1_800, amount: 30_500, currency: 'usd', successUrl: null },
  ...{ metadata: { booking_id: 'booking-1', event_id: 'event-1' }, status: 'complete', paymentStatus: 'paid' },
  ...{ intent: 'pi_1', url: '', refunds: [] },
  ...changes,
});
const ours = session();
const krona = session({ intent: 'pi_2', amount: 790_000, currency: 'isk', metadata: { booking_id: 'booking-2' } });
const foreign = session({ intent: 'pi_3', metadata: { order: '77' } });
const made = (id: string, metadata: Record<string, string>) => ({ id, amount: 500, created, metadata });

/** As in https://docs.stripe.com/api/balance_transactions/object: in the currency of the balance, with its source. */
function entry(type: string, source: unknown, { amount = 0, fee = 0, reporting = type } = {}) {
  number += 1;
  return {
    id: `txn_${number}`,
    object: 'balance_transaction',
    amount,
    available_on: created + 86_400,
    created,
    currency: 'eur',
    description: null,
    exchange_rate: 0.92,
    fee,
    fee_details:
      fee === 0 ? [] : [{ amount: fee, application: null, currency: 'eur', description: 'x', type: 'stripe_fee' }],
    net: amount - fee,
    reporting_category: reporting,
    source,
    status: 'available',
    type,
  };
}
let number = 0;

const dispute = (id: string) => ({
  id,
  object: 'dispute',
  amount: 1_234,
  balance_transactions: [],
  charge: 'ch_pi_1',
  created,
  currency: 'usd',
  evidence_details: { due_by: null, has_evidence: false, past_due: false, submission_count: 0 },
  is_charge_refundable: false,
  livemode: false,
  metadata: {},
  payment_intent: 'pi_1',
  reason: 'fraudulent',
  status: 'needs_response',
});

/** Newest first, as Stripe lists them. */
const entries = [
  entry('payout', { id: 'po_1', object: 'payout', amount: 100 }, { amount: -100 }),
  entry('stripe_fee', null, { amount: -50 }),
  entry('adjustment', { id: 'tr_1', object: 'transfer' }, { amount: 5 }),
  entry('adjustment', dispute('dp_1'), { amount: 1_135, fee: -1_500, reporting: 'dispute_reversal' }),
  entry('adjustment', dispute('dp_1'), { amount: -1_135, fee: 1_500, reporting: 'dispute' }),
  entry('refund_failure', refund(ours, made('re_1', { booking_id: 'booking-1', refund_key: 'refund:1' })), {
    amount: 460,
  }),
  entry('refund', refund(ours, made('re_2', {})), { amount: -460 }),
  entry('refund', refund(ours, made('re_1', { booking_id: 'booking-1', refund_key: 'refund:1' })), { amount: -460 }),
  entry('charge', charge(foreign), { amount: 28_060, fee: 900 }),
  entry('charge', charge(krona), { amount: 5_300, fee: 180 }),
  entry('charge', charge(ours), { amount: 28_060, fee: 842 }),
];

const queries: URLSearchParams[] = [];
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stripe');
  queries.push(searchParams);
  // Pages of three with any requested size, so that a client that reads only the first page is noticed.
  const from = entries.findIndex(({ id }) => id === searchParams.get('starting_after')) + 1;
  const body = {
    object: 'list',
    data: entries.slice(from, from + 3),
    has_more: from + 3 < entries.length,
    url: pathname,
  };
  response.writeHead(pathname === '/v1/balance_transactions' ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
});
let url = '';
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address !== null && typeof address !== 'string') url = `http://127.0.0.1:${address.port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test('lists captures, refunds and disputes over all pages in the currency of the fan, and counts other shops apart', async () => {
  const gateway = openStripeGateway({ kind: 'stripe', apiBase: url, apiKey: 'sk_test', webhookSecrets: [] });
  const [from, to] = [new Date('2026-11-30T00:00:00.000Z'), new Date('2026-12-01T00:00:00.000Z')];
  const movements: unknown[] = [];
  let foreignCount = 0;
  let cursor: string | undefined;
  do {
    const page = await gateway.listMovements({ from, to, cursor });
    movements.push(...page.movements);
    foreignCount += page.foreign;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  const common = {
    at,
    currency: 'USD',
    paymentReference: 'pi_1',
    bookingId: undefined,
    key: undefined,
    fee: undefined,
  };
  const disputed = { ...common, reference: 'dp_1', amountMinor: 1_234 };
  const refunded = { ...common, reference: 're_1', amountMinor: 500, bookingId: 'booking-1', key: 'refund:1' };
  const fee = (amountMinor: number) => ({ amountMinor, currency: 'EUR' });
  expect(movements).toEqual([
    { ...disputed, kind: 'DISPUTE_RETURNED', fee: fee(-1_500) },
    { ...disputed, kind: 'DISPUTE_WITHDRAWN', fee: fee(1_500) },
    { ...refunded, kind: 'REFUND_RETURNED' },
    { ...common, kind: 'REFUND', reference: 're_2', amountMinor: 500 },
    { ...refunded, kind: 'REFUND' },
    {
      ...{ ...common, kind: 'CAPTURE', reference: 'pi_2', paymentReference: 'pi_2', bookingId: 'booking-2' },
      ...{ amountMinor: 7_900, currency: 'ISK', fee: fee(180) },
    },
    { ...common, kind: 'CAPTURE', reference: 'pi_1', bookingId: 'booking-1', amountMinor: 30_500, fee: fee(842) },
  ]);
  expect(foreignCount).toBe(1);
  expect(queries.map((query) => query.get('starting_after'))).toEqual([null, 'txn_3', 'txn_6', 'txn_9']);
  expect(Object.fromEntries(queries[0] ?? [])).toEqual({
    'created[gte]': String(from.getTime() / 1000),
    'created[lt]': String(to.getTime() / 1000),
    limit: '100',
    'expand[0]': 'data.source',
  });
});
