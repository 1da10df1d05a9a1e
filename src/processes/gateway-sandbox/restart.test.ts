import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type NoticeReceiver, openNoticeReceiver } from '#test/support/payments/notice-receiver.ts';
import { decide, merchantCall, noticeOf, openSession, sandboxKeys } from '#test/support/payments/sandbox-gateway.ts';

const program = join(import.meta.dirname, '../gateway-sandbox.ts');
const running = new Set<ChildProcess>();
let dataFolder: string;
let receiver: NoticeReceiver;

beforeEach(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'frontrow-gateway-'));
  receiver = await openNoticeReceiver();
});

afterEach(async () => {
  for (const child of running) await stop(child, 'SIGKILL');
  await receiver.close();
  await rm(dataFolder, { recursive: true });
});

async function start(changes: Record<string, string> = {}) {
  const env = {
    GATEWAY_PORT: '0',
    GATEWAY_DATA: dataFolder,
    GATEWAY_API_KEY: sandboxKeys.apiKey,
    GATEWAY_WEBHOOK_SECRET: sandboxKeys.webhookSecret,
    GATEWAY_WEBHOOK_URL: receiver.url,
    ...changes,
  };
  const child = fork(program, { env, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  running.add(child);
  const [message] = await once(child, 'message');
  expect(message).toMatchObject({ ready: true });
  return { child, call: merchantCall(message.url) };
}

async function stop(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL') {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

test('when it is killed with undelivered notices, the next process delivers them, and the books are the same', async () => {
  receiver.answerWith(503);
  const before = await start();
  const bookings = ['b-1', 'b-2', 'b-3', 'b-4', 'b-5'];
  for (const bookingId of bookings) {
    const { url } = await openSession(before.call, bookingId);
    await decide(url, 'pay');
  }
  await receiver.waitForCount(1);
  const ledger = (await before.call('GET', '/v1/ledger')).json;
  expect(ledger).toMatchObject({ captures: { length: 5 }, notices: { WAITING: 5, DELIVERED: 0 } });
  await stop(before.child, 'SIGKILL');
  const refused = receiver.received.length;

  receiver.answerWith(200);
  const after = await start();
  await receiver.waitForCount(refused + 5);
  const delivered = receiver.received.slice(refused).map(({ rawBody }) => noticeOf(rawBody));
  expect(delivered.map(({ bookingId }) => bookingId).sort()).toEqual(bookings);
  const ids = new Set(receiver.received.map(({ rawBody }) => noticeOf(rawBody).id));
  expect(ids.size).toBe(5);
  const { captures, totals } = (await after.call('GET', '/v1/ledger')).json;
  expect({ captures, totals }).toEqual({ captures: ledger.captures, totals: ledger.totals });
});

test('when it is killed during payments, each answered payment is in the books', async () => {
  const before = await start();
  const sessions = await Promise.all(Array.from({ length: 30 }, (_, index) => openSession(before.call, `b-${index}`)));
  const payments = sessions.map(({ id, url }) =>
    decide(url, 'pay').then(
      ({ status }) => (status === 200 ? id : undefined),
      () => undefined,
    ),
  );
  await Promise.any(payments);
  await stop(before.child, 'SIGKILL');
  const acknowledged = (await Promise.all(payments)).filter((id) => id !== undefined);
  expect(acknowledged.length).toBeGreaterThan(0);

  const after = await start();
  const { captures } = (await after.call('GET', '/v1/ledger')).json;
  const captured = new Set(captures.map(({ session }: { session: string }) => session));
  expect(acknowledged.filter((id) => !captured.has(id))).toEqual([]);
  await receiver.waitFor(({ rawBody }) => noticeOf(rawBody).type === 'session.paid');
});

test('a session that expires while no process runs ends at the next start', async () => {
  const before = await start();
  const { id } = await openSession(before.call, 'b-1', { expires_at: new Date(Date.now() + 200).toISOString() });
  await stop(before.child, 'SIGKILL');
  const after = await start();
  await receiver.waitFor(({ rawBody }) => noticeOf(rawBody).type === 'session.expired');
  expect((await after.call('GET', `/v1/sessions/${id}`)).json.status).toBe('expired');
});

test('SIGTERM ends it cleanly during a hanging call and the delivery of a notice', async () => {
  const { child, call } = await start({ GATEWAY_WEBHOOK_URL: 'http://127.0.0.1:9/nobody' });
  const { url } = await openSession(call, 'b-1');
  await decide(url, 'pay');
  await call('PUT', '/v1/trouble', { hangMs: 600_000 });
  const hanging = call('GET', '/v1/sessions?booking_id=b-1').catch(() => 'cut off');
  await stop(child, 'SIGTERM');
  expect(child.exitCode).toBe(0);
  expect(await hanging).toBe('cut off');
});

test('names all missing settings and does not start without them', async () => {
  const child = fork(program, { env: {}, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  await once(child, 'close');
  expect(child.exitCode).toBe(1);
  expect(errors.match(/GATEWAY_\w+ is missing/g)).toHaveLength(5);
  expect(errors).not.toMatch(/^\s+at /m);
});

test('opens a file of an earlier version, and its sessions continue', async () => {
  const first = await start();
  const { id, url } = await openSession(first.call, 'kept');
  await stop(first.child, 'SIGTERM');
  const file = new DatabaseSync(join(dataFolder, 'gateway.sqlite'));
  file.exec('ALTER TABLE sessions DROP COLUMN held_until');
  file.close();
  const second = await start({ GATEWAY_PORT: new URL(url).port });
  expect((await second.call('GET', `/v1/sessions/${id}`)).json).toMatchObject({ status: 'open', held_until: null });
  expect((await decide(url, 'pay')).json).toMatchObject({ status: 'paid' });
});
