import { Stripe } from 'stripe';
import { openStripeGateway } from '#gateways/stripe.ts';
import { event, type StripeSession } from './stripe-objects.ts';

export const apiKey = 'sk_test_for_tests';
export const secret = 'whsec_for_tests_only';
export const webhooks = new Stripe(apiKey).webhooks;

/** The signature that Stripe's own package makes for integration tests. */
export function sign(rawBody: Buffer, key: string, at: Date) {
  const timestamp = Math.floor(at.getTime() / 1000);
  const payload = rawBody.toString();
  return { 'stripe-signature': webhooks.generateTestHeaderString({ payload, secret: key, timestamp }) };
}

/** A paid session of which a part was refunded. */
export const recordedSession: StripeSession = {
  id: 'cs_test_a1',
  created: 1_781_204_400,
  expiresAt: 1_781_206_560,
  amount: 30_500,
  currency: 'usd',
  metadata: { booking_id: 'booking-1', event_id: 'event-1' },
  successUrl: 'https://tickets.example/thanks',
  status: 'complete',
  paymentStatus: 'paid',
  intent: 'pi_1',
  url: 'https://checkout.stripe.com/c/pay/cs_test_a1',
  refunds: [{ id: 're_1', amount: 500, created: 1_781_204_500, metadata: {} }],
};

const gateway = openStripeGateway({ kind: 'stripe', apiKey, webhookSecrets: [secret] });

/** The notice that our gateway reads from a signed event of this type about this object. */
export function readNotice(type: string, object: unknown) {
  const rawBody = Buffer.from(JSON.stringify(event('evt_1', type, object), null, 2));
  return gateway.verifyNotice(rawBody, sign(rawBody, secret, new Date()), new Date());
}
