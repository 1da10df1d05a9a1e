import type { Db } from '#db/client.ts';
import { putPrices, type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';

type PutList = Parameters<typeof putPrices>[2];

/** An event with seats of 50.00 and a fee of each kind: 5 % that go back, and 2.50 a booking and 1.00 a ticket that do not. */
export async function seedEventWithFees(
  db: Db,
  { seats = 40, taxes = [] }: { seats?: number; taxes?: PutList['taxes'] } = {},
): Promise<SeededEvent> {
  const event = await seedEvent(db, { seats, currency: 'CHF', cancellableForSeconds: 3_600 });
  await putPrices(db, event.eventId, {
    currency: 'CHF',
    step: 1,
    levels: [{ key: 'Tier 1', name: 'All', prices: [{ ticketType: 'full', amountMinor: 5_000 }] }],
    ticketTypes: [{ key: 'full', name: 'Full price' }],
    fees: [
      { name: 'Service', percent: '5', refundable: true },
      { name: 'Handling', perBookingMinor: 250, refundable: false },
      { name: 'Printing', perTicketMinor: 100, refundable: false },
    ],
    taxes,
  });
  return event;
}
