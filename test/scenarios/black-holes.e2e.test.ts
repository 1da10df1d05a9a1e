import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { createBookingMutation, decideAt, signInAsGuest } from '#test/fans/fan.ts';
import { type GraphqlAnswer, post } from '#test/fans/graphql-http.ts';
import { announceEvents } from '#test/support/databases/catalog.ts';
import { type NetworkPart, openNetwork } from '#test/support/network/network.ts';
import { openPaymentScenes } from '#test/support/payments/payment-scenes.ts';
import type { ProcessName } from '#test/support/system/system.ts';

// The network to one server at a time swallows everything: no answer, no end, no reset. No process may wait for it
// without an end, and afterwards every process continues by itself.
const network = openNetwork();
const scenes = await openPaymentScenes({ network, search: true });
const { system } = scenes;
afterAll(() => scenes.close());

const heal = (part: NetworkPart) => network.to(part).set({ kind: 'pass' });
const swallow = (part: NetworkPart) => network.to(part).set({ kind: 'black-hole' });
const parts: readonly NetworkPart[] = ['booking', 'payments', 'redis', 'search', 'gateway'];
afterEach(async () => {
  for (const part of parts) heal(part);
  await scenes.expectAllInvariants(40_000);
});

/** A request is answered within five seconds; the rest allows for a busy machine. */
const PATIENCE_MS = 9_000;
async function inTime<T>(answer: Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(PATIENCE_MS);
  const never = new Promise<never>((_resolve, reject) => {
    late.addEventListener('abort', () => reject(new Error('No answer came.')));
  });
  return Promise.race([answer, never]);
}

const event = await scenes.event(40, { title: 'Black hole' });
const eventId = encodeGlobalId('Event', event.eventId);
const fan = await signInAsGuest(system.apiUrl);
const hold = (seatNo: number, idempotencyKey: string = randomUUID()) => {
  const seatIds = [encodeGlobalId('Seat', event.seatId(seatNo))];
  return inTime(fan.answer(createBookingMutation, { input: { eventId, seatIds, idempotencyKey } }));
};
const seatMap = async () =>
  (await inTime(fan.answer('query ($id: ID!) { seatMap(eventId: $id) { version stale } }', { id: eventId }))).data
    .seatMap;
let asked = 0;
/** Another query each time, because answers are cached for two seconds. */
const search = async () => {
  asked += 1;
  const query = `{ searchEvents(text: "Black hole", priceAtMostMinor: ${100_000 + asked}, first: 5) {
    degraded nodes { id title saleStatus venue { name } priceTiers { name } } } }`;
  return (await inTime(post(system.apiUrl, { query }))).data?.searchEvents;
};
/** The engine may be late on a busy machine; then PostgreSQL answers, or says that the engine is away. */
const found = ({ degraded }: { degraded: boolean }) =>
  vi.waitUntil(
    async () => {
      const page = await search();
      return page?.degraded === degraded && page.nodes.length > 0 && page;
    },
    { timeout: 30_000, interval: 200 },
  );
const ready = async () => (await inTime(fetch(`${system.apiUrl}/ready`))).status;
const held = ({ data }: GraphqlAnswer) => data?.createBooking?.booking?.id as string | undefined;

test('booking database swallowed: calls get TryAgain, seat map and search continue, and the same key holds later', async () => {
  await announceEvents(scenes.db, [event.eventId]);
  const { nodes } = await found({ degraded: false });
  expect(nodes).toMatchObject([{ id: eventId, title: 'Black hole', saleStatus: 'ON_SALE' }]);
  expect(held(await hold(0))).toBeDefined();
  expect(await seatMap()).toMatchObject({ stale: false });
  swallow('booking');
  const key = randomUUID();
  const [refused, bookings, guest] = await Promise.all([
    hold(1, key),
    inTime(fan.answer('{ viewer { bookings(first: 1) { edges { node { id } } } } }')),
    inTime(
      post(system.apiUrl, {
        query:
          'mutation { signInAsGuest(input: { email: "a@example.org" }) { __typename ... on Refusal { retry { advice } } } }',
      }),
    ),
  ]);
  expect(refused.data.createBooking).toMatchObject({ code: 'TRY_AGAIN', retry: { advice: 'SAME_KEY' } });
  const away = { code: 'TEMPORARILY_UNAVAILABLE', retryAfterSeconds: expect.any(Number) };
  expect([bookings, guest].map(({ errors }) => errors?.[0].extensions)).toMatchObject([away, away]);
  expect(await ready()).toBe(503);
  expect(await found({ degraded: true })).toEqual({ degraded: true, nodes });
  await vi.waitUntil(async () => (await seatMap()).stale, { timeout: 25_000, interval: 200 });
  heal('booking');
  const id = await vi.waitUntil(async () => held(await hold(1, key)), { timeout: 25_000, interval: 100 });
  expect(held(await hold(1, key))).toBe(id);
  await vi.waitUntil(async () => (await ready()) === 200, { timeout: 25_000, interval: 100 });
  expect(await found({ degraded: false })).toEqual({ degraded: false, nodes });
});

test('Redis and search swallowed: PostgreSQL decides holds and answers searches', async () => {
  swallow('redis');
  swallow('search');
  expect(held(await hold(2))).toBeDefined();
  expect(await seatMap()).toBeDefined();
  expect(await search()).toMatchObject({ degraded: true });
  expect(await ready()).toBe(200);
  heal('redis');
  heal('search');
  await vi.waitUntil(async () => (await search())?.degraded === false, { timeout: 25_000, interval: 200 });
});

test('gateway, then payments database swallowed: the booking waits, and is confirmed afterwards', async () => {
  swallow('gateway');
  const buyer = await scenes.buyer(event, 3);
  const other = await scenes.buyer(event, 4);
  const { url } = (await other.when({ status: 'PENDING_PAYMENT' })).payment;
  expect(url).toBeNull();
  // It is unknown whether the session was opened: payments asks again, with the same key.
  network.to('gateway').cut();
  heal('gateway');
  const pages = await Promise.all([buyer, other].map(({ when }) => when({ status: 'PAYMENT_READY' }, 40_000)));
  swallow('payments');
  await Promise.all(pages.map(({ payment }) => decideAt(payment.url, 'pay')));
  expect(held(await hold(5))).toBeDefined();
  heal('payments');
  await Promise.all([buyer, other].map(({ when }) => when({ status: 'CONFIRMED' }, 40_000)));
});

test('every process ends after SIGTERM, although no server that it uses answers', async () => {
  await hold(6);
  for (const part of parts) swallow(part);
  void hold(7).catch(() => undefined);
  const names: readonly ProcessName[] = ['api', 'worker', 'payments', 'relay'];
  await Promise.all(names.map((name) => system.kill(name, 'SIGTERM')));
  for (const part of parts) heal(part);
  await Promise.all(names.map((name) => system.start(name)));
  expect(held(await hold(8))).toBeDefined();
});
