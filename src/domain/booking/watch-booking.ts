import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { NotFound } from '#domain/errors.ts';
import type { Viewer } from '#domain/viewer.ts';
import { watchState } from '#domain/watch-state.ts';
import { bookingChannel } from '#redis/channels.ts';
import type { Heartbeat } from '#redis/heartbeat.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { openPulse } from '#redis/pulse.ts';
import { isLastState } from '../booking-status.ts';
import type { Booking } from './booking.ts';
import { findBooking } from './booking-queries.ts';

/**
 * The viewer's booking as it is now, and again after each transition; transitions in quick succession may be one
 * step. Ends after the last state: for a booking that ended, when its money is at rest; for a confirmed one, when it
 * can no longer be cancelled. Throws NotFound for another viewer's booking as for an unknown one. Call `return()`
 * when done.
 */
export async function watchBooking(
  needs: { db: Db; pubsub: PubSub; heartbeat: Heartbeat },
  viewer: Viewer,
  bookingId: string,
): Promise<AsyncIterableIterator<Booking>> {
  const read = () => findBooking(needs.db, viewer, bookingId);
  // Checked first, so that a client cannot make this process listen for a booking of another viewer.
  if (!(await read())) throw new NotFound('booking');
  const pulse = await openPulse(needs, [bookingChannel(bookingId)]);
  try {
    const first = await read();
    if (!first) throw new NotFound('booking');
    return watchState(pulse, {
      first,
      read,
      keyOf: (booking) => JSON.stringify(booking),
      isLast: async (booking) =>
        isLastState(booking, {
          canBeCancelled: booking.status === 'CONFIRMED' && (await canBeCancelled(needs.db, booking)),
        }),
    });
  } catch (error) {
    pulse.close();
    throw error;
  }
}

async function canBeCancelled(db: Db, { eventId }: Booking): Promise<boolean> {
  try {
    const rows = await db.execute<{ is_open: boolean | null }>(
      sql`select cancellable_until > clock_timestamp() as is_open from events where id = ${eventId}`,
    );
    return rows[0]?.is_open === true;
  } catch {
    // While the database is away the watcher stays: its end would mean that no further state follows.
    return true;
  }
}
