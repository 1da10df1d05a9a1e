import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { findEvents } from '#domain/catalog/event-queries.ts';
import { findViolations } from '#processes/invariants/violations.ts';
import { openBox, someViewer } from '#test/support/databases/box.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { findBooking } from './booking-queries.ts';
import { cancelBooking } from './cancel-booking.ts';
import { confirmBooking } from './confirm-booking.ts';
import { createBooking } from './create-booking.ts';
import { recordRefund } from './record-refund.ts';

const box = await openBox();
afterAll(() => box.close());

const message = () => ({ consumer: 'test', messageId: randomUUIDv7() });

test('an amount of more than 32 bits is the same in price, booking, message, payment and refund', async () => {
  const [priceMinor, feeMinor] = [1_700_000_000, 2_200_000_001];
  const { eventId, seatIds } = await seedEvent(box.reader, {
    ...{ seats: 9, priceMinor, feeMinor, currency: 'IRR', cancellableForSeconds: 60 },
  });
  expect(await findEvents({ db: box.reader }, [eventId])).toMatchObject([{ priceFromMinor: 3_900_000_001 }]);
  const viewer = someViewer();
  const request = { eventId, seatIds: seatIds(4, 5, 6), idempotencyKey: randomUUIDv7() };
  const { booking } = await createBooking(box, viewer, request);
  const totalMinor = 3 * 3_900_000_001;
  expect(booking.totalMinor).toBe(totalMinor);
  const [row] = await box.reader.execute<{ payload: object }>(
    sql`select payload from outbox where aggregateid = ${booking.id}`,
  );
  expect(row?.payload).toMatchObject({ totalMinor, lines: Array(3).fill({ amountMinor: 3_900_000_001 }) });
  const of = { aggregateId: booking.id, eventId, amountMinor: totalMinor, currency: 'IRR' };
  const now = () => findBooking(box.reader, viewer, booking.id);
  await confirmBooking(box, { type: 'PaymentSucceeded', ...of, capturedAt: new Date().toISOString() }, message());
  expect(await now()).toMatchObject({ status: 'CONFIRMED', totalMinor });
  await cancelBooking(box, viewer, { bookingId: booking.id });
  await recordRefund(box, { type: 'PaymentRefunded', ...of }, message());
  expect(await now()).toMatchObject({ status: 'CANCELLED', totalMinor, refundedMinor: totalMinor });
  expect(await findViolations(box.url, { except: ['I17'] })).toEqual([]);
});
