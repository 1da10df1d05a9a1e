import { randomUUIDv7 } from 'node:crypto';
import type { Db } from '#db/client.ts';

/** Adds a refund of one minor unit to a booking, and returns its global id. `bookingId` is the global id. */
export async function seedRefund(
  db: Db,
  { bookingId, eventId }: { bookingId: string; eventId: string },
): Promise<string> {
  const id = randomUUIDv7();
  await db.$client`
    insert into booking_refunds (id, booking_id, event_id, status, origin, amount_minor, currency, reason)
    values (${id}, ${bookingId.replace('Booking_', '')}, ${eventId}, 'PENDING', 'BOOKING', 1, 'USD', 'a test')`;
  return `Refund_${id}`;
}
