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

test('a sale of the box office and what it gives back are entered once, by tender; a gift is recorded', async () => {
  const created = bookingCreated();
  const { aggregateId, eventId, userId, seatNos } = created;
  const organizationId = randomUUID();
  const split = (faceMinor: number) => [
    { seatNo: 10, faceMinor, fees: [['Handling', 200]] as [string, number][], taxes: [] },
  ];
  const confirmed = (tender: string, totalMinor: number, id = aggregateId) =>
    ({
      type: 'BookingConfirmed',
      ...{ aggregateId: id, eventId, userId, seatNos, version: 1, retaken: false },
      confirmedAt: new Date().toISOString(),
      sale: { organizationId, tender, totalMinor, currency: 'USD', split: totalMinor === 0 ? [] : split(5_000) },
    }) as const;
  const back = (refundId: string, amountMinor: number) =>
    ({
      type: 'BoxOfficeRefunded',
      ...{ aggregateId, eventId, userId, seatNos: [10], refundId, organizationId },
      ...{ tender: 'CASH', amountMinor, currency: 'USD', reason: 'x', split: split(amountMinor - 200) },
    }) as const;
  const messageId = await world.arrives(confirmed('CASH', 5_200));
  await world.arrives(confirmed('CASH', 5_200), messageId);
  await world.arrives(confirmed('CASH', 5_200));
  await world.arrives(confirmed('COMPLIMENTARY', 0, randomUUID()));
  const refundId = randomUUID();
  await world.arrives(back(refundId, 1_200));
  await expect(world.arrives(back(randomUUID(), 4_001))).rejects.toThrow();
  const accounts = await world.sql`
    select account, sum(amount_minor)::int as minor from journal_lines
    where organization_id = ${organizationId} group by 1 having sum(amount_minor) <> 0 order by 1`;
  expect([...accounts]).toEqual([
    { account: 'cash_drawer', minor: 4_000 },
    { account: 'organizer_payable', minor: -4_000 },
  ]);
  const sales = await world.sql`select tender, total_minor, refunded_minor from box_office_sales order by 1`;
  expect([...sales]).toEqual([
    { tender: 'CASH', total_minor: 5_200, refunded_minor: 1_200 },
    { tender: 'COMPLIMENTARY', total_minor: 0, refunded_minor: 0 },
  ]);
  expect(await world.violations([])).toEqual([]);
});
