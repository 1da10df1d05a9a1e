import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { bookingWhen, createBooking, decideAt, fanAt, signInAsGuest } from '#test/fans/fan.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { startSystem } from '#test/support/system/system.ts';

const system = await startSystem();
const db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

test('one id leads from the request through every process to the confirmation, and appears in no other request', async () => {
  const event = await seedEvent(db, { seats: 20 });
  const requestIds = ['request-of-the-first-fan', 'request-of-the-second-fan'];
  const fans = await Promise.all(requestIds.map(() => signInAsGuest(system.apiUrl)));
  const bookings = await Promise.all(
    fans.map(async (fan, index) => {
      const asking = fanAt(system.apiUrl, fan, { 'x-request-id': requestIds[index] ?? '' });
      const seats = [encodeGlobalId('Seat', event.seatId(index))];
      const { booking } = await createBooking(asking, encodeGlobalId('Event', event.eventId), seats);
      const ready = await bookingWhen(fan, booking.id, ({ status }) => status === 'PAYMENT_READY');
      await decideAt(ready.payment.url, 'pay');
      await bookingWhen(fan, booking.id, ({ status }) => status === 'CONFIRMED');
      return booking.id as string;
    }),
  );
  for (const [index, requestId] of requestIds.entries()) {
    const [own = '', other = ''] = index === 0 ? bookings : bookings.toReversed();
    const lines = () =>
      system.lines
        .filter((line) => line.includes(requestId))
        .map((line) => ({ process: line.split(':', 1)[0], ...JSON.parse(line.slice(line.indexOf('{'))) }));
    const story = () => lines().map(({ process, worker, msg }) => [process, worker, msg].filter(Boolean).join(' '));
    await expect
      .poll(story)
      .toEqual(
        expect.arrayContaining([
          'api operation',
          'payments follow-bookings BookingCreated',
          'payments settle-PROMISED OPEN_SESSION',
          'worker follow-payments PaymentSessionOpened',
          'payments notice',
          'worker follow-payments PaymentSucceeded',
          'payments follow-bookings BookingConfirmed',
        ]),
      );
    const text = JSON.stringify(lines());
    expect(text).toContain(own.replace('Booking_', ''));
    expect(text).not.toContain(other.replace('Booking_', ''));
  }
});

test('an expiry has no request id, and messages of an older process are handled like all others', async () => {
  const event = await seedEvent(db, { seats: 20 });
  const fan = await signInAsGuest(system.apiUrl);
  const held = await createBooking(fan, encodeGlobalId('Event', event.eventId), [
    encodeGlobalId('Seat', event.seatId(5)),
  ]);
  // A hold that ends before its session is open is extended.
  await bookingWhen(fan, held.booking.id, ({ status }) => status === 'PAYMENT_READY');
  const sql = postgres(system.bookingUrl, { max: 1 });
  await sql`update event_seats set hold_expires_at = now() - interval '1 second' where event_id = ${event.eventId} and status = 'HELD'`;
  await sql`update bookings set hold_expires_at = now() - interval '1 second' where id = ${held.booking.id.replace('Booking_', '')}`;
  await bookingWhen(fan, held.booking.id, ({ status }) => status === 'EXPIRED');
  const origins = () =>
    sql`select type, request_id is not null as known from outbox where event_id = ${event.eventId} order by created_at`;
  expect([...(await origins())].filter(({ type }) => type.startsWith('Booking'))).toEqual([
    { type: 'BookingCreated', known: true },
    { type: 'BookingExpired', known: false },
  ]);
  await sql.end();
});
