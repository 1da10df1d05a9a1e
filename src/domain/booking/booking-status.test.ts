import { expect, test } from 'vitest';
import { bookingStatuses, isLastState, openPaymentUrl, paymentStatuses } from './booking-status.ts';

const every = bookingStatuses.flatMap((status) =>
  paymentStatuses.map((paymentStatus) => ({ status, paymentStatus, totalMinor: 100, paymentUrl: 'https://pay' })),
);
const named = (states: readonly { status: string; paymentStatus: string }[]) =>
  states.map(({ status, paymentStatus }) => `${status} ${paymentStatus}`);

test('nothing follows a booking that ended once its money is at rest, nor a confirmed one that stays', () => {
  const ended = ['EXPIRED', 'FAILED', 'CANCELLED'].flatMap((status) => [
    `${status} PAYMENT_FAILED`,
    `${status} REFUNDED`,
  ]);
  expect(named(every.filter((state) => isLastState(state, { canBeCancelled: true })))).toEqual(ended);
  const kept = named(every.filter((state) => isLastState(state, { canBeCancelled: false })));
  expect(kept.filter((name) => !name.startsWith('CONFIRMED'))).toEqual(ended);
  expect(kept).toContain('CONFIRMED PAYMENT_SUCCESS');
});

test('a booking of nothing has no money to wait for', () => {
  const free = { paymentStatus: 'PAYMENT_SUCCESS', totalMinor: 0 } as const;
  expect(isLastState({ ...free, status: 'CANCELLED' }, { canBeCancelled: false })).toBe(true);
  expect(isLastState({ ...free, status: 'PENDING_PAYMENT' }, { canBeCancelled: false })).toBe(false);
});

test('where to pay is told while a payment there is awaited, and at no other time', () => {
  expect(named(every.filter((state) => openPaymentUrl(state) !== null))).toEqual(['PENDING_PAYMENT SESSION_CREATED']);
});
