import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultPaymentsPolicy, judgeSession, nextStep, retryPauseSeconds } from './payment-rules.ts';
import { paymentStatuses, paymentTransitions } from './payment-status.ts';

const asked = { amountMinor: 5000, currency: 'USD', capturedMinor: 0, capturedCurrency: null };

describe('what a session means for a payment', () => {
  const seen = fc.record({
    status: fc.constantFrom('OPEN', 'PAID', 'DECLINED', 'EXPIRED' as const),
    capturedMinor: fc.constantFrom(0, 4999, 5000),
    currency: fc.constantFrom('USD', 'MXN', undefined),
  });
  const books = fc.record({
    status: fc.constantFrom(...paymentStatuses),
    amountMinor: fc.constant(5000),
    currency: fc.constant('USD'),
    capturedMinor: fc.constantFrom(0, 5000),
    capturedCurrency: fc.constantFrom(null, 'USD'),
  });

  test('a payment succeeds only with exactly the amount and currency, and never without a capture', () => {
    fc.assert(
      fc.property(books, seen, (payment, session) => {
        if (judgeSession(payment, session) !== 'SUCCEED') return;
        expect(session).toEqual({ status: 'PAID', capturedMinor: 5000, currency: 'USD' });
        expect(payment.capturedCurrency).toBeNull();
      }),
    );
  });

  test('captured money is either used or refunded', () => {
    fc.assert(
      fc.property(books, seen, (payment, session) => {
        if (session.status !== 'PAID') return;
        expect(judgeSession(payment, session)).not.toBe('FAIL');
      }),
    );
  });

  test('only money moves a payment that has ended', () => {
    for (const status of ['PAYMENT_SUCCESS', 'PAYMENT_FAILED', 'REFUND_PENDING', 'REFUNDED'] as const) {
      for (const session of ['DECLINED', 'EXPIRED'] as const) {
        const what = { status: session, capturedMinor: 0, currency: 'USD' };
        expect(judgeSession({ ...asked, status }, what)).toBe('KNOWN');
      }
    }
  });
});

test('every state has a way out, and a refund only follows money', () => {
  for (const status of paymentStatuses) expect(paymentTransitions[status].length).toBeGreaterThan(0);
  const before = paymentStatuses.filter((status) =>
    (paymentTransitions[status] as readonly string[]).includes('REFUNDED'),
  );
  expect(before).toEqual(['PAYMENT_SUCCESS', 'REFUND_PENDING']);
});

test('a session is closed when its booking or its time is over, and asked about before', () => {
  const now = new Date('2026-06-11T12:00:00Z');
  const later = new Date('2026-06-11T12:00:01Z');
  const calm = { inDoubt: false, openRefunds: 0 };
  const open = { status: 'SESSION_CREATED', closingAt: null, sessionExpiresAt: later, ...calm } as const;
  expect(nextStep(open, now)).toBe('ASK');
  expect(nextStep({ ...open, closingAt: now }, now)).toBe('CLOSE_SESSION');
  expect(nextStep(open, later)).toBe('CLOSE_SESSION');
  expect(nextStep({ ...open, status: 'CREATING_SESSION', closingAt: now }, now)).toBe('OPEN_SESSION');
  expect(nextStep({ ...open, status: 'REFUND_PENDING' }, now)).toBe('REFUND');
  const part = { ...open, status: 'PAYMENT_SUCCESS', openRefunds: 1 } as const;
  expect(nextStep(part, now)).toBe('REFUND');
  expect(nextStep({ ...part, inDoubt: true }, now)).toBe('ASK');
});

test('the pauses between tries grow up to a limit, and are never shorter than the gateway asked for', () => {
  const pause = (attempts: number, askedForSeconds?: number) =>
    retryPauseSeconds(defaultPaymentsPolicy, { attempts, askedForSeconds }, 0.999);
  expect(pause(1)).toBeLessThan(pause(2));
  expect(pause(1000)).toBeLessThanOrEqual(defaultPaymentsPolicy.retryMostSeconds);
  expect(pause(1, 90)).toBe(90);
});
