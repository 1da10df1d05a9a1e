import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { closeDb, openDb } from '#db/client.ts';
import { claimDuePayments, type DueKind } from '#domain/payments/claim-due-payments.ts';

import { defaultPaymentsPolicy, type PaymentsPolicy } from '#domain/payments/payment-rules.ts';
import { settlePayment } from '#domain/payments/settle-payment.ts';
import { type DomainEvent, type DomainEventOf, domainEvent } from '#events/contracts.ts';
import { openSandboxGateway } from '#gateways/sandbox.ts';
import { openGatewayWebhook } from '#http/gateway-webhook.ts';
import { freePort } from '#processes/dev/servers/server-process.ts';
import { startSandboxGateway } from '#processes/gateway-sandbox/server.ts';
import {
  type BookingFact,
  findMoneyViolations,
  type GatewayLedger,
  type Violation,
} from '#processes/invariants/money.ts';
import { createPaymentsDatabase } from '#test/support/databases/databases.ts';
import { followBookings } from '#workers/payments/follow-bookings.ts';
import { decide, merchantCall, sandboxKeys } from './sandbox-gateway.ts';

/** This test does not check readiness. */
export const alwaysReady = async () => ({ isReady: true, details: { dependencies: {}, degradations: [] } });

export type PaymentRow = {
  status: string;
  gateway_reference: string | null;
  payment_url: string | null;
  captured_minor: number;
  captured_currency: string | null;
  refunded_minor: number;
  failure_reason: string | null;
  refund_reason: string | null;
  checks: number;
};

type Trouble = Record<string, number>;

/**
 * The payments service in this process, on a database of its own, with the real sandbox gateway and its webhook.
 * Nothing runs by itself: `settle` does the due work.
 */
export async function openPaymentsWorld(
  options: { policy?: Partial<PaymentsPolicy>; callTimeoutMs?: number; poolMax?: number } = {},
) {
  const database = await createPaymentsDatabase();
  const db = openDb({ url: database.url, poolMax: options.poolMax ?? 6, name: 'payments-test' });
  // Amounts are bigints, which the driver would return as texts.
  const bigint = { to: 20, from: [20], serialize: String, parse: Number };
  const sql = postgres(database.url, { max: 2, onnotice: () => {}, types: { bigint } });
  const dataFolder = await mkdtemp(join(tmpdir(), 'frontrow-gateway-'));
  const logged: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const note = (level: string) => (fields: object, message: string) => {
    logged.push({ level, fields: { ...fields }, message });
  };
  const log = { info: note('info'), warn: note('warn'), error: note('error') };

  const webhookPort = await freePort();
  const webhookUrl = `http://127.0.0.1:${webhookPort}/webhooks/gateway`;
  const sandbox = await startSandboxGateway({
    dataFolder,
    ...sandboxKeys,
    webhookUrl,
    retry: { baseMs: 20, capMs: 50 },
  });
  const { apiKey, webhookSecret } = sandboxKeys;
  const gateway = openSandboxGateway({
    kind: 'sandbox',
    url: sandbox.url,
    apiKey,
    webhookSecrets: [webhookSecret],
    timeoutMs: options.callTimeoutMs,
  });
  const webhook = openGatewayWebhook({ db, gateway, log, readiness: alwaysReady, now: () => new Date() });
  await webhook.listen({ host: '127.0.0.1', port: webhookPort });
  const policy = { ...defaultPaymentsPolicy, retryFirstSeconds: 0, retryMostSeconds: 0, ...options.policy };
  const needs = { db, gateway, policy };
  const call = merchantCall(sandbox.url);
  const signal = new AbortController().signal;

  const settleOnce = async (kind: DueKind) => {
    const claimed = await claimDuePayments(needs, { kind, limit: 10 });
    return Promise.all(claimed.map((one) => settlePayment(needs, one, signal)));
  };
  const payment = async (bookingId: string): Promise<PaymentRow> => {
    const [row] = await sql<PaymentRow[]>`select * from payments where booking_id = ${bookingId}`;
    if (!row) throw new Error(`There is no payment for ${bookingId}.`);
    return row;
  };
  return {
    ...needs,
    databaseUrl: database.url,
    gatewayUrl: sandbox.url,
    sql,
    webhookUrl,
    logged,
    payment,
    /** Delivers a message of the event log; the same id again is a redelivery. */
    async arrives(event: DomainEvent, messageId: string = randomUUID()): Promise<string> {
      await followBookings.run({ db, gateway, wake: () => {} }, domainEvent.parse(event), { messageId, signal });
      return messageId;
    },
    settleOnce,
    /** Does all owed work until nothing is due. Returns the outcomes in order. */
    async settle(): Promise<string[]> {
      const outcomes: string[] = [];
      for (let round = 0; round < 20; round += 1) {
        const done = await settleOnce('PROMISED');
        if (done.length === 0) return outcomes;
        outcomes.push(...done.map(({ outcome }) => outcome));
      }
      throw new Error(`Still something due after ${outcomes.join(', ')}.`);
    },
    /** Makes every open session look silent for long enough. */
    async askAboutAll() {
      await sql`update payments set next_check_at = now() where status = 'SESSION_CREATED' or in_doubt`;
      return settleOnce('OPEN_TOO_LONG');
    },
    /** What a person does at the gateway's own dashboard. */
    dashboard: (path: string, body: object) => call('POST', `/v1/dashboard/${path}`, body),
    trouble: (switches: Trouble) => call('PUT', '/v1/trouble', switches),
    async ledger(): Promise<GatewayLedger> {
      return (await call('GET', '/v1/ledger')).json;
    },
    sessionsOf: (bookingId: string) =>
      gateway.findSessionsByBooking({ bookingId, createdAfter: new Date(Date.now() - 60_000) }),
    /** Payment events of a booking in the order of publication. */
    async published(bookingId: string): Promise<DomainEvent[]> {
      const rows = await sql<{ payload: unknown }[]>`
        select payload from outbox where aggregateid = ${bookingId} order by created_at, ctid`;
      return rows.map(({ payload }) => domainEvent.parse(payload));
    },
    async openedFor(event: DomainEventOf<'BookingCreated'>): Promise<string> {
      const row = await payment(event.aggregateId);
      if (!row.payment_url) throw new Error(`The session is not open: ${row.status}.`);
      return row.payment_url;
    },
    violations: async (bookings: readonly BookingFact[]): Promise<Violation[]> =>
      findMoneyViolations(database.url, { bookings, ledger: (await call('GET', '/v1/ledger')).json }),
    async close() {
      await sandbox.close();
      await webhook.close({ graceMs: 0 });
      await Promise.all([closeDb(db), sql.end()]);
      await database.drop();
      await rm(dataFolder, { recursive: true });
    },
  };
}

export type PaymentsWorld = Awaited<ReturnType<typeof openPaymentsWorld>>;

export const pay = (url: string) => decide(url, 'pay');
export const decline = (url: string) => decide(url, 'decline');

/** Two seats for 305.00 USD, held for five minutes. */
export function bookingCreated(
  changes: Partial<DomainEventOf<'BookingCreated'>> = {},
): DomainEventOf<'BookingCreated'> {
  return {
    type: 'BookingCreated',
    aggregateId: randomUUID(),
    eventId: randomUUID(),
    userId: randomUUID(),
    version: 1,
    seatNos: [10, 11],
    totalMinor: 30_500,
    currency: 'USD',
    holdExpiresAt: new Date(Date.now() + 300_000).toISOString(),
    description: 'Mexico – South Africa',
    lines: [
      { label: 'Section 101, row A, seat 1', amountMinor: 15_250 },
      { label: 'Section 101, row A, seat 2', amountMinor: 15_250 },
    ],
    ...changes,
  };
}

type Ended = 'BookingExpired' | 'BookingFailed';

export function bookingEnded(created: DomainEventOf<'BookingCreated'>, type: Ended = 'BookingExpired'): DomainEvent {
  const { aggregateId, eventId, userId, seatNos } = created;
  return { type, aggregateId, eventId, userId, seatNos, version: 2 };
}

export function bookingCancelled(created: DomainEventOf<'BookingCreated'>, refundDue: boolean): DomainEvent {
  const { aggregateId, eventId, userId, seatNos } = created;
  return { type: 'BookingCancelled', aggregateId, eventId, userId, seatNos, version: 2, refundDue };
}

export function confirmationFailed(created: DomainEventOf<'BookingCreated'>): DomainEvent {
  const { aggregateId, eventId, userId } = created;
  return { type: 'BookingConfirmationFailed', aggregateId, eventId, userId, reason: 'SEATS_TAKEN' };
}

export function factOf(created: DomainEventOf<'BookingCreated'>, status: string): BookingFact {
  const { aggregateId: id, totalMinor, currency } = created;
  const ofTickets = { linesMinor: totalMinor, handMinor: 0, validSeats: [], isEventOver: false };
  return { id, status, totalMinor, currency, createdAt: new Date(), isOnline: true, ...ofTickets };
}

/** Waits for a condition that another process or timer makes true; after 25 seconds throws the last reason. */
export async function eventually<T>(check: () => Promise<T> | T): Promise<T> {
  const giveUpAt = Date.now() + 25_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
