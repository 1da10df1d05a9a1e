import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { isUuid } from '#shared/uuid.ts';
import { NotFound, RateLimited, TryAgain } from '../errors.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Viewer } from '../viewer.ts';
import { type Booking, toBooking } from './booking.ts';
import { NotCancellable } from './errors.ts';

type Needs = { readonly db: Db; readonly writer: InventoryWriter };

export const cancelBookingRefusals = [NotFound, NotCancellable, RateLimited, TryAgain] as const;

/**
 * Releases the seats of the viewer's booking. While it waits for payment, this is possible at any time. A confirmed
 * one can be cancelled while the event allows it; its tickets become void and its money is refunded. A booking that
 * is cancelled already stays as it is.
 */
export async function cancelBooking(
  { db, writer }: Needs,
  viewer: Viewer,
  { bookingId }: { bookingId: string },
): Promise<{ booking: Booking }> {
  if (!isUuid(bookingId)) throw new NotFound('booking');
  const owned = sql`select event_id from bookings where id = ${bookingId} and user_id = ${viewer.userId}`;
  const rows = await orTryAgain(db.execute<{ event_id: string }>(owned));
  const eventId = rows[0]?.event_id;
  if (eventId === undefined) throw new NotFound('booking');
  const { userId } = viewer;
  const answer = await writer.submit(eventId, { kind: 'release', reason: 'CANCELLED', bookingId, userId });
  if (answer.kind === 'released') {
    failpoint('booking.cancelled');
    return { booking: toBooking(answer.booking) };
  }
  if (answer.kind !== 'kept') throw new NotFound('booking');
  throw new NotCancellable(
    answer.booking.status === 'CONFIRMED'
      ? 'This booking can no longer be cancelled.'
      : 'This booking has already ended.',
  );
}
