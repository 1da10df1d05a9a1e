import { randomUUIDv7 } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { openBox, someViewer } from '#test/support/databases/box.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { findPrices } from '../pricing/price-lists.ts';
import { readLine } from '../pricing/stored-line-rules.ts';
import { listOfTiers } from '../pricing/tier-prices-rules.ts';
import { listSeatsOfBookings } from './booking-queries.ts';
import { createBooking } from './create-booking.ts';

const box = await openBox();
afterAll(() => box.close());
const needs = { ...box, db: box.reader };
const MIGRATION = new URL('../../../drizzle/booking/20261130_1305_price_lists.sql', import.meta.url);

/** Runs the part of the migration that makes the lists of events from before. */
async function makeLists(): Promise<void> {
  const text = await readFile(MIGRATION, 'utf8');
  const insert = text.slice(text.indexOf('insert into price_lists'));
  await box.reader.execute(sql.raw(insert));
}

test('an event from before price lists sells at the same prices with any tiers', async () => {
  const dear = await seedEvent(box.reader, {
    seats: 60,
    sections: 3,
    currency: 'MGA',
    priceMinor: 2 ** 40,
    feeMinor: 99,
  });
  const free = await seedEvent(box.reader, { seats: 3, priceMinor: 0, feeMinor: 0 });
  await box.reader.execute(sql`delete from price_lists`);
  expect(await findPrices(needs, dear.eventId)).toBeUndefined();
  const hold = (event: typeof dear) =>
    createBooking(box, someViewer(), {
      eventId: event.eventId,
      seatIds: event.seatIds(2),
      idempotencyKey: randomUUIDv7(),
    });
  await expect(hold(dear)).rejects.toMatchObject({ message: 'This seat is not for sale at this event.' });
  await makeLists();
  const tiers = [0, 1, 2].map((index) => [`Tier ${index + 1}`, { priceMinor: 2 ** 40 + 1000 * index, feeMinor: 99 }]);
  const found = await findPrices(needs, dear.eventId);
  expect(found?.prices.list).toEqual(listOfTiers('MGA', new Map(tiers as [string, never][])));
  expect((await hold(dear)).booking.totalMinor).toBe(2 ** 40 + 99);
  expect((await hold(free)).booking.totalMinor).toBe(0);
});

test('a booking from before price lists has lines with the fee that it paid', async () => {
  const event = await seedEvent(box.reader, { seats: 3, priceMinor: 1000, feeMinor: 50 });
  const { booking } = await createBooking(box, someViewer(), {
    eventId: event.eventId,
    seatIds: event.seatIds(1),
    idempotencyKey: randomUUIDv7(),
  });
  const linesOf = async () => (await listSeatsOfBookings(box.reader, [booking.id])).flat().map(readLine);
  const [now] = await linesOf();
  await box.reader.execute(sql`update booking_seats set line = null where booking_id = ${booking.id}`);
  expect(await linesOf()).toEqual([{ ...now, level: '' }]);
  expect(await findViolations(box.url, { except: ['I17'] })).toEqual([]);
});
