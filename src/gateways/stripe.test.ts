import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayUnavailable } from '#domain/payments/gateway.ts';
import { gatewayChangesConformance } from '#test/support/payments/gateway-changes-conformance.ts';
import { gatewayConformance } from '#test/support/payments/gateway-conformance.ts';
import { failure, type GatewayWorld, sessionRequest } from '#test/support/payments/gateway-world.ts';
import { openStripeApi, type StripeApi } from '#test/support/payments/stripe-api.ts';
import {
  apiKey,
  readNotice as read,
  secret,
  recordedSession as session,
  sign,
  webhooks,
} from '#test/support/payments/stripe-notices.ts';
import { charge, checkoutSession, event } from '#test/support/payments/stripe-objects.ts';
import { openStripeGateway } from './stripe.ts';

const noticeTypes = {
  paid: 'checkout.session.completed',
  declined: 'checkout.session.async_payment_failed',
  expired: 'checkout.session.expired',
  refunded: 'charge.refunded',
};

async function openWorld(): Promise<GatewayWorld> {
  const api = await openStripeApi(apiKey);
  return {
    secret,
    open: (options = {}) =>
      openStripeGateway({
        kind: 'stripe',
        apiBase: api.url,
        apiKey: options.apiKey ?? apiKey,
        webhookSecrets: options.secrets ?? [secret],
        timeoutMs: options.timeoutMs,
      }),
    pay: async ({ reference }) => api.pay(reference),
    decline: async ({ reference }) => api.decline(reference),
    async notice(bookingId, about) {
      const body = api.notices.find((text) => {
        const { type, data } = JSON.parse(text);
        return type === noticeTypes[about] && data.object.metadata.booking_id === bookingId;
      });
      if (body === undefined) throw new Error(`There is no notice of ${bookingId} being ${about}.`);
      const rawBody = Buffer.from(body);
      return { rawBody, headers: sign(rawBody, secret, new Date()) };
    },
    sign,
    async trouble(switches) {
      api.trouble = { ...switches };
    },
    close: () => api.close(),
  };
}

gatewayConformance('the Stripe adapter', openWorld);
gatewayChangesConformance('the Stripe adapter', openWorld);

describe('the request to Stripe', () => {
  let api: StripeApi;
  beforeAll(async () => {
    api = await openStripeApi(apiKey);
  });
  afterAll(() => api.close());

  const open = (changes: { successUrl?: string } = {}) =>
    openStripeGateway({ kind: 'stripe', apiBase: api.url, apiKey, webhookSecrets: [secret], ...changes });

  test('allows cards only, in the requested currency, and can be found from session and charge', async () => {
    const request = sessionRequest('booking-1');
    await open().openSession(request);
    const { path, fields, key } = api.posts.at(-1) ?? {};
    expect(path).toBe('/v1/checkout/sessions');
    expect(key).toBe('session:booking-1');
    expect(fields).toMatchObject({
      mode: 'payment',
      'allowed_payment_method_types[0]': 'card',
      'adaptive_pricing[enabled]': 'false',
      client_reference_id: 'booking-1',
      'metadata[booking_id]': 'booking-1',
      'metadata[event_id]': 'event-1',
      'payment_intent_data[metadata][booking_id]': 'booking-1',
      'line_items[0][price_data][currency]': 'usd',
      'line_items[0][price_data][unit_amount]': '15000',
      'line_items[2][price_data][product_data][name]': 'Fees',
      success_url: 'http://localhost:4000/bookings',
    });
  });

  test('a hold of five minutes gets a session time that Stripe accepts: 31 minutes beyond the hold', async () => {
    const request = sessionRequest('booking-2');
    const opened = await open().openSession(request);
    expect(opened.expiresAt.getTime() - request.expiresAt.getTime()).toBe(31 * 60_000);
  });

  test('more lines than Stripe takes become one line with the same amount', async () => {
    const lines = Array.from({ length: 101 }, (_, index) => ({ label: `Seat ${index}`, amountMinor: 100 }));
    const gateway = open();
    const { reference } = await gateway.openSession(sessionRequest('booking-3', { lines, amountMinor: 10_100 }));
    expect((await gateway.getSession(reference)).amountMinor).toBe(10_100);
  });

  test.each([
    ['ISK', 7_900, '790000'],
    ['UGX', 61_000, '6100000'],
    ['MGA', 3_350_000, '33500'],
    ['VND', 850_000, '850000'],
    ['BHD', 12_340, '12340'],
  ])(
    'asks for %s in the units of Stripe, and reads session, notice and refund back',
    async (currency, price, asked) => {
      const world = await openWorld();
      const gateway = world.open();
      const bookingId = `booking-${currency}`;
      const lines = [{ label: 'Seat', amountMinor: price }];
      const opened = await gateway.openSession(sessionRequest(bookingId, { currency, lines, amountMinor: price }));
      expect((await gateway.getSession(opened.reference)).amountMinor).toBe(price);
      await world.pay(opened);
      expect(await gateway.getSession(opened.reference)).toMatchObject({ capturedMinor: price, currency });
      const { reference } = opened;
      const request = { reference, bookingId, amountMinor: price, currency, idempotencyKey: `refund:${bookingId}` };
      expect(await gateway.refund(request)).toMatchObject({ amountMinor: price });
      expect(await gateway.refund(request)).toMatchObject({ amountMinor: price });
      for (const about of ['paid', 'refunded'] as const) {
        const { rawBody, headers } = await world.notice(bookingId, about);
        const { amount_total: total, amount_refunded: back } = JSON.parse(rawBody.toString()).data.object;
        expect(String(total ?? back)).toBe(asked);
        expect(gateway.verifyNotice(rawBody, headers, new Date())).toMatchObject({ amountMinor: price, currency });
      }
      await world.close();
    },
  );

  test('the page says until when the seats are held, or nothing when that is unknown', async () => {
    const heldUntil = new Date('2026-06-11T19:05:07.000Z');
    await open().openSession(sessionRequest('booking-7', { heldUntil }));
    const message = api.posts.at(-1)?.fields['custom_text[submit][message]'];
    expect(message).toContain('Your seats are held until 19:05:07 UTC.');
    await open().openSession(sessionRequest('booking-8', { heldUntil: undefined }));
    expect(api.posts.at(-1)?.fields).not.toHaveProperty('custom_text[submit][message]');
  });

  test('a session without an address to return to uses the configured one', async () => {
    const request = sessionRequest('booking-4', { successUrl: undefined });
    await open({ successUrl: 'https://tickets.example/thanks' }).openSession(request);
    expect(api.posts.at(-1)?.fields.success_url).toBe('https://tickets.example/thanks');
  });

  test('finds a session behind several pages of others', async () => {
    const createdAfter = new Date();
    const gateway = open();
    const first = await gateway.openSession(sessionRequest('booking-5'));
    for (let other = 0; other < 7; other += 1) await gateway.openSession(sessionRequest(`other-${other}`));
    const found = await gateway.findSessionsByBooking({ bookingId: 'booking-5', createdAfter });
    expect(found.map(({ reference }) => reference)).toEqual([first.reference]);
  });

  test('a refund whose key Stripe has forgotten is found, not made again', async () => {
    const gateway = open();
    const { reference } = await gateway.openSession(sessionRequest('booking-6'));
    api.pay(reference);
    const asked = { reference, bookingId: 'booking-6', amountMinor: 500, currency: 'USD', idempotencyKey: 'refund:6' };
    const refund = await gateway.refund(asked);
    const posts = api.posts.length;
    expect(await gateway.refund(asked)).toEqual(refund);
    expect(api.posts.length).toBe(posts);
  });

  test('a Stripe that is not reachable is an unknown result', async () => {
    const gateway = openStripeGateway({ kind: 'stripe', apiBase: 'http://127.0.0.1:9', apiKey, webhookSecrets: [] });
    expect(await failure(gateway.getSession('cs_1'))).toBeInstanceOf(GatewayUnavailable);
  });
});

describe('recorded notices of Stripe', () => {
  const gateway = openStripeGateway({ kind: 'stripe', apiKey, webhookSecrets: [secret] });

  test.each([
    ['checkout.session.completed', 'paid', 'SESSION_PAID'],
    ['checkout.session.completed', 'unpaid', 'IGNORED'],
    ['checkout.session.async_payment_succeeded', 'paid', 'SESSION_PAID'],
    ['checkout.session.async_payment_failed', 'unpaid', 'SESSION_DECLINED'],
    ['checkout.session.expired', 'unpaid', 'SESSION_EXPIRED'],
  ] as const)('%s, %s: %s', (type, paymentStatus, expected) => {
    expect(read(type, checkoutSession({ ...session, paymentStatus }))).toMatchObject({
      type: expected,
      reference: 'cs_test_a1',
      bookingId: 'booking-1',
      amountMinor: 30_500,
      currency: 'USD',
    });
  });

  test('charge.refunded names the booking and the amount refunded so far', () => {
    const notice = read('charge.refunded', charge(session));
    expect(notice).not.toHaveProperty('reference');
    expect(notice).toMatchObject({
      type: 'REFUNDED',
      bookingId: 'booking-1',
      amountMinor: 500,
      currency: 'USD',
    });
  });

  test('a declined card does not end the session', () => {
    expect(read('payment_intent.payment_failed', { id: 'pi_1', object: 'payment_intent' }).type).toBe('IGNORED');
  });

  test('ignores the sales of another shop of the account', () => {
    expect(read('checkout.session.completed', checkoutSession({ ...session, metadata: {} })).type).toBe('IGNORED');
    expect(read('charge.refunded', charge({ ...session, metadata: {} })).type).toBe('IGNORED');
  });

  test("Stripe's own verifier agrees with ours, on good and on bad signatures", () => {
    const rawBody = Buffer.from(JSON.stringify(event('evt_1', 'charge.refunded', charge(session))));
    const good = sign(rawBody, secret, new Date())['stripe-signature'];
    const bad = sign(rawBody, 'whsec_other', new Date())['stripe-signature'];
    for (const header of [good, `${bad},${good.split(',')[1]}`, bad, good.replace('v1=', 'v0='), 'nonsense']) {
      const theirs = () => webhooks.constructEvent(rawBody, header, secret);
      const ours = () => gateway.verifyNotice(rawBody, { 'stripe-signature': header }, new Date());
      const accepts = (verify: () => unknown) => {
        try {
          verify();
          return true;
        } catch {
          return false;
        }
      };
      expect({ header, accepted: accepts(ours) }).toEqual({ header, accepted: accepts(theirs) });
    }
  });
});
