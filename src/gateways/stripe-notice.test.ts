import { expect, test } from 'vitest';
import {
  apiKey,
  readNotice as read,
  secret,
  recordedSession as session,
  sign,
} from '#test/support/payments/stripe-notices.ts';
import { charge, checkoutSession } from '#test/support/payments/stripe-objects.ts';
import { openStripeGateway } from './stripe.ts';

const gateway = openStripeGateway({ kind: 'stripe', apiKey, webhookSecrets: [secret] });

test.each([
  ['checkout.session.completed', { id: 'cs_1' }],
  ['checkout.session.completed', { ...checkoutSession(session), currency: null }],
  ['charge.refunded', { ...charge(session), amount_refunded: 'all' }],
  ['charge.dispute.closed', { id: 'dp_1', metadata: {} }],
  ['refund.failed', undefined],
])('keeps a notice %s of an unknown shape, which Stripe would repeat for days if it were refused', (type, object) => {
  expect(read(type, object)).toMatchObject({ type: 'UNKNOWN', gatewayEventId: 'evt_1' });
});

test('an event without an object, whose time is a text, is acknowledged', () => {
  const thin = {
    id: 'evt_2',
    object: 'v2.core.event',
    type: 'v1.billing.meter.no_meter_found',
    created: '2026-11-30T12:00:00.000Z',
  };
  const rawBody = Buffer.from(JSON.stringify(thin));
  const notice = gateway.verifyNotice(rawBody, sign(rawBody, secret, new Date()), new Date());
  expect(notice).toMatchObject({ type: 'IGNORED', occurredAt: new Date(thin.created) });
});

const refund = {
  id: 're_1',
  object: 'refund',
  amount: 500,
  currency: 'usd',
  payment_intent: 'pi_1',
  status: 'failed',
};
test.each([
  ['of ours names the booking', { metadata: { booking_id: 'booking-1' } }, { bookingId: 'booking-1' }],
  ['of the dashboard names the payment', { metadata: {} }, { paymentReference: 'pi_1' }],
  ['of a version that expands the payment', { payment_intent: { id: 'pi_1' } }, { paymentReference: 'pi_1' }],
])('a refund that failed, %s', (_, changes, subject) => {
  for (const type of ['refund.failed', 'refund.updated', 'charge.refund.updated'])
    expect(read(type, { ...refund, ...changes })).toMatchObject({ type: 'REFUND_CHANGED', ...subject });
});

test.each([
  ['created', 'needs_response', 'OPEN'],
  ['created', 'warning_needs_response', 'INQUIRY'],
  ['updated', 'under_review', 'OPEN'],
  ['funds_withdrawn', 'warning_needs_response', 'OPEN'],
  ['funds_reinstated', 'under_review', 'WON'],
  ['closed', 'lost', 'LOST'],
  ['closed', 'won', 'WON'],
  ['closed', 'warning_closed', 'INQUIRY'],
])('charge.dispute.%s, %s: %s', (what, status, state) => {
  const dispute = { id: 'dp_1', amount: 30_500, currency: 'usd', payment_intent: 'pi_1', status, metadata: {} };
  expect(read(`charge.dispute.${what}`, dispute)).toMatchObject({
    type: 'DISPUTE',
    paymentReference: 'pi_1',
    amountMinor: 30_500,
    currency: 'USD',
    dispute: { id: 'dp_1', state },
  });
});
