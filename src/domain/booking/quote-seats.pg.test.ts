import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { openBox } from '#test/support/databases/box.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { theatrePrices } from '#test/support/pricing/theatre-prices.ts';
import { setPrices } from '../catalog/set-prices.ts';
import { quoteSeats } from './quote-seats.ts';

const box = await openBox();
afterAll(() => box.close());
const needs = { ...box, db: box.reader };

test('the box office has a quote with any ticket type, also of a draft, and fans have neither', async () => {
  const event = await seedEvent(box.reader, { seats: 60, rows: 3, sections: 2, currency: 'CHF', status: 'DRAFT' });
  const { eventId } = event;
  await setPrices(needs, { userId: randomUUIDv7() }, { eventId, ...theatrePrices(event.sectionIds) });
  const lines = ['door', 'member'].map((ticketType, seatNo) => ({ seatId: event.seatId(seatNo), ticketType }));
  const { quote } = await quoteSeats(needs, { eventId, lines, atBoxOffice: true });
  expect(quote.lines.map(({ faceMinor }) => faceMinor)).toEqual([9_500, 7_000]);
  await expect(quoteSeats(needs, { eventId, lines })).rejects.toMatchObject({ field: 'eventId' });
  await box.reader.execute(sql`update events set status = 'PUBLISHED' where id = ${eventId}`);
  await expect(quoteSeats(needs, { eventId, lines })).rejects.toMatchObject({ field: 'lines' });
});
