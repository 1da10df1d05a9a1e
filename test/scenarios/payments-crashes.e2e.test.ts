import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { bookingWhen, decideAt, type Fan, signInAsGuest } from '#test/fans/fan.ts';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { openPaymentScenes } from '#test/support/payments/payment-scenes.ts';

const scenes = await openPaymentScenes();
const { system } = scenes;
afterEach(() => scenes.expectAllInvariants());
afterAll(() => scenes.close());

test('the api dies after the commit and before the answer: the same key later returns the booking that was made', async () => {
  const event = await scenes.event(4);
  const fan = await signInAsGuest(system.apiUrl);
  const { died } = await scenes.doom('api', 'inventory.committed');
  await expect(scenes.book(fan, event, [1, 2], 'my key')).rejects.toThrow();
  await died;
  await system.start('api');
  const again = await scenes.book(fan, event, [1, 2], 'my key');
  expect(again).toMatchObject({ __typename: 'CreateBookingSuccess', replayed: true });
  const ready = await bookingWhen(fan, again.booking.id, ({ status }) => status === 'PAYMENT_READY');
  await decideAt(ready.payment.url, 'pay');
  expect((await bookingWhen(fan, again.booking.id, ({ status }) => status === 'CONFIRMED')).tickets).toHaveLength(2);
}, 60_000);

/** A well-written client: after any failure it sends the same request again. */
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

test('every process is killed once while sixty fans buy, and each booking ends as its fan decided', async () => {
  const event = await scenes.event(60);
  const fans = await Promise.all(Array.from({ length: 60 }, () => signInAsGuest(system.apiUrl)));
  const ends = ['pay', 'decline', 'cancel'] as const;
  let done = 0;
  const buying = Promise.all(
    fans.map(async (fan, seatNo) => {
      // Not all at once, so that each death meets fans at every step.
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
});
