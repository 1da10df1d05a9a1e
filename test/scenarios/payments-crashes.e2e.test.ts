import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import type { SeededEvent } from '#test/support/catalog.ts';
import { bookingWhen, decideAt, type Fan, signInAsGuest } from '#test/support/fan.ts';
import { openPaymentScenes } from '#test/support/payment-scenes.ts';
import type { ProcessName } from '#test/support/system.ts';

const scenes = await openPaymentScenes();
const { system } = scenes;
afterEach(() => scenes.expectAllInvariants());
afterAll(() => scenes.close());

/** The process dies at each of these places, one after the other, and comes back each time; resolves after the last. */
async function dieAtEach(name: ProcessName, failpoints: readonly string[]): Promise<{ survived: Promise<void> }> {
  const [first = '', ...others] = failpoints;
  let { died } = await scenes.doom(name, first);
  const survive = async () => {
    for (const next of others) {
      await died;
      await scenes.endLeases();
      ({ died } = await scenes.doom(name, next));
    }
    await died;
    await scenes.endLeases();
    await system.start(name);
  };
  return { survived: survive() };
}

test('payments dies after every step of a booking that is paid and then cancelled: charged once, refunded once', async () => {
  const event = await scenes.event(2);
  const paying = await dieAtEach('payments', [
    'payments.row-stored',
    'payments.session-answered',
    'payments.session-stored',
    'payments.notice-stored',
    'payments.notice-applied',
  ]);
  const buyer = await scenes.buyer(event, 0, 1);
  await decideAt((await buyer.ready()).payment.url, 'pay');
  expect((await buyer.when({ status: 'CONFIRMED' }, 30_000)).tickets).toHaveLength(2);
  // The gateway repeats its notice until somebody has lived long enough to acknowledge it.
  await paying.survived;
  const refunding = await dieAtEach('payments', ['payments.refund-stored', 'payments.refund-answered']);
  await scenes.cancel(buyer.fan, buyer.id);
  await buyer.when({ status: 'CANCELLED', payment: 'REFUNDED' }, 30_000);
  await refunding.survived;
}, 90_000);

test('payments dies after each step of closing a session: nothing can be charged', async () => {
  const event = await scenes.event(1);
  const buyer = await scenes.buyer(event, 0);
  const { url } = (await buyer.ready()).payment;
  const { survived } = await dieAtEach('payments', ['payments.closing-stored', 'payments.session-closed']);
  await scenes.cancel(buyer.fan, buyer.id);
  await buyer.when({ status: 'CANCELLED', payment: 'PAYMENT_FAILED' });
  await survived;
  expect((await decideAt(url, 'pay')).ok).toBe(false);
}, 60_000);

test('the worker dies after it stored the payment url, and after it confirmed: one confirmation', async () => {
  const event = await scenes.event(1);
  const { survived } = await dieAtEach('worker', ['booking.session-recorded', 'inventory.committed']);
  const buyer = await scenes.buyer(event, 0);
  await decideAt((await buyer.ready()).payment.url, 'pay');
  expect((await buyer.when({ status: 'CONFIRMED' })).tickets).toHaveLength(1);
  await survived;
}, 60_000);

test('the api dies after the commit and before the answer: the same key later gets the booking that was made', async () => {
  const event = await scenes.event(4);
  const fan = await signInAsGuest(system.apiUrl);
  const { survived } = await dieAtEach('api', ['inventory.committed']);
  await expect(scenes.book(fan, event, [1, 2], 'my key')).rejects.toThrow();
  await survived;
  const again = await scenes.book(fan, event, [1, 2], 'my key');
  expect(again).toMatchObject({ __typename: 'CreateBookingSuccess', replayed: true });
  const ready = await bookingWhen(fan, again.booking.id, ({ status }) => status === 'PAYMENT_READY');
  await decideAt(ready.payment.url, 'pay');
  expect((await bookingWhen(fan, again.booking.id, ({ status }) => status === 'CONFIRMED')).tickets).toHaveLength(2);
}, 60_000);

/** A client as one should be written: on any failure it tries the same again. */
async function insist<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  return await vi.waitFor(
    async () => {
      const result = await attempt();
      if (result === undefined) throw new Error('not yet');
      return result;
    },
    { timeout: 40_000, interval: 50 },
  );
}

async function buyWhateverHappens(fan: Fan, event: SeededEvent, seatNo: number, end: 'pay' | 'decline' | 'cancel') {
  const key = randomUUID();
  const booking = await insist(async () => (await scenes.book(fan, event, [seatNo], key)).booking);
  const reach = (wanted: (now: Booking) => boolean) => insist(() => bookingWhen(fan, booking.id, wanted));
  const { payment } = await reach(({ status }) => status === 'PAYMENT_READY');
  await insist(async () => (await decideAt(payment.url, end === 'decline' ? 'decline' : 'pay')).ok || undefined);
  await reach(({ status }) => status === (end === 'decline' ? 'FAILED' : 'CONFIRMED'));
  if (end !== 'cancel') return;
  await insist(async () => (await scenes.cancel(fan, booking.id)).booking);
  await reach(({ status, payment: now }) => status === 'CANCELLED' && now.status === 'REFUNDED');
}
type Booking = { status: string; payment: { status: string } };

test('every process is killed once while sixty fans buy: each booking ends as its fan decided', async () => {
  const event = await scenes.event(60);
  const fans = await Promise.all(Array.from({ length: 60 }, () => signInAsGuest(system.apiUrl)));
  const ends = ['pay', 'decline', 'cancel'] as const;
  let done = 0;
  const buying = Promise.all(
    fans.map(async (fan, seatNo) => {
      // Not all at once, so that each death meets somebody at every step.
      await vi.waitUntil(() => done * 4 >= seatNo - 15, { timeout: 60_000, interval: 20 });
      await buyWhateverHappens(fan, event, seatNo, ends[seatNo % 3] ?? 'pay');
      done += 1;
    }),
  );
  for (const name of ['relay', 'payments', 'worker', 'api', 'gateway-sandbox'] as const) {
    await system.kill(name);
    await scenes.endLeases();
    await system.start(name);
  }
  const late = setInterval(() => void scenes.endLeases(), 1_000);
  await buying.finally(() => clearInterval(late));
  expect(done).toBe(60);
}, 120_000);
