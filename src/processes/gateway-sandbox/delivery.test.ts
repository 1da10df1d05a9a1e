import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openNoticeReceiver } from '#test/support/payments/notice-receiver.ts';
import {
  decide,
  noticeOf,
  openSandboxUnderTest,
  openSession,
  type SandboxUnderTest,
  sandboxKeys,
} from '#test/support/payments/sandbox-gateway.ts';

const hasty = { baseMs: 1, capMs: 4, maxAttempts: 1_000 };

let sandbox: SandboxUnderTest;
afterEach(() => sandbox.close());

const settle = async (bookingId: string, outcome = 'pay') => {
  const session = await openSession(sandbox.call, bookingId);
  await decide(session.url, outcome);
  return session;
};
const noticeCounts = async () => (await sandbox.call('GET', '/v1/ledger')).json.notices;
const untilCounts = (counts: Record<string, number>) =>
  vi.waitFor(async () => expect(await noticeCounts()).toMatchObject(counts), { timeout: 25_000, interval: 10 });
const setTrouble = async (switches: unknown) => {
  const answer = await sandbox.call('PUT', '/v1/trouble', switches);
  expect(answer.status).toBe(200);
};
const received = () => sandbox.receiver.received.map(({ rawBody }) => noticeOf(rawBody));

describe('notices', () => {
  test('are signed over the exact bytes that are sent', async () => {
    sandbox = await openSandboxUnderTest();
    await settle('signed');
    const { rawBody, headers } = await sandbox.receiver.waitFor(() => true);
    const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['frontrow-signature'])) ?? [];
    const expected = createHmac('sha256', sandboxKeys.webhookSecret).update(`${time}.`).update(rawBody).digest('hex');
    expect(signature).toBe(expected);
  });

  test('are sent again under one id until the merchant accepts them, and not after that', async () => {
    sandbox = await openSandboxUnderTest({ retry: hasty });
    sandbox.receiver.answerWith(503);
    await settle('repeated');
    await sandbox.receiver.waitForCount(4);
    sandbox.receiver.answerWith(204);
    await untilCounts({ DELIVERED: 1, WAITING: 0 });
    expect(new Set(received().map(({ id }) => id)).size).toBe(1);
    const taken = sandbox.receiver.received.length;
    await settle('next');
    await untilCounts({ DELIVERED: 2, WAITING: 0 });
    expect(sandbox.receiver.received.length).toBe(taken + 1);
  });

  test('are not sent to the target of a redirect', async () => {
    const elsewhere = await openNoticeReceiver();
    const redirecting = createServer((_request, response) =>
      response.writeHead(307, { location: elsewhere.url }).end(),
    ).listen(0, '127.0.0.1');
    await once(redirecting, 'listening');
    const webhookUrl = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}`;
    sandbox = await openSandboxUnderTest({ webhookUrl, retry: { ...hasty, maxAttempts: 2 } });
    try {
      await settle('redirected');
      await untilCounts({ GIVEN_UP: 1 });
      expect(elsewhere.received).toHaveLength(0);
    } finally {
      redirecting.closeAllConnections();
      redirecting.close();
      await elsewhere.close();
    }
  });

  test('are given up after the largest number of attempts', async () => {
    sandbox = await openSandboxUnderTest({ retry: { ...hasty, maxAttempts: 3 } });
    sandbox.receiver.answerWith(500);
    await settle('hopeless');
    await untilCounts({ GIVEN_UP: 1, WAITING: 0 });
    expect(sandbox.receiver.received).toHaveLength(3);
  });

  test('are given up after the longest time', async () => {
    sandbox = await openSandboxUnderTest({ retry: { ...hasty, maxAgeMs: 0 } });
    sandbox.receiver.answerWith(500);
    await settle('old');
    await untilCounts({ GIVEN_UP: 1, WAITING: 0 });
    expect(sandbox.receiver.received).toHaveLength(1);
  });

  test('a notice that the merchant does not accept does not delay the others', async () => {
    sandbox = await openSandboxUnderTest();
    sandbox.receiver.answerWith(500);
    await settle('stuck');
    await sandbox.receiver.waitForCount(1);
    sandbox.receiver.answerWith(200);
    await Promise.all(Array.from({ length: 40 }, (_, index) => settle(`other-${index}`)));
    await vi.waitFor(() => expect(new Set(received().map(({ bookingId }) => bookingId)).size).toBe(41));
  });
});

describe('trouble', () => {
  test('delayWebhooksMs: new notices wait while it is on, and others do not', async () => {
    sandbox = await openSandboxUnderTest();
    await setTrouble({ delayWebhooksMs: 600_000 });
    await settle('delayed');
    await sandbox.call('DELETE', '/v1/trouble');
    await settle('prompt');
    await untilCounts({ WAITING: 1, DELIVERED: 1 });
    expect(received().map(({ bookingId }) => bookingId)).toEqual(['prompt']);
  });

  test('delayWebhooksMs: a delayed notice is sent later', async () => {
    sandbox = await openSandboxUnderTest();
    await setTrouble({ delayWebhooksMs: 50 });
    await settle('delayed');
    await sandbox.receiver.waitForCount(1);
  });

  test('duplicateWebhooks: that many more copies are sent, under the same id', async () => {
    sandbox = await openSandboxUnderTest();
    await setTrouble({ duplicateWebhooks: 2 });
    await settle('doubled');
    await untilCounts({ DELIVERED: 1 });
    expect(received()).toHaveLength(3);
    expect(new Set(received().map(({ id }) => id)).size).toBe(1);
  });

  test('dropWebhooks as a number: that many next notices are never sent', async () => {
    sandbox = await openSandboxUnderTest();
    await setTrouble({ dropWebhooks: 2 });
    for (const bookingId of ['lost-1', 'lost-2', 'kept']) await settle(bookingId);
    await untilCounts({ DROPPED: 2, DELIVERED: 1, WAITING: 0 });
    expect(received().map(({ bookingId }) => bookingId)).toEqual(['kept']);
  });

  test('dropWebhooks as a share: some notices are sent and some are not', async () => {
    sandbox = await openSandboxUnderTest();
    await setTrouble({ dropWebhooks: 0.5 });
    await Promise.all(Array.from({ length: 60 }, (_, index) => settle(`b-${index}`)));
    await untilCounts({ WAITING: 0 });
    const { DROPPED, DELIVERED } = await noticeCounts();
    expect(DROPPED + DELIVERED).toBe(60);
    expect(DROPPED).toBeGreaterThan(0);
    expect(DELIVERED).toBeGreaterThan(0);
  });

  test('reorderWebhooks: the last notice is sent first', async () => {
    sandbox = await openSandboxUnderTest();
    await setTrouble({ reorderWebhooks: 3 });
    for (const bookingId of ['first', 'second']) await settle(bookingId);
    await untilCounts({ HELD: 2, DELIVERED: 0 });
    await settle('third');
    await untilCounts({ HELD: 0, DELIVERED: 3 });
    expect(received().map(({ bookingId }) => bookingId)).toEqual(['third', 'second', 'first']);
  });

  test('reorderWebhooks: waiting notices are sent when the switch is turned off', async () => {
    sandbox = await openSandboxUnderTest();
    await setTrouble({ reorderWebhooks: 3 });
    await settle('held');
    await untilCounts({ HELD: 1 });
    await sandbox.call('DELETE', '/v1/trouble');
    await sandbox.receiver.waitForCount(1);
  });

  test('failBeforeActing and fail500AfterActing: exactly that many calls fail', async () => {
    sandbox = await openSandboxUnderTest();
    await setTrouble({ failBeforeActing: 1, fail500AfterActing: 1 });
    await expect(openSession(sandbox.call, 'b')).rejects.toThrow('changed nothing');
    expect((await sandbox.call('GET', '/v1/sessions?booking_id=b')).json.data).toHaveLength(0);
    await expect(openSession(sandbox.call, 'b')).rejects.toThrow('the call succeeded');
    expect((await sandbox.call('GET', '/v1/sessions?booking_id=b')).json.data).toHaveLength(1);
    expect((await sandbox.call('GET', '/v1/trouble')).json).toMatchObject({
      failBeforeActing: 0,
      fail500AfterActing: 0,
    });
  });

  test('hangMs: the call is carried out long before it is answered', async () => {
    sandbox = await openSandboxUnderTest();
    await setTrouble({ hangMs: 600_000 });
    const hanging = openSession(sandbox.call, 'hung').catch(() => 'cut off');
    await vi.waitFor(async () => expect((await sandbox.call('GET', '/v1/ledger')).json.sessions.open).toBe(1));
    await sandbox.close();
    expect(await hanging).toBe('cut off');
    sandbox = await openSandboxUnderTest();
  });

  test.each([{ unknown: 1 }, { hangMs: -1 }, { dropWebhooks: 1.5 }, { reorderWebhooks: 1 }])(
    '%j is refused and changes nothing',
    async (switches) => {
      sandbox = await openSandboxUnderTest();
      await setTrouble({ duplicateWebhooks: 1 });
      expect((await sandbox.call('PUT', '/v1/trouble', switches)).status).toBe(400);
      expect((await sandbox.call('GET', '/v1/trouble')).json.duplicateWebhooks).toBe(1);
    },
  );
});
