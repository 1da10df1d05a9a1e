import { expect, test } from 'vitest';
import { bookingStatuses, isLastState, openPaymentUrl, paymentStatuses } from './booking-status.ts';

const every = bookingStatuses.flatMap((status) =>
  paymentStatuses.map((paymentStatus) => ({ status, paymentStatus, totalMinor: 100, paymentUrl: 'https://pay' })),
);
const named = (states: readonly { status: string; paymentStatus: string }[]) =>
  states.map(({ status, paymentStatus }) => `${status} ${paymentStatus}`);

test('a booking is in its last state when it ended and its money is at rest, or when it is confirmed for good', () => {
  const ended = ['EXPIRED', 'FAILED', 'CANCELLED'].flatMap((status) => [
    `${status} PAYMENT_FAILED`,
    `${status} REFUNDED`,
  ]);
  expect(named(every.filter((state) => isLastState(state, { canBeCancelled: true })))).toEqual(ended);
  const kept = named(every.filter((state) => isLastState(state, { canBeCancelled: false })));
  expect(kept.filter((name) => !name.startsWith('CONFIRMED'))).toEqual(ended);
  expect(kept).toContain('CONFIRMED PAYMENT_SUCCESS');
});

test('a free booking has no money to wait for', () => {
  const free = { paymentStatus: 'PAYMENT_SUCCESS', totalMinor: 0 } as const;
  expect(isLastState({ ...free, status: 'CANCELLED' }, { canBeCancelled: false })).toBe(true);
  expect(isLastState({ ...free, status: 'PENDING_PAYMENT' }, { canBeCancelled: false })).toBe(false);
});

test('returns the payment page only while a payment there is awaited', () => {
  expect(named(every.filter((state) => openPaymentUrl(state) !== null))).toEqual(['PENDING_PAYMENT SESSION_CREATED']);
});
