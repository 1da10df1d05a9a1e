import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  decide,
  openSandboxUnderTest,
  openSession,
  type SandboxUnderTest,
  sandboxKeys,
  sessionBody,
} from '#test/support/payments/sandbox-gateway.ts';

let sandbox: SandboxUnderTest;
beforeAll(async () => {
  sandbox = await openSandboxUnderTest();
});
afterAll(() => sandbox.close());

describe('who may call', () => {
  test.each(['', 'Bearer ', 'Bearer wrong', 'Basic c2tfc2FuZGJveF9mb3JfdGVzdHM6'])(
    '%j may not',
    async (authorization) => {
      const answer = await sandbox.call('GET', '/v1/ledger', undefined, { authorization });
      expect(answer.status).toBe(401);
      expect(answer.json.error.type).toBe('authentication_error');
    },
  );

  test('health needs no key and reveals nothing', async () => {
    const response = await fetch(`${sandbox.url}/health`);
    expect(await response.json()).toEqual({ status: 'ok' });
  });
});

describe('the API refuses', () => {
  const refused = async (changes: Record<string, unknown>) => {
    const body = sessionBody('refused', changes);
    const answer = await sandbox.call('POST', '/v1/sessions', body, { 'idempotency-key': 'session:refused' });
    expect(answer.json.error.type).toBe('invalid_request_error');
    return answer;
  };

  test.each([
    ['lines that do not add up', { amount_minor: 14_999 }],
    ['no line', { lines: [] }],
    ['nothing to pay', { amount_minor: 0, lines: [{ label: 'Free', amount_minor: 0 }] }],
    ['a fraction of a cent', { amount_minor: 0.5 }],
    ['a currency that does not exist', { currency: 'ABC' }],
    ['a currency in lower case', { currency: 'usd' }],
    ['an end in the past', { expires_at: '2020-01-01T00:00:00Z' }],
    ['an end beyond a day', { expires_at: new Date(Date.now() + 25 * 3_600_000).toISOString() }],
    ['a script for an address to return to', { success_url: 'javascript:alert(1)' }],
    ['an unknown field', { amount: 5 }],
  ])('%s', async (_what, changes) => {
    expect((await refused(changes)).status).toBe(400);
  });

  test('a POST without an Idempotency-Key', async () => {
    expect((await sandbox.call('POST', '/v1/sessions', sessionBody('no-key'))).status).toBe(400);
    const body = { session: 'cs_1', amount_minor: 1, currency: 'USD' };
    expect((await sandbox.call('POST', '/v1/refunds', body)).status).toBe(400);
  });

  test('a body that is not JSON', async () => {
    const answer = await sandbox.call('POST', '/v1/sessions', '{"amount', { 'idempotency-key': 'x' });
    expect(answer.status).toBe(400);
  });

  test('a body beyond 64 KiB, whether or not its length is announced', async () => {
    const large = JSON.stringify({ description: 'x'.repeat(70_000) });
    expect((await sandbox.call('POST', '/v1/sessions', large, { 'idempotency-key': 'x' })).status).toBe(413);
    expect(await postInChunks(sandbox.url, 70)).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('an address or a method that does not exist', async () => {
    expect((await sandbox.call('GET', '/v1/nothing')).status).toBe(404);
    expect((await sandbox.call('DELETE', '/v1/sessions')).status).toBe(405);
    expect((await sandbox.call('GET', '/v1/sessions')).status).toBe(400);
  });

  test('every bad request without internal details', async () => {
    const answers = [await refused({ lines: 'x' }), await sandbox.call('GET', '/v1/sessions/cs_1')];
    for (const { text } of answers) expect(text).not.toMatch(/node:|\.ts|at .*\(|SELECT/);
  });
});

describe('idempotency keys', () => {
  test('a refused request leaves its key unused', async () => {
    const key = { 'idempotency-key': 'session:corrected' };
    expect((await sandbox.call('POST', '/v1/sessions', sessionBody('corrected', { currency: 'x' }), key)).status).toBe(
      400,
    );
    expect((await sandbox.call('POST', '/v1/sessions', sessionBody('corrected'), key)).status).toBe(200);
  });

  test('a repeated request returns the session even after the session has ended', async () => {
    const body = sessionBody('ended');
    const key = { 'idempotency-key': 'session:ended' };
    const opened = (await sandbox.call('POST', '/v1/sessions', body, key)).json;
    await sandbox.call('POST', `/v1/sessions/${opened.id}/expire`);
    const repeated = (await sandbox.call('POST', '/v1/sessions', body, key)).json;
    expect(repeated).toEqual({ ...opened, status: 'expired' });
  });
});

describe('the ledger', () => {
  test('has one capture for each paid session, its refunds, and the sums of each currency', async () => {
    const other = await openSandboxUnderTest();
    try {
      const paid = await openSession(other.call, 'paid');
      const yen = await openSession(other.call, 'yen', { currency: 'JPY' });
      await openSession(other.call, 'open');
      await decide(paid.url, 'pay');
      await decide(paid.url, 'pay');
      await decide(yen.url, 'pay');
      const refund = { session: paid.id, amount_minor: 4_000, currency: 'USD' };
      await other.call('POST', '/v1/refunds', refund, { 'idempotency-key': 'refund:paid' });
      await other.call('POST', '/v1/refunds', refund, { 'idempotency-key': 'refund:paid' });
      const { json } = await other.call('GET', '/v1/ledger');
      expect(json.captures).toMatchObject([
        { session: paid.id, booking_id: 'paid', amount_minor: 15_000, currency: 'USD' },
        { session: yen.id, booking_id: 'yen', amount_minor: 15_000, currency: 'JPY' },
      ]);
      expect(json.refunds).toMatchObject([{ session: paid.id, booking_id: 'paid', amount_minor: 4_000 }]);
      expect(json.totals).toEqual({
        USD: { captured_minor: 15_000, refunded_minor: 4_000, disputed_minor: 0 },
        JPY: { captured_minor: 15_000, refunded_minor: 0, disputed_minor: 0 },
      });
    } finally {
      await other.close();
    }
  });

  test('a refund in another currency than the capture is refused', async () => {
    const { id, url } = await openSession(sandbox.call, 'euro');
    await decide(url, 'pay');
    const body = { session: id, amount_minor: 1, currency: 'EUR' };
    const answer = await sandbox.call('POST', '/v1/refunds', body, { 'idempotency-key': 'refund:euro' });
    expect(answer.json.error.type).toBe('not_refundable');
  });
});

/** Sends that many KiB without a Content-Length and returns the answer. */
function postInChunks(url: string, kibibytes: number): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => {
      socket.write(`POST /v1/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${sandboxKeys.apiKey}\r\n`);
      socket.write('Transfer-Encoding: chunked\r\n\r\n');
      for (let sent = 0; sent < kibibytes; sent += 1) socket.write(`400\r\n${'x'.repeat(1_024)}\r\n`);
    });
    socket.on('data', (data) => {
      answer += data.toString();
      socket.destroy();
      resolve(answer);
    });
    socket.on('error', reject);
  });
}
