import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openSandboxGateway } from '#gateways/sandbox.ts';
import { eventually } from '#test/support/payments/payments-world.ts';
import {
  decide,
  openSandboxUnderTest,
  openSession,
  type SandboxUnderTest,
  sandboxKeys,
} from '#test/support/payments/sandbox-gateway.ts';

let sandbox: SandboxUnderTest;
beforeAll(async () => {
  sandbox = await openSandboxUnderTest();
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  await sandbox.call('DELETE', '/v1/trouble');
});

async function paid(name: string) {
  const session = await openSession(sandbox.call, name);
  await decide(session.url, 'pay');
  return session;
}

async function refund(session: { id: string }, name: string, amount = 4_000) {
  const body = { session: session.id, amount_minor: amount, currency: 'USD' };
  return sandbox.call('POST', '/v1/refunds', body, { 'idempotency-key': `refund:${name}` });
}

const gateway = () =>
  openSandboxGateway({
    kind: 'sandbox',
    url: sandbox.url,
    apiKey: sandboxKeys.apiKey,
    webhookSecrets: [sandboxKeys.webhookSecret],
  });
const trouble = (switches: object) => sandbox.call('PUT', '/v1/trouble', { laterMs: 0, ...switches });
const press = (url: string, fields: Record<string, string>) =>
  fetch(url, { method: 'POST', headers: { accept: 'text/html' }, body: new URLSearchParams(fields) });
/** The notices of a booking, as the merchant reads them. */
const noticesOf = (bookingId: string) =>
  sandbox.receiver.received
    .map(({ rawBody, headers }) => gateway().verifyNotice(rawBody, headers, new Date()))
    .filter((notice) => notice.bookingId === bookingId);

test('a refund fails at once, and the money is still there', async () => {
  const session = await paid('fails');
  await trouble({ failRefunds: 1 });
  expect((await refund(session, 'fails', 15_000)).json).toMatchObject({ status: 'failed' });
  expect((await refund(session, 'fails', 15_000)).json).toMatchObject({ status: 'failed' });
  expect((await refund(session, 'again', 15_000)).json).toMatchObject({ status: 'succeeded' });
  await eventually(() => expect(noticesOf('fails').map(({ type }) => type)).toContain('REFUND_CHANGED'));
});

test('a refund that has succeeded is sent back later, and its notice has no amount', async () => {
  const session = await paid('sent-back');
  await trouble({ failRefundsLater: 1 });
  expect((await refund(session, 'sent-back')).json).toMatchObject({ status: 'succeeded' });
  await eventually(async () =>
    expect((await gateway().getSession(session.id)).refunds).toMatchObject([{ status: 'FAILED', amountMinor: 4_000 }]),
  );
  await eventually(() =>
    expect(noticesOf('sent-back').find(({ type }) => type === 'REFUND_CHANGED')).toMatchObject({
      reference: session.id,
      amountMinor: undefined,
    }),
  );
});

test('a pending refund succeeds later and is reported then', async () => {
  const session = await paid('pends');
  await trouble({ pendRefunds: 1, laterMs: 20 });
  expect((await refund(session, 'pends')).json).toMatchObject({ status: 'pending' });
  await eventually(() =>
    expect(noticesOf('pends').filter(({ type }) => type === 'REFUNDED')).toMatchObject([{ amountMinor: 4_000 }]),
  );
});

test('a refund is refused while the balance is too low, with its key unused', async () => {
  const session = await paid('low');
  const { totals } = (await sandbox.call('GET', '/v1/ledger')).json;
  const { captured_minor, refunded_minor, disputed_minor } = totals.USD;
  await trouble({ withholdMinor: captured_minor - refunded_minor - disputed_minor });
  expect((await refund(session, 'low')).json.error.type).toBe('balance_insufficient');
  const asked = { reference: session.id, bookingId: 'low', amountMinor: 4_000, currency: 'USD' };
  await expect(gateway().refund({ ...asked, idempotencyKey: 'refund:low' })).rejects.toMatchObject({
    name: 'GatewayRefused',
    code: 'BALANCE_TOO_LOW',
  });
  await trouble({});
  expect((await refund(session, 'low')).json).toMatchObject({ status: 'succeeded' });
});

test.each([
  ['disputesLost', 'LOST', 15_000],
  ['disputesWon', 'WON', 0],
])('%s disputes a payment after it was made', async (name, end, taken) => {
  await trouble({ [name]: 1 });
  const session = await paid(name);
  await eventually(() => {
    const seen = noticesOf(name).flatMap(({ type, dispute, amountMinor }) =>
      type === 'DISPUTE' ? [[dispute?.state, amountMinor]] : [],
    );
    expect(seen.toSorted()).toEqual(
      [
        [end, 15_000],
        ['OPEN', 15_000],
        ['OPEN', 15_000],
      ].toSorted(),
    );
  });
  const refused = await refund(session, name);
  expect(refused.status).toBe(taken > 0 ? 400 : 200);
});

test('refunds at the dashboard have no key, and leave no more than the rest', async () => {
  await trouble({ refundPartsAtDashboard: 1 });
  const session = await paid('dashboard');
  await eventually(async () =>
    expect((await gateway().getSession(session.id)).refunds).toMatchObject([{ amountMinor: 5_000, key: undefined }]),
  );
  await sandbox.call('POST', '/v1/dashboard/refunds', { session: session.id });
  const { refunds } = await gateway().getSession(session.id);
  expect(refunds.map(({ amountMinor }) => amountMinor)).toEqual([5_000, 10_000]);
  expect((await refund(session, 'dashboard', 1)).json.error.type).toBe('not_refundable');
});

test('a person refunds, sends a refund back and disputes on the page of the payment', async () => {
  const session = await paid('by-hand');
  expect(await (await press(session.url, { dashboard: 'refund-part', amount_minor: '100' })).text()).toContain(
    'Refund of $1.00: succeeded',
  );
  const [made] = (await gateway().getSession(session.id)).refunds;
  await press(session.url, { dashboard: 'fail-refund', id: made?.refundReference ?? '' });
  const asked = await (await press(session.url, { dashboard: 'inquiry' })).text();
  expect(asked).toContain('Refund of $1.00: failed');
  const id = /dp_sandbox_\w+/.exec(asked)?.[0] ?? '';
  await press(session.url, { dashboard: 'withdraw', id });
  expect(await (await press(session.url, { dashboard: 'lose', id })).text()).toContain('Dispute of $150.00: lost');
  expect((await press(session.url, { dashboard: 'steal' })).status).toBe(400);
  const foreign = await fetch(session.url, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'cross-site' },
    body: new URLSearchParams({ dashboard: 'refund' }),
  });
  expect(foreign.status).toBe(403);
});

test('notices that were dropped are sent when a person asks for it', async () => {
  await trouble({ dropWebhooks: 1 });
  await paid('dropped');
  expect((await sandbox.call('POST', '/v1/notices/resend')).json.resent).toBe(1);
  await eventually(() => expect(noticesOf('dropped').map(({ type }) => type)).toEqual(['SESSION_PAID']));
});
