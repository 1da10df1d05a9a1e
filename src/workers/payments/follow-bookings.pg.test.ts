import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { PaymentMissing } from '#domain/payments/end-payment.ts';
import { bookingCancelled, bookingCreated, openPaymentsWorld } from '#test/support/payments/payments-world.ts';

const world = await openPaymentsWorld();
afterAll(() => world.close());

test('a cancelled sale of the box office needs no payment; a missing payment of any other booking is an error', async () => {
  const cancelled = bookingCancelled(bookingCreated(), false);
  await expect(world.arrives(cancelled)).rejects.toThrow(PaymentMissing);
  await world.arrives({ ...cancelled, tender: 'CASH' } as typeof cancelled, randomUUID());
  expect(await world.sql`select from payments`).toHaveLength(0);
});
