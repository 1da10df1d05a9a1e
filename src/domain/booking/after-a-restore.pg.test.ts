import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { openBox, someViewer } from '#test/support/databases/box.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { confirmBooking } from './confirm-booking.ts';
import { createBooking } from './create-booking.ts';
import { expireBookings } from './expire-bookings.ts';
import { failBooking } from './fail-booking.ts';
import { recordPaymentSession } from './record-payment-session.ts';
import { recordRefund } from './record-refund.ts';

// One of the two databases was restored, so payments knows a booking that this database does not, or the reverse.
const box = await openBox();
afterAll(() => box.close());
afterEach(async () => {
  // These tests make up their messages, so the event log does not have them.
  expect(await findViolations(box.url, { except: ['I17'] })).toEqual([]);
});

const message = () => ({ consumer: 'follow-payments', messageId: randomUUIDv7() });
const event = await seedEvent(box.reader, { seats: 20 });
const published = async (bookingId: string) => {
  const rows = await box.reader.execute<{ type: string; reason: string | null }>(sql`
    select type, payload ->> 'reason' as reason from outbox where aggregateid = ${bookingId} order by created_at, id`);
  return rows.map(({ type, reason }) => (reason ? `${type} ${reason}` : type));
};
const newsOf = (bookingId: string, amountMinor = 5250) => {
  const of = { aggregateId: bookingId, eventId: event.eventId };
  const at = new Date().toISOString();
  const money = { amountMinor, currency: 'USD' };
  return {
    opened: { type: 'PaymentSessionOpened', ...of, url: 'https://pay.example/1', openedAt: at } as const,
    paid: { type: 'PaymentSucceeded', ...of, ...money, capturedAt: at } as const,
    declined: { type: 'PaymentFailed', ...of, reason: 'declined' } as const,
    refunding: { type: 'RefundRequested', ...of, ...money, reason: 'BOOKING_CANCELLED' } as const,
    refunded: { type: 'PaymentRefunded', ...of, ...money } as const,
  };
};
async function held(seatNo: number) {
  const seatIds = event.seatIds(seatNo);
  const request = { eventId: event.eventId, seatIds, idempotencyKey: randomUUIDv7() };
  const { booking } = await createBooking(box, someViewer(), request);
  return { id: booking.id, news: newsOf(booking.id, booking.totalMinor) };
}
const stateOf = async (bookingId: string) => {
  const [row] = await box.reader.execute(sql`
    select b.status, b.payment_status as money, coalesce(s.status, 'AVAILABLE') as seat from bookings b
    join booking_seats o on o.booking_id = b.id
    left join event_seats s on s.event_id = b.event_id and s.seat_no = o.seat_no where b.id = ${bookingId}`);
  return row;
};

test('refunds the money of a booking that no longer exists, once per message', async () => {
  const bookingId = randomUUIDv7();
  const { paid } = newsOf(bookingId);
  const mark = message();
  expect(await confirmBooking(box, paid, mark)).toEqual({ kind: 'refundDue' });
  expect(await confirmBooking(box, paid, mark)).toEqual({ kind: 'seenBefore' });
  expect(await published(bookingId)).toEqual(['BookingConfirmationFailed UNKNOWN_BOOKING']);
});

test('other messages about a booking that no longer exists block nothing', async () => {
  const { opened, declined, refunding, refunded } = newsOf(randomUUIDv7());
  expect(await recordPaymentSession(box, opened, message())).toEqual({ kind: 'unknown' });
  expect(await failBooking(box, declined, message())).toEqual({ kind: 'unknown' });
  expect(await recordRefund(box, refunding, message())).toEqual({ kind: 'recorded' });
  expect(await recordRefund(box, refunded, message())).toEqual({ kind: 'recorded' });
  const elsewhere = { ...declined, eventId: randomUUIDv7() };
  expect(await failBooking(box, elsewhere, message())).toEqual({ kind: 'unknown' });
});

test('a booking that was cancelled after the time of the restore is confirmed and cancelled again: its seat is free', async () => {
  const { id, news } = await held(0);
  await confirmBooking(box, news.paid, message());
  expect(await stateOf(id)).toMatchObject({ status: 'CONFIRMED', seat: 'BOOKED' });
  const mark = message();
  await recordRefund(box, news.refunding, mark);
  expect(await recordRefund(box, news.refunding, mark)).toEqual({ kind: 'seenBefore' });
  expect(await stateOf(id)).toEqual({ status: 'CANCELLED', money: 'REFUND_PENDING', seat: 'AVAILABLE' });
  await recordRefund(box, news.refunded, message());
  expect(await stateOf(id)).toEqual({ status: 'CANCELLED', money: 'REFUNDED', seat: 'AVAILABLE' });
  expect(await published(id)).toEqual(['BookingCreated', 'BookingConfirmed', 'BookingCancelled']);
});

test('asks payments once more for a refund that it forgot', async () => {
  const { id, news } = await held(1);
  await box.reader.execute(sql`update bookings set hold_expires_at = clock_timestamp() - interval '1 second',
    payment_status = 'SESSION_CREATED' where id = ${id}`);
  await box.reader.execute(sql`update event_seats set hold_expires_at = clock_timestamp() - interval '1 second'
    where booking_id = ${id}`);
  await expireBookings(box);
  await held(1);
  for (let times = 0; times < 2; times++)
    expect(await confirmBooking(box, news.paid, message())).toEqual({ kind: 'refundDue' });
  expect(await published(id)).toEqual([
    'BookingCreated',
    'BookingExpired',
    'BookingConfirmationFailed SEATS_TAKEN',
    'BookingConfirmationFailed SEATS_TAKEN',
  ]);
});
