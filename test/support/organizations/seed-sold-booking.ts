import { randomUUIDv7 } from 'node:crypto';
import type { Db } from '#db/client.ts';

/** Writes what a sale of seat 1 at the box office leaves at an event without other bookings, and returns the raw id of its booking. */
export async function seedSoldBooking(db: Db, eventId: string): Promise<string> {
  const [id, userId] = [randomUUIDv7(), randomUUIDv7()];
  const message = { type: 'BookingConfirmed', aggregateId: id, eventId, userId, version: 1, seatNos: [1] };
  await db.$client`
    with booking as (
      insert into bookings (id, user_id, event_id, status, total_minor, currency, hold_expires_at, idempotency_key, request_hash,
        payment_status, version, created_at, confirmed_at, tender, sold_by)
      values (${id}, ${userId}, ${eventId}, 'CONFIRMED', 5000, 'USD', now(), 'key', 'hash', 'PAYMENT_SUCCESS', 1, now(), now(),
        'CASH', ${randomUUIDv7()})
    ), seat as (
      insert into booking_seats (booking_id, event_id, seat_no, price_minor, fee_minor) values (${id}, ${eventId}, 1, 5000, 0)
    ), taken as (
      insert into event_seats (event_id, seat_no, status, booking_id) values (${eventId}, 1, 'BOOKED', ${id})
    ), ticket as (
      insert into tickets (id, booking_id, event_id, seat_no, code) values (${randomUUIDv7()}, ${id}, ${eventId}, 1, ${id})
    ), published as (
      insert into outbox (id, event_id, aggregatetype, aggregateid, type, payload)
      values (${randomUUIDv7()}, ${eventId}, 'booking', ${id}, 'BookingConfirmed', ${JSON.stringify(message)}::text::jsonb)
    )
    update seat_inventories set version = 1, available = available - 1, booked = booked + 1 where event_id = ${eventId}`;
  return id;
}
