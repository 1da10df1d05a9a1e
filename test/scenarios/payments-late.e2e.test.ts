import { afterAll, afterEach, expect, test } from 'vitest';
import { bookingWhen, decideAt } from '#test/fans/fan.ts';
import { openPaymentScenes } from '#test/support/payments/payment-scenes.ts';

const scenes = await openPaymentScenes({ env: { HOLD_TTL_SECONDS: '2' } });
const { system, gateway, trouble } = scenes;
afterEach(async () => {
  await trouble();
  await scenes.expectAllInvariants();
});
afterAll(() => scenes.close());

const lateMoney = async (rawId: string) => {
  const { captures, refunds } = (await gateway('GET', '/v1/ledger')).json;
  const ofBooking = ({ booking_id }: { booking_id: string }) => booking_id === rawId;
  return { captured: captures.filter(ofBooking).length, refunded: refunds.filter(ofBooking).length };
};

/** Payments that Frontrow hears of only after the hold has ended: the payments process is away while the fan pays. */
async function payUnheard(...seatNos: number[]) {
  const event = await scenes.event(4);
  const buyer = await scenes.buyer(event, ...seatNos);
  const { url } = (await buyer.ready()).payment;
  await system.kill('payments');
  expect((await decideAt(url, 'pay')).status).toBe(200);
  await buyer.when({ status: 'EXPIRED' });
  return { event, buyer };
}

test('abandoned: the seats are free, nothing was charged, and the page no longer takes money', async () => {
  const event = await scenes.event(2);
  const buyer = await scenes.buyer(event, 0, 1);
  const { url } = (await buyer.ready()).payment;
  expect(await buyer.when({ status: 'EXPIRED', payment: 'PAYMENT_FAILED' })).toMatchObject({ tickets: [] });
  expect((await decideAt(url, 'pay')).ok).toBe(false);
  expect(await lateMoney(buyer.rawId)).toEqual({ captured: 0, refunded: 0 });
  await scenes.buyer(event, 0, 1);
});

test('paid late, seats free: they are taken again and confirmed', async () => {
  const { buyer } = await payUnheard(0, 1);
  await system.start('payments');
  const confirmed = await buyer.when({ status: 'CONFIRMED' });
  expect(confirmed).toMatchObject({ payment: { status: 'PAYMENT_SUCCESS' } });
  expect(confirmed.tickets).toHaveLength(2);
  expect(await lateMoney(buyer.rawId)).toEqual({ captured: 1, refunded: 0 });
});

test('paid late, one of the seats taken: no seat is kept, the money is refunded and the fan hears of it', async () => {
  const { event, buyer } = await payUnheard(0, 1);
  const rival = await scenes.buyer(event, 1);
  // Its payment cannot begin either, so its hold is extended, and it surely has the seat when the money is found.
  await bookingWhen(rival.fan, rival.id, ({ holdExtendedAt }) => holdExtendedAt !== null);
  await system.start('payments');
  const refunded = await buyer.when({ status: 'EXPIRED', payment: 'REFUNDED' });
  expect(refunded).toMatchObject({ tickets: [], payment: { refunded: { amountMinor: 10_500 } } });
  expect(await lateMoney(buyer.rawId)).toEqual({ captured: 1, refunded: 1 });
  // Seat 0 was not kept alone.
  await scenes.buyer(event, 0);
  await decideAt((await rival.ready()).payment.url, 'pay');
  expect((await rival.when({ status: 'CONFIRMED' })).tickets).toMatchObject([{ seat: { seatNo: 1 } }]);
});

test('paid in time and the webhook is lost: the money is found when the session is closed, and the seats are taken again', async () => {
  const event = await scenes.event(1);
  const buyer = await scenes.buyer(event, 0);
  const { url } = (await buyer.ready()).payment;
  await trouble({ dropWebhooks: 1 });
  await decideAt(url, 'pay');
  expect(await buyer.when({ status: 'CONFIRMED' })).toMatchObject({ payment: { status: 'PAYMENT_SUCCESS' } });
  expect(await lateMoney(buyer.rawId)).toEqual({ captured: 1, refunded: 0 });
});

test('declined late: the hold had already ended, and stays ended', async () => {
  const event = await scenes.event(1);
  const buyer = await scenes.buyer(event, 0);
  const { url } = (await buyer.ready()).payment;
  await trouble({ delayWebhooksMs: 3_000 });
  await decideAt(url, 'decline');
  expect(await buyer.when({ status: 'EXPIRED', payment: 'PAYMENT_FAILED' })).toMatchObject({ tickets: [] });
  expect(await lateMoney(buyer.rawId)).toEqual({ captured: 0, refunded: 0 });
});
