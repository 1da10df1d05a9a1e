import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { signIn, signUp } from '#test/fans/accounts.ts';
import { decideAt } from '#test/fans/fan.ts';
import type { Json } from '#test/fans/graphql-http.ts';
import { openPaymentScenes } from '#test/support/payments/payment-scenes.ts';

const scenes = await openPaymentScenes();
const { gateway, payments, trouble } = scenes;
afterEach(async () => {
  await trouble();
  await scenes.expectAllInvariants();
});
afterAll(() => scenes.close());

const paidAndConfirmed = { status: 'CONFIRMED', payment: { status: 'PAYMENT_SUCCESS' } };
const sessionsOf = async (bookingId: string) =>
  (await gateway('GET', `/v1/sessions?booking_id=${bookingId}`)).json.data;
const capturesOf = async (bookingId: string) =>
  (await gateway('GET', '/v1/ledger')).json.captures.filter(
    (one: { booking_id: string }) => one.booking_id === bookingId,
  );

test('paid: the seats are booked and each has a ticket', async () => {
  const event = await scenes.event(4);
  const buyer = await scenes.buyer(event, 0, 1);
  await decideAt((await buyer.ready()).payment.url, 'pay');
  const confirmed = await buyer.when({ status: 'CONFIRMED' });
  expect(confirmed).toMatchObject(paidAndConfirmed);
  expect(confirmed.tickets.map(({ seat }: { seat: { seatNo: number } }) => seat.seatNo).sort()).toEqual([0, 1]);
  expect(new Set(confirmed.tickets.map(({ code }: { code: string }) => code)).size).toBe(2);
  expect(await capturesOf(buyer.rawId)).toMatchObject([{ amount_minor: 10_500, currency: 'USD' }]);
});

test('paid twice at the page: charged once', async () => {
  const event = await scenes.event(1);
  const buyer = await scenes.buyer(event, 0);
  const { url } = (await buyer.ready()).payment;
  await Promise.all(Array.from({ length: 5 }, () => decideAt(url, 'pay')));
  expect(await buyer.when({ status: 'CONFIRMED' })).toMatchObject(paidAndConfirmed);
  expect(await capturesOf(buyer.rawId)).toHaveLength(1);
});

test('declined: the booking has failed, nothing was charged, and the next fan gets the seats', async () => {
  const event = await scenes.event(2);
  const buyer = await scenes.buyer(event, 0, 1);
  await decideAt((await buyer.ready()).payment.url, 'decline');
  expect(await buyer.when({ status: 'FAILED' })).toMatchObject({ payment: { status: 'PAYMENT_FAILED' }, tickets: [] });
  expect(await capturesOf(buyer.rawId)).toEqual([]);
  await scenes.buyer(event, 0, 1);
});

test('a webhook that arrives three times confirms once', async () => {
  await trouble({ duplicateWebhooks: 2 });
  const event = await scenes.event(1);
  const buyer = await scenes.buyer(event, 0);
  await decideAt((await buyer.ready()).payment.url, 'pay');
  expect((await buyer.when({ status: 'CONFIRMED' })).tickets).toHaveLength(1);
  // Every copy has arrived, and the last one has changed nothing.
  await vi.waitFor(async () => expect((await gateway('GET', '/v1/ledger')).json.notices.WAITING ?? 0).toBe(0), 10_000);
  const types = await payments`select type from outbox where aggregateid = ${buyer.rawId} order by created_at`;
  expect(types.map(({ type }) => type)).toEqual(['PaymentSessionOpened', 'PaymentSucceeded']);
});

test('a webhook that arrives before the session is stored waits for it and then confirms', async () => {
  const open = async () => (await gateway('GET', '/v1/ledger')).json.sessions.open ?? 0;
  const before = await open();
  await trouble({ hangMs: 4_000 });
  const event = await scenes.event(1);
  const buyer = await scenes.buyer(event, 0);
  // The gateway has the session, and Frontrow does not know it yet.
  await vi.waitFor(async () => expect(await open()).toBe(before + 1), { timeout: 25_000, interval: 10 });
  await trouble();
  const [session] = await sessionsOf(buyer.rawId);
  await decideAt(session.url, 'pay');
  const waiting = () => payments`
    select p.status from notices n join payments p on p.booking_id::text = n.booking_id
    where n.reference = ${session.id} and n.handled_at is null and p.gateway_reference is null`;
  await vi.waitFor(async () => expect(await waiting()).toEqual([{ status: 'CREATING_SESSION' }]), {
    timeout: 3_000,
    interval: 10,
  });
  expect(await buyer.when({ status: 'CONFIRMED' })).toMatchObject(paidAndConfirmed);
});

test('webhooks that never arrive: the money is found when payments asks the gateway', async () => {
  const event = await scenes.event(1);
  const buyer = await scenes.buyer(event, 0);
  const { url } = (await buyer.ready()).payment;
  await trouble({ dropWebhooks: 1 });
  await decideAt(url, 'pay');
  // Payments asks after forty seconds of silence; here these are over.
  await payments`update payments set next_check_at = now() where booking_id = ${buyer.rawId}`;
  expect(await buyer.when({ status: 'CONFIRMED' })).toMatchObject(paidAndConfirmed);
});

test('the gateway answers 500 after it has opened the session: the same session is used, and charged once', async () => {
  await trouble({ fail500AfterActing: 2 });
  const event = await scenes.event(1);
  const buyer = await scenes.buyer(event, 0);
  await decideAt((await buyer.ready()).payment.url, 'pay');
  expect(await buyer.when({ status: 'CONFIRMED' })).toMatchObject(paidAndConfirmed);
  expect(await sessionsOf(buyer.rawId)).toHaveLength(1);
});

test('cancelled after paying: the tickets are void, and the money is refunded once although the gateway fails after the refund', async () => {
  const event = await scenes.event(2);
  const buyer = await scenes.buyer(event, 0, 1);
  await decideAt((await buyer.ready()).payment.url, 'pay');
  await buyer.when({ status: 'CONFIRMED' });
  await trouble({ fail500AfterActing: 2 });
  expect(await scenes.cancel(buyer.fan, buyer.id)).toMatchObject({ booking: { status: 'CANCELLED' } });
  const refunded = await buyer.when({ status: 'CANCELLED', payment: 'REFUNDED' });
  expect(refunded).toMatchObject({ payment: { refunded: { amountMinor: 10_500 } }, tickets: [] });
  expect(await scenes.cancel(buyer.fan, buyer.id)).toMatchObject({ __typename: 'CancelBookingSuccess' });
  const { refunds } = (await gateway('GET', '/v1/ledger')).json;
  expect(refunds.filter((one: { booking_id: string }) => one.booking_id === buyer.rawId)).toHaveLength(1);
  await scenes.buyer(event, 0, 1);
});

const refundTickets = `mutation ($input: RefundTicketsInput!) { refundTickets(input: $input) { ... on Refusal { code message }
  ... on RefundTicketsSuccess { booking { status tickets { id code } } refund { id status amount { amountMinor } tickets { id status } } } } }`;
const changes = `subscription ($id: ID!) { bookingChanged(bookingId: $id) { status tickets { id status } refunded { amountMinor }
  lines { total { amountMinor } } refunds { id status reason amount { amountMinor } tickets { id status ticketType { name } } } } }`;

test('one ticket of four refunded: the fan sees it, the gateway gets that part, its seat is sold again, and the rest adds up', async () => {
  const organizer = await signIn(scenes.system.apiUrl, await signUp(scenes.system.apiUrl));
  const event = await scenes.event(4, { organizerId: organizer.userId.replace('User_', '') });
  const buyer = await scenes.buyer(event, 0, 1, 2, 3);
  await decideAt((await buyer.ready()).payment.url, 'pay');
  const { tickets } = await buyer.when({ status: 'CONFIRMED' });
  const chosen = tickets.find(({ seat }: { seat: { seatNo: number } }) => seat.seatNo === 1);
  const socket = buyer.fan.socket();
  const pushed = socket.iterate<{ bookingChanged: Json }>({ query: changes, variables: { id: buyer.id } });
  const next = async () => (await pushed.next()).value.data.bookingChanged;
  expect(await next()).toMatchObject({ status: 'CONFIRMED', refunds: [] });
  const usual = { bookingId: buyer.id, refundFees: true, reason: 'The singer is ill' };
  const input = { ...usual, ticketIds: [chosen.id], idempotencyKey: 'one of four' };
  const ask = async (more: object = {}) =>
    (await organizer.ask(refundTickets, { input: { ...input, ...more } })).refundTickets;
  const { booking, refund } = await ask();
  const part = { amountMinor: 5_250 };
  expect(refund).toMatchObject({ status: 'PENDING', amount: part, tickets: [{ id: chosen.id, status: 'VOID' }] });
  expect(booking.tickets.map(({ code }: { code: string }) => code)).toEqual(['', '', '']);
  let seen = await next();
  while (seen.refunded.amountMinor === 0) seen = await next();
  expect(seen).toMatchObject({
    status: 'CONFIRMED',
    tickets: Array(3).fill({ status: 'VALID' }),
    lines: Array(4).fill({ total: part }),
    refunds: [{ id: refund.id, status: 'SUCCEEDED', reason: usual.reason, amount: part, tickets: [{ id: chosen.id }] }],
  });
  await socket.dispose();
  expect(await ask()).toMatchObject({ refund: { id: refund.id, status: 'SUCCEEDED' } });
  const refundsOf = async () =>
    (await gateway('GET', '/v1/ledger')).json.refunds.filter(
      (one: { booking_id: string }) => one.booking_id === buyer.rawId,
    );
  expect(await refundsOf()).toMatchObject([{ amount_minor: 5_250 }]);

  const other = await scenes.buyer(event, 1);
  await decideAt((await other.ready()).payment.url, 'pay');
  await other.when({ status: 'CONFIRMED' });
  await scenes.cancel(buyer.fan, buyer.id);
  await buyer.when({ status: 'CANCELLED', payment: 'REFUNDED' });
  expect((await refundsOf()).map(({ amount_minor: minor }: { amount_minor: number }) => minor)).toEqual([
    5_250, 15_750,
  ]);
  expect(await ask({ idempotencyKey: 'too late' })).toMatchObject({ code: 'NOT_REFUNDABLE' });
});

test('cancelled before paying: the session is closed and nothing can be charged', async () => {
  const event = await scenes.event(1);
  const buyer = await scenes.buyer(event, 0);
  const { url } = (await buyer.ready()).payment;
  await scenes.cancel(buyer.fan, buyer.id);
  await buyer.when({ status: 'CANCELLED', payment: 'PAYMENT_FAILED' });
  expect((await decideAt(url, 'pay')).ok).toBe(false);
  expect(await capturesOf(buyer.rawId)).toEqual([]);
});
