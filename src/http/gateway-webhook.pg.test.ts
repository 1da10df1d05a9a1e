import { createHmac, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { applyWaitingNotices, sweepWaitingNotices } from '#domain/payments/apply-notice.ts';
import { openSandboxGateway } from '#gateways/sandbox.ts';
import {
  alwaysReady,
  bookingCreated,
  eventually,
  openPaymentsWorld,
  type PaymentsWorld,
  pay,
} from '#test/support/payments/payments-world.ts';
import { sandboxKeys } from '#test/support/payments/sandbox-gateway.ts';
import { openGatewayWebhook } from './gateway-webhook.ts';

let world: PaymentsWorld;
beforeAll(async () => {
  world = await openPaymentsWorld();
});
afterAll(() => world.close());
afterEach(async () => {
  await world.trouble({});
});

type NoticeChanges = { id?: string; type?: string; status?: string; capturedMinor?: number; currency?: string };

/** A notice as the sandbox writes it, about a session that only this test speaks of. */
function noticeBody(about: { reference: string; bookingId: string }, changes: NoticeChanges = {}): string {
  const { id = `evt_${randomUUID()}`, type = 'session.paid', status = 'paid' } = changes;
  return JSON.stringify({
    id,
    object: 'event',
    type,
    created: Math.floor(Date.now() / 1000),
    data: {
      object: {
        id: about.reference,
        status,
        url: null,
        amount_minor: 30_500,
        captured_minor: changes.capturedMinor ?? 30_500,
        currency: changes.currency ?? 'USD',
        metadata: { booking_id: about.bookingId, event_id: randomUUID() },
        expires_at: new Date().toISOString(),
        refunds: [],
      },
    },
  });
}

function signed(body: string, { secret = sandboxKeys.webhookSecret, at = Date.now() } = {}) {
  const seconds = Math.floor(at / 1000);
  const hmac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return { 'content-type': 'application/json', 'frontrow-signature': `t=${seconds},v1=${hmac}` };
}

const deliver = (body: string, headers: Record<string, string> = signed(body), url = world.webhookUrl) =>
  fetch(url, { method: 'POST', body, headers });

const noticesOf = (bookingId: string) => world.sql<{ outcome: string | null; type: string }[]>`
  select type, outcome from notices where booking_id = ${bookingId} order by received_at`;
const countNotices = async () => (await world.sql`select 1 from notices`).length;
const typesOf = async (bookingId: string) => (await world.published(bookingId)).map(({ type }) => type);

/** An open session of which the gateway itself says nothing. */
async function quietSession() {
  await world.trouble({ dropWebhooks: 1000 });
  const created = bookingCreated();
  await world.arrives(created);
  await world.settle();
  const { gateway_reference: reference } = await world.payment(created.aggregateId);
  return { created, bookingId: created.aggregateId, reference: reference ?? '' };
}

describe('who may speak', () => {
  test.each([
    ['no signature', {}],
    ['the signature of another secret', signed('x', { secret: 'whsec_of_another_merchant' })],
    ['a signature of another body', signed('{"id":"evt_other"}')],
  ])('a delivery with %s is answered 400 and leaves no trace', async (_, headers) => {
    const session = await quietSession();
    const before = await countNotices();
    expect((await deliver(noticeBody(session), headers)).status).toBe(400);
    expect(await countNotices()).toBe(before);
    expect((await world.payment(session.bookingId)).status).toBe('SESSION_CREATED');
  });

  test('a delivery that was signed more than 300 s ago is answered 400', async () => {
    const body = noticeBody(await quietSession());
    expect((await deliver(body, signed(body, { at: Date.now() - 310_000 }))).status).toBe(400);
    expect((await deliver(body, signed(body, { at: Date.now() - 290_000 }))).status).toBe(200);
  });

  test('both secrets are good during a rotation, and the old one no longer after it', async () => {
    const [older, newer] = ['whsec_the_older_one', 'whsec_the_newer_one'] as const;
    const statuses = async (webhookSecrets: string[]) => {
      const gateway = openSandboxGateway({ kind: 'sandbox', url: 'http://localhost', apiKey: 'x', webhookSecrets });
      const webhook = openGatewayWebhook({
        ...world,
        gateway,
        log: quietLog,
        readiness: alwaysReady,
        now: () => new Date(),
      });
      const port = await webhook.listen({ host: '127.0.0.1', port: 0 });
      const url = `http://127.0.0.1:${port}/webhooks/gateway`;
      const answers: number[] = [];
      for (const secret of [older, newer]) {
        const body = noticeBody(await quietSession());
        answers.push((await deliver(body, signed(body, { secret }), url)).status);
      }
      await webhook.close({ graceMs: 0 });
      return answers;
    };
    expect(await statuses([newer, older])).toEqual([200, 200]);
    expect(await statuses([newer])).toEqual([400, 200]);
  });

  test('a body above 256 KB is answered 413, whether or not it says how long it is', async () => {
    const large = 'x'.repeat(256 * 1024 + 1);
    expect((await deliver(large)).status).toBe(413);
    expect(await statusOfChunked(large)).toBe(413);
  });
});

const quietLog = { info() {}, warn() {}, error() {} };

function statusOfChunked(body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      world.webhookUrl,
      { method: 'POST', headers: { 'transfer-encoding': 'chunked' } },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    // The server closes once it has answered; what is still being written then is of no interest.
    sent.on('error', reject);
    sent.write(body);
    sent.end();
  });
}

describe('a notice', () => {
  test('that comes twice, and again under another id, is applied once', async () => {
    const session = await quietSession();
    const body = noticeBody(session);
    const answers = await Promise.all([deliver(body), deliver(body), deliver(body)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await deliver(noticeBody(session))).status).toBe(200);
    expect(await typesOf(session.bookingId)).toEqual(['PaymentSessionOpened', 'PaymentSucceeded']);
    expect(await noticesOf(session.bookingId)).toMatchObject([{ outcome: 'APPLIED' }, { outcome: 'KNOWN' }]);
  });

  test('that comes before the session is stored waits for it', async () => {
    await world.trouble({ fail500AfterActing: 1, dropWebhooks: 1000 });
    const created = bookingCreated();
    const bookingId = created.aggregateId;
    await world.arrives(created);
    await world.settleOnce('PROMISED');
    const [session] = await world.sessionsOf(bookingId);
    await pay(session?.url ?? '');
    expect((await deliver(noticeBody({ reference: session?.reference ?? '', bookingId }))).status).toBe(200);
    expect(await noticesOf(bookingId)).toMatchObject([{ outcome: null }]);
    expect((await world.payment(bookingId)).status).toBe('CREATING_SESSION');
    await world.settle();
    expect(await typesOf(bookingId)).toEqual(['PaymentSessionOpened', 'PaymentSucceeded']);
    expect(await noticesOf(bookingId)).toMatchObject([{ outcome: 'APPLIED' }]);
  });

  test('about an unknown booking is kept, and applied by the sweep when the booking is known', async () => {
    const session = await quietSession();
    const parted = { reference: 'cs_sandbox_unknown', bookingId: randomUUID() };
    expect((await deliver(noticeBody(parted))).status).toBe(200);
    await world.sql`update payments set gateway_reference = ${parted.reference} where booking_id = ${session.bookingId}`;
    const swept = await sweepWaitingNotices(world, { olderThanSeconds: 0, limit: 100 });
    expect(swept.applied).toBe(1);
    expect((await world.payment(session.bookingId)).status).toBe('PAYMENT_SUCCESS');
    await applyWaitingNotices(world, { bookingId: session.bookingId, reference: parted.reference });
    expect(await typesOf(session.bookingId)).toEqual(['PaymentSessionOpened', 'PaymentSucceeded']);
  });

  test.each([
    ['paid, then expired', ['paid', 'expired'], 'PAYMENT_SUCCESS', ['PaymentSucceeded']],
    ['expired, then paid', ['expired', 'paid'], 'PAYMENT_SUCCESS', ['PaymentFailed', 'PaymentSucceeded']],
    ['declined, then paid', ['declined', 'paid'], 'PAYMENT_SUCCESS', ['PaymentFailed', 'PaymentSucceeded']],
    ['declined, then expired', ['declined', 'expired'], 'PAYMENT_FAILED', ['PaymentFailed']],
  ])('has no say by its order: %s', async (_, order, status, events) => {
    const session = await quietSession();
    for (const one of order) {
      const body = noticeBody(session, {
        type: `session.${one}`,
        status: one,
        ...(one === 'paid' ? {} : { capturedMinor: 0 }),
      });
      expect((await deliver(body)).status).toBe(200);
    }
    expect((await world.payment(session.bookingId)).status).toBe(status);
    expect(await typesOf(session.bookingId)).toEqual(['PaymentSessionOpened', ...events]);
  });

  test.each([
    ['amount', { capturedMinor: 100 }],
    ['currency', { currency: 'MXN' }],
  ])('with another %s moves nothing: the gateway itself is asked', async (_, changes) => {
    const session = await quietSession();
    expect((await deliver(noticeBody(session, changes))).status).toBe(200);
    expect(await noticesOf(session.bookingId)).toMatchObject([{ outcome: 'DOUBTED' }]);
    expect(await world.settleOnce('OPEN_TOO_LONG')).toEqual([{ step: 'ASK', outcome: 'OPEN' }]);
    expect(await typesOf(session.bookingId)).toEqual(['PaymentSessionOpened']);
    const [{ in_doubt: inDoubt } = { in_doubt: true }] = await world.sql<{ in_doubt: boolean }[]>`
      select in_doubt from payments where booking_id = ${session.bookingId}`;
    expect(inDoubt).toBe(false);
  });

  test('that contradicts a capture we hold leaves it as the gateway says', async () => {
    const session = await quietSession();
    await pay(await world.openedFor(session.created));
    await deliver(noticeBody(session));
    await deliver(noticeBody(session, { capturedMinor: 999 }));
    expect(await world.settleOnce('OPEN_TOO_LONG')).toEqual([{ step: 'ASK', outcome: 'KNOWN' }]);
    expect(await world.payment(session.bookingId)).toMatchObject({ status: 'PAYMENT_SUCCESS', captured_minor: 30_500 });
  });

  test('about another session of the same booking is not taken for ours', async () => {
    const session = await quietSession();
    await deliver(noticeBody({ ...session, reference: 'cs_sandbox_of_another_merchant' }));
    expect((await world.payment(session.bookingId)).status).toBe('SESSION_CREATED');
    expect(await noticesOf(session.bookingId)).toMatchObject([{ outcome: 'FOREIGN_SESSION' }]);
  });

  test('of a kind that means nothing to us is acknowledged', async () => {
    const session = await quietSession();
    expect((await deliver(noticeBody(session, { type: 'session.viewed' }))).status).toBe(200);
    expect((await world.payment(session.bookingId)).status).toBe('SESSION_CREATED');
  });

  test('that cannot be kept is answered 503, and the gateway brings it again', async () => {
    const created = bookingCreated();
    await world.arrives(created);
    await world.settle();
    await world.sql`alter table notices rename to notices_away`;
    await pay(await world.openedFor(created));
    await eventually(() =>
      expect(world.logged).toContainEqual(expect.objectContaining({ level: 'error', message: 'notice not kept' })),
    );
    await world.sql`alter table notices_away rename to notices`;
    await eventually(async () => expect((await world.payment(created.aggregateId)).status).toBe('PAYMENT_SUCCESS'));
  });
});

test('health and readiness answer for themselves, and nothing else is there', async () => {
  const origin = new URL(world.webhookUrl).origin;
  expect((await fetch(`${origin}/health`)).status).toBe(200);
  expect(await (await fetch(`${origin}/ready`)).json()).toEqual({ status: 'ready' });
  expect((await fetch(`${origin}/webhooks/other`, { method: 'POST' })).status).toBe(404);
  expect((await fetch(world.webhookUrl)).status).toBe(405);
});
