import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { openRawClient } from '#shared/postgres.ts';
import type { Fan } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import type { openAttempts } from '#test/support/http/attempts.ts';
import type { System } from '#test/support/system/system.ts';
import { payoutOf } from './change-inputs.ts';

const rawId = (id: string): string => id.replace(/^\w+_/, '');

/** Holds up the payouts of an organization, as another payout that is under way does. */
export async function lockPayouts(paymentsUrl: string, organizationId: string) {
  const sql = openRawClient({ url: paymentsUrl, poolMax: 1, name: 'test' });
  await sql`select pg_advisory_lock(hashtextextended(${`payout ${rawId(organizationId)}`}, 0))`;
  return { release: () => sql.end() };
}

/** Enters a capture of an organization, as the payments service does. */
export async function enterCapture(paymentsUrl: string, organizationId: string, amountMinor: number): Promise<void> {
  const sql = openRawClient({ url: paymentsUrl, poolMax: 1, name: 'test' });
  const [id, organization] = [randomUUID(), rawId(organizationId)];
  await sql.begin(async (tx) => {
    await tx`insert into journal_entries (id, kind, organization_id, occurred_at) values (${id}, 'CAPTURE', ${organization}, now())`;
    await tx`insert into journal_lines (entry_id, line_no, account, organization_id, currency, amount_minor) values
      (${id}, 0, 'gateway_clearing', ${organization}, 'USD', ${amountMinor + 50}),
      (${id}, 1, 'organizer_payable', ${organization}, 'USD', ${-amountMinor}),
      (${id}, 2, 'fees', ${organization}, 'USD', -50)`;
  });
  await sql.end();
}

const STATEMENT = `query ($id: ID!, $from: DateTime!, $to: DateTime!, $currency: String!) { node(id: $id) { ... on Organization {
  statement(from: $from, to: $to, currency: $currency) {
    opening { amountMinor } lines { kind amount { amountMinor } count } closing { amountMinor } available { amountMinor } isFinal }
  journalExport(from: $from, to: $to, currency: $currency) { url } } } }`;

type Scene = {
  readonly system: System;
  readonly owner: Fan;
  readonly organizationId: string;
  readonly attempt: ReturnType<typeof openAttempts>['attempt'];
};

/** Produces every member of `RecordPayoutResult` that is about payouts, and reads what they left in the books. */
export async function payOutAndBeRefused({ system, owner, organizationId, attempt }: Scene): Promise<void> {
  const payout = payoutOf(organizationId);
  const record = (more: object = {}) => attempt('recordPayout', { ...payout, ...more }, owner);
  const headers = { authorization: `Bearer ${owner.token}` };
  const period = { id: organizationId, from: '2026-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z', currency: 'USD' };
  const read = (more: object = {}) =>
    post(system.apiUrl, { query: STATEMENT, variables: { ...period, ...more } }, headers);

  expect(await record()).toMatchObject({ code: 'PAYOUT_TOO_LARGE', available: { amountMinor: 0, currency: 'USD' } });
  const amountOf = (amountMinor: number, currency = 'USD') => ({ amount: { amountMinor, currency } });
  expect(await record(amountOf(0))).toMatchObject({ field: 'amount.amountMinor' });
  expect(await record(amountOf(1, 'XXX'))).toMatchObject({ field: 'amount.currency' });
  expect(await record({ paidAt: '2100-01-01T00:00:00Z' })).toMatchObject({ field: 'paidAt' });
  expect(await record({ paidAt: '2001-01-01T00:00:00Z' })).toMatchObject({ field: 'paidAt' });
  expect(await record({ reference: ' ' })).toMatchObject({ field: 'reference' });

  await enterCapture(system.paymentsUrl, organizationId, 5_000);
  const paid = await record();
  expect(paid).toMatchObject({ payout: { amount: payout.amount, reference: payout.reference } });
  expect(await record()).toEqual(paid);
  expect(await record({ reference: 'another' })).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  const tooMuch = { ...amountOf(4_901), idempotencyKey: 'second' };
  expect(await record(tooMuch)).toMatchObject({ code: 'PAYOUT_TOO_LARGE', available: { amountMinor: 4_900 } });

  const { statement, journalExport } = (await read()).data.node;
  expect(statement).toEqual({
    opening: { amountMinor: 0 },
    lines: [
      { kind: 'ONLINE_SALE', amount: { amountMinor: 5_000 }, count: 1 },
      { kind: 'PAYOUT', amount: { amountMinor: -100 }, count: 1 },
    ],
    closing: { amountMinor: 4_900 },
    available: { amountMinor: 4_900 },
    isFinal: false,
  });
  const file = await (await fetch(new URL(journalExport.url, system.apiUrl))).text();
  const lines = file.trimEnd().split('\r\n');
  expect(lines).toHaveLength(6);
  expect(lines[5]).toMatch(/,PAYOUT,organizer_payable,,USD,1\.00,,,,RF18 5390$/);

  expect((await read({ to: period.from })).errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT' });
  expect((await read({ currency: 'usd' })).errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT' });
}
