import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { DomainEvent } from '#events/contracts.ts';
import type { EventLog } from '#events/log/log.ts';
import { openPostgresLog } from '#events/log/postgres-log.ts';
import { type SandboxGateway, startSandboxGateway } from '#processes/gateway-sandbox/server.ts';
import { findMoneyViolations } from '#processes/invariants/money.ts';
import { createBookingDatabase, createPaymentsDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import {
  bookingCancelled,
  bookingCreated,
  bookingEnded,
  eventually,
  factOf,
  pay,
} from '#test/support/payments/payments-world.ts';
import { merchantCall, sandboxKeys } from '#test/support/payments/sandbox-gateway.ts';
import { freePort } from './dev/servers/server-process.ts';

let booking: TestDatabase;
let payments: TestDatabase;
let sql: postgres.Sql;
let eventLog: EventLog;
let sandbox: SandboxGateway;
let dataFolder: string;
let port: number;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  [booking, payments] = await Promise.all([createBookingDatabase(), createPaymentsDatabase()]);
  sql = postgres(payments.url, { max: 1, onnotice: () => {} });
  eventLog = openPostgresLog({ url: booking.url, name: 'payments-test', poolMax: 2 });
  port = await freePort();
  dataFolder = await mkdtemp(join(tmpdir(), 'frontrow-gateway-'));
  sandbox = await startSandboxGateway({
    dataFolder,
    ...sandboxKeys,
    webhookUrl: `http://127.0.0.1:${port}/webhooks/gateway`,
    retry: { baseMs: 50, capMs: 200 },
  });
});
afterAll(async () => {
  await sandbox.close();
  await Promise.all([sql.end(), eventLog.close()]);
  await Promise.all([booking.drop(), payments.drop(), rm(dataFolder, { recursive: true })]);
});
afterEach(async () => {
  await Promise.all([...running].map((child) => stop(child, 'SIGKILL')));
});

async function start(failpoint = ''): Promise<ChildProcess> {
  const child = fork(new URL('./payments.ts', import.meta.url), {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: booking.url,
      PAYMENTS_DATABASE_URL: payments.url,
      PAYMENTS_PORT: String(port),
      GATEWAY_URL: sandbox.url,
      GATEWAY_API_KEY: sandboxKeys.apiKey,
      GATEWAY_WEBHOOK_SECRETS: sandboxKeys.webhookSecret,
      LOG_LEVEL: 'error',
      FRONTROW_FAILPOINT: failpoint,
    },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code, signal]) => {
      throw new Error(`The payments process ended before it was ready: ${code ?? signal}.`);
    }),
  ]);
  return child;
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown[]> {
  if (child.exitCode !== null || child.signalCode !== null) return [child.exitCode, child.signalCode];
  const ended = once(child, 'exit');
  child.kill(signal);
  return ended;
}

const publish = (event: DomainEvent) =>
  eventLog.append([{ id: randomUUID(), topic: 'booking', key: event.eventId, event, createdAt: new Date() }]);
const rowOf = async (bookingId: string) => {
  const [row] = await sql<{ status: string; payment_url: string | null }[]>`
    select status, payment_url from payments where booking_id = ${bookingId}`;
  return row;
};
/** Ends the claim of the dead process now, so that the test need not wait for it. */
const statusIs = (bookingId: string, status: string) =>
  eventually(async () => {
    await sql`update payments set next_check_at = now()
      where booking_id = ${bookingId} and next_check_at > now() + interval '1 second'
        and status in ('CREATING_SESSION', 'SESSION_CREATED', 'REFUND_PENDING')`;
    expect((await rowOf(bookingId))?.status).toBe(status);
  });
const payWhenOpen = async (bookingId: string) => {
  await statusIs(bookingId, 'SESSION_CREATED');
  await pay((await rowOf(bookingId))?.payment_url ?? '');
};

/**
 * Plays a booking that is paid and then cancelled with a refund, or one that expires. The process dies at one point.
 */
test.each([
  ['payments.row-stored', 'refunded'],
  ['payments.session-answered', 'refunded'],
  ['payments.session-stored', 'refunded'],
  ['payments.notice-stored', 'refunded'],
  ['payments.notice-applied', 'refunded'],
  ['payments.refund-stored', 'refunded'],
  ['payments.refund-answered', 'refunded'],
  ['payments.closing-stored', 'expired'],
  ['payments.session-closed', 'expired'],
] as const)('killed at %s, the payment still ends as it should: %s', async (failpoint, end) => {
  const created = bookingCreated();
  const id = created.aggregateId;
  const doomed = await start(failpoint);
  const died = once(doomed, 'exit');
  const revived = died.then(async ([, signal]) => {
    expect(signal).toBe('SIGKILL');
    return start();
  });
  await publish(created);
  if (end === 'refunded') {
    await payWhenOpen(id);
    await statusIs(id, 'PAYMENT_SUCCESS');
    await publish(bookingCancelled(created, true));
    await statusIs(id, 'REFUNDED');
  } else {
    await statusIs(id, 'SESSION_CREATED');
    await publish(bookingEnded(created));
    await statusIs(id, 'PAYMENT_FAILED');
  }
  expect(await stop(await revived, 'SIGTERM')).toEqual([0, null]);
  const ledger = (await merchantCall(sandbox.url)('GET', '/v1/ledger')).json;
  const found = await findMoneyViolations(payments.url, { bookings: [factOf(created, 'CANCELLED')], ledger });
  expect(found).toEqual([]);
});

test('a second process shares the work and nothing is done twice', async () => {
  const first = await start();
  const used = port;
  port = await freePort();
  const second = await start();
  port = used;
  const all = Array.from({ length: 40 }, () => bookingCreated());
  await Promise.all(all.map(publish));
  for (const { aggregateId } of all) await payWhenOpen(aggregateId);
  for (const { aggregateId } of all) await statusIs(aggregateId, 'PAYMENT_SUCCESS');
  await Promise.all([stop(first, 'SIGTERM'), stop(second, 'SIGTERM')]);
  const ids = all.map(({ aggregateId }) => aggregateId);
  const events = await sql<{ aggregateid: string; types: string[] }[]>`
    select aggregateid, array_agg(type order by created_at) as types from outbox
    where aggregateid = any(${ids}) group by aggregateid`;
  expect(events).toHaveLength(all.length);
  for (const { types } of events) expect(types).toEqual(['PaymentSessionOpened', 'PaymentSucceeded']);
});
