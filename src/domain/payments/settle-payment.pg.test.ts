import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  bookingCancelled,
  bookingCreated,
  bookingEnded,
  confirmationFailed,
  decline,
  eventually,
  factOf,
  openPaymentsWorld,
  type PaymentsWorld,
  pay,
} from '#test/support/payments/payments-world.ts';

let world: PaymentsWorld;
beforeAll(async () => {
  world = await openPaymentsWorld();
});
afterAll(() => world.close());
/** A notice may arrive before the response of the call that caused it. Here the order must be fixed. */
const deaf = { dropWebhooks: 1_000_000 };
const listen = () => world.trouble({});
beforeEach(async () => {
  await world.trouble(deaf);
});

const typesOf = async (bookingId: string) => (await world.published(bookingId)).map(({ type }) => type);
const statusIs = (bookingId: string, status: string) =>
  eventually(async () => expect((await world.payment(bookingId)).status).toBe(status));
async function opened(changes = {}) {
  const created = bookingCreated(changes);
  await world.arrives(created);
  await world.settle();
  return { created, id: created.aggregateId, url: await world.openedFor(created) };
}
/** The violations about one booking, once all work is done. */
const wrongAbout = async (created: ReturnType<typeof bookingCreated>, status: string) => {
  const { gateway_reference: reference } = await world.payment(created.aggregateId);
  const found = await world.violations([factOf(created, status)]);
  return found.filter(({ subject }) => subject === created.aggregateId || subject === reference);
};

describe('a session', () => {
  test('is opened once, published once, and paid by the fan at its url', async () => {
    await listen();
    const { created, id, url } = await opened();
    await pay(url);
    await statusIs(id, 'PAYMENT_SUCCESS');
    expect(await world.published(id)).toMatchObject([
      { type: 'PaymentSessionOpened', url, eventId: created.eventId },
      { type: 'PaymentSucceeded', amountMinor: 30_500, currency: 'USD' },
    ]);
    expect(await wrongAbout(created, 'CONFIRMED')).toEqual([]);
  });

  test('is one, even when the message comes twice, once under another id', async () => {
    const created = bookingCreated();
    const messageId = await world.arrives(created);
    await world.arrives(created, messageId);
    await world.arrives(created);
    await world.settle();
    expect(await world.sessionsOf(created.aggregateId)).toHaveLength(1);
    expect(await typesOf(created.aggregateId)).toEqual(['PaymentSessionOpened']);
  });

  test('takes and refunds an amount of more than 32 bits', async () => {
    const lines = [
      { label: 'Seat 1', amountMinor: 6_500_000_000 },
      { label: 'Seat 2', amountMinor: 6_500_000_007 },
    ];
    const amount = { amountMinor: 13_000_000_007, currency: 'IRR' };
    await listen();
    const { created, id, url } = await opened({ totalMinor: amount.amountMinor, currency: 'IRR', lines });
    await pay(url);
    await statusIs(id, 'PAYMENT_SUCCESS');
    await world.arrives(confirmationFailed(created));
    expect(await world.settle()).toEqual(['REFUNDED']);
    expect(await world.published(id)).toMatchObject([
      { type: 'PaymentSessionOpened' },
      { type: 'PaymentSucceeded', ...amount },
      { type: 'RefundRequested', ...amount },
      { type: 'PaymentRefunded', ...amount },
    ]);
    expect(await wrongAbout(created, 'CANCELLED')).toEqual([]);
  });

  test('is not opened for tickets that cost nothing', async () => {
    const created = bookingCreated({ totalMinor: 0, lines: [{ label: 'Seat', amountMinor: 0 }] });
    await world.arrives(created);
    expect(await world.settle()).toEqual([]);
    expect(await world.published(created.aggregateId)).toMatchObject([{ type: 'PaymentSucceeded', amountMinor: 0 }]);
    expect(await world.sessionsOf(created.aggregateId)).toEqual([]);
    expect(await wrongAbout(created, 'CONFIRMED')).toEqual([]);
  });

  test('is the same one when the gateway acts and then answers 500', async () => {
    await world.trouble({ fail500AfterActing: 2 });
    const created = bookingCreated();
    await world.arrives(created);
    expect(await world.settle()).toEqual(['UNKNOWN', 'UNKNOWN', 'SESSION_OPENED']);
    expect(await world.sessionsOf(created.aggregateId)).toHaveLength(1);
  });

  test('is looked up when the gateway goes on acting without an answer', async () => {
    await world.trouble({ fail500AfterActing: 1000 });
    const created = bookingCreated();
    await world.arrives(created);
    expect(await world.settle()).toEqual(['UNKNOWN', 'UNKNOWN', 'UNKNOWN', 'SESSION_OPENED']);
    const [session] = await world.sessionsOf(created.aggregateId);
    expect(await world.openedFor(created)).toBe(session?.url);
  });

  test('that the gateway refuses ends the payment', async () => {
    const created = bookingCreated({ currency: 'XQX' });
    await world.arrives(created);
    expect(await world.settle()).toEqual(['NOT_OPENED']);
    expect(await world.published(created.aggregateId)).toMatchObject([
      { type: 'PaymentFailed', reason: 'GATEWAY_INVALID_REQUEST' },
    ]);
  });

  test('is not opened for a hold that is long over', async () => {
    const created = bookingCreated({ holdExpiresAt: new Date(Date.now() - 600_000).toISOString() });
    await world.arrives(created);
    expect(await world.settle()).toEqual(['NOT_OPENED']);
    expect(await world.sessionsOf(created.aggregateId)).toEqual([]);
  });

  test('that is declined fails the payment', async () => {
    await listen();
    const { created, id, url } = await opened();
    await decline(url);
    await statusIs(id, 'PAYMENT_FAILED');
    expect((await world.published(id)).at(-1)).toMatchObject({ type: 'PaymentFailed', reason: 'DECLINED' });
    expect(await wrongAbout(created, 'FAILED')).toEqual([]);
  });
});

describe('a booking that ended', () => {
  test('before the gateway was asked has no session', async () => {
    const created = bookingCreated();
    await world.arrives(created);
    await world.arrives(bookingEnded(created));
    expect(await world.settle()).toEqual([]);
    expect(await world.sessionsOf(created.aggregateId)).toEqual([]);
    expect(await world.published(created.aggregateId)).toMatchObject([
      { type: 'PaymentFailed', reason: 'BOOKING_ENDED' },
    ]);
  });

  test('unpaid has its session closed, so that it can no longer be paid', async () => {
    const { created, id, url } = await opened();
    const messageId = await world.arrives(bookingEnded(created));
    await world.arrives(bookingEnded(created), messageId);
    expect(await world.settle()).toEqual(['FAIL']);
    expect((await pay(url)).status).toBe(410);
    expect(await typesOf(id)).toEqual(['PaymentSessionOpened', 'PaymentFailed']);
    expect(await wrongAbout(created, 'EXPIRED')).toEqual([]);
  });

  test('while its session is being opened has it closed right after', async () => {
    await world.trouble({ ...deaf, fail500AfterActing: 1 });
    const created = bookingCreated();
    await world.arrives(created);
    await world.settleOnce('PROMISED');
    await world.arrives(bookingCancelled(created, false));
    expect(await world.settle()).toEqual(['SESSION_OPENED', 'FAIL']);
    expect(await world.sessionsOf(created.aggregateId)).toMatchObject([{ status: 'EXPIRED' }]);
  });

  test('after it was paid is a late payment, and its money is refunded when the seats are gone', async () => {
    const { created, id, url } = await opened();
    await pay(url);
    await world.arrives(bookingEnded(created));
    expect(await world.settle()).toEqual(['SUCCEED']);
    const messageId = await world.arrives(confirmationFailed(created));
    await world.arrives(confirmationFailed(created), messageId);
    await world.arrives(confirmationFailed(created));
    expect(await world.settle()).toEqual(['REFUNDED']);
    expect(await typesOf(id)).toEqual([
      'PaymentSessionOpened',
      'PaymentSucceeded',
      'RefundRequested',
      'PaymentRefunded',
    ]);
    expect(await wrongAbout(created, 'EXPIRED')).toEqual([]);
  });

  test('is closed by its time when no message reports its end', async () => {
    const { created, id } = await opened();
    await world.sql`update payments set session_expires_at = now() where booking_id = ${id}`;
    expect(await world.askAboutAll()).toContainEqual({ step: 'CLOSE_SESSION', outcome: 'FAIL' });
    expect(await wrongAbout(created, 'EXPIRED')).toEqual([]);
  });
});

describe('a refund', () => {
  async function paid() {
    await listen();
    const { created, id, url } = await opened();
    await pay(url);
    await statusIs(id, 'PAYMENT_SUCCESS');
    return { created, id };
  }

  test('of a cancelled booking is the whole capture, once, even when the gateway acts and answers 500', async () => {
    const { created, id } = await paid();
    await world.arrives(bookingCancelled(created, true));
    await world.trouble({ ...deaf, fail500AfterActing: 1 });
    await world.settle();
    await statusIs(id, 'REFUNDED');
    const refunds = (await world.ledger()).refunds.filter(({ booking_id }) => booking_id === id);
    expect(refunds).toMatchObject([{ amount_minor: 30_500 }]);
    expect(await typesOf(id)).toEqual([
      'PaymentSessionOpened',
      'PaymentSucceeded',
      'RefundRequested',
      'PaymentRefunded',
    ]);
    expect(await wrongAbout(created, 'CANCELLED')).toEqual([]);
  });

  test('waits while the gateway hangs, and is still made once', async () => {
    const slow = await openPaymentsWorld({ callTimeoutMs: 60 });
    try {
      const created = bookingCreated();
      await slow.arrives(created);
      await slow.settle();
      await pay(await slow.openedFor(created));
      await eventually(async () => expect((await slow.payment(created.aggregateId)).status).toBe('PAYMENT_SUCCESS'));
      await slow.trouble({ hangMs: 5000, dropWebhooks: 1000 });
      await slow.arrives(bookingCancelled(created, true));
      expect(await slow.settleOnce('PROMISED')).toMatchObject([{ outcome: 'UNKNOWN' }]);
      expect((await slow.payment(created.aggregateId)).status).toBe('REFUND_PENDING');
      await slow.trouble({});
      expect(await slow.settle()).toEqual(['REFUNDED']);
      expect((await slow.ledger()).refunds).toHaveLength(1);
    } finally {
      await slow.close();
    }
  });

  test('of money that has not arrived closes the session instead', async () => {
    const { created, id } = await opened();
    await world.arrives(bookingCancelled(created, true));
    expect(await world.settle()).toEqual(['FAIL']);
    expect(await typesOf(id)).toEqual(['PaymentSessionOpened', 'PaymentFailed']);
    expect(await wrongAbout(created, 'CANCELLED')).toEqual([]);
  });

  test('of money that arrives after the request is sent when the booking side asks again', async () => {
    const { created, id, url } = await opened();
    await pay(url);
    await world.arrives(bookingCancelled(created, true));
    expect(await world.settle()).toEqual(['SUCCEED']);
    await world.arrives(confirmationFailed(created));
    expect(await world.settle()).toEqual(['REFUNDED']);
    expect((await world.payment(id)).refunded_minor).toBe(30_500);
    expect(await wrongAbout(created, 'CANCELLED')).toEqual([]);
  });

  test('that was made at the gateway by hand is accepted', async () => {
    const { created, id } = await paid();
    const { gateway_reference: reference } = await world.payment(id);
    await world.trouble(deaf);
    const amount = { amountMinor: 30_500, currency: 'USD' };
    await world.gateway.refund({ reference: reference ?? '', bookingId: id, ...amount, idempotencyKey: 'by-hand' });
    await world.arrives(bookingCancelled(created, true));
    expect(await world.settle()).toEqual(['REFUNDED']);
    expect(await wrongAbout(created, 'CANCELLED')).toEqual([]);
  });
});

describe('the reconciler', () => {
  test('finds a payment whose notice was lost', async () => {
    const { created, id, url } = await opened();
    await pay(url);
    expect((await world.payment(id)).status).toBe('SESSION_CREATED');
    expect(await world.askAboutAll()).toContainEqual({ step: 'ASK', outcome: 'SUCCEED' });
    expect(await typesOf(id)).toEqual(['PaymentSessionOpened', 'PaymentSucceeded']);
    expect(await wrongAbout(created, 'CONFIRMED')).toEqual([]);
  });

  test('leaves an open session alone until the next time', async () => {
    const { id } = await opened();
    await world.askAboutAll();
    expect(await world.settleOnce('OPEN_TOO_LONG')).toEqual([]);
    const [row] = await world.sql<{ seconds: number }[]>`
      select extract(epoch from next_check_at - now())::float8 as seconds from payments where booking_id = ${id}`;
    expect(row?.seconds).toBeGreaterThan(0);
    expect(row?.seconds).toBeLessThanOrEqual(world.policy.askEverySeconds);
  });

  test('refunds money of another amount than requested, and fails the booking', async () => {
    const { created, id, url } = await opened();
    await world.sql`update payments set amount_minor = 40000 where booking_id = ${id}`;
    await pay(url);
    expect(await world.askAboutAll()).toContainEqual({ step: 'ASK', outcome: 'GIVE_BACK' });
    expect(await world.settle()).toEqual(['REFUNDED']);
    expect(await world.published(id)).toMatchObject([
      { type: 'PaymentSessionOpened' },
      { type: 'PaymentFailed', reason: 'AMOUNT_MISMATCH' },
      { type: 'RefundRequested', amountMinor: 30_500 },
      { type: 'PaymentRefunded', amountMinor: 30_500 },
    ]);
    expect(await wrongAbout(created, 'FAILED')).toEqual([]);
  });
});
