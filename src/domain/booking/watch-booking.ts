import type { Db } from '#db/client.ts';
import { NotFound } from '#domain/errors.ts';
import type { Viewer } from '#domain/viewer.ts';
import { watchState } from '#domain/watch-state.ts';
import { bookingChannel, versionInNews } from '#redis/channels.ts';
import type { Heartbeat } from '#redis/heartbeat.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { openPulse } from '#redis/pulse.ts';
import { isLastState } from '../booking-status.ts';
import type { Booking } from './booking.ts';
import { readWatchedBooking, type WatchedBooking } from './watched-bookings.ts';

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
  let known = 0;
  const read = async () => {
    const booking = await readWatchedBooking(needs.db, viewer, bookingId);
    known = booking?.version ?? known;
    return booking;
  };
  // Checked first, so that a client cannot make this process listen for a booking of another viewer.
  if (!(await read())) throw new NotFound('booking');
  const isNews = (payload: unknown) => (versionInNews(payload) ?? Number.POSITIVE_INFINITY) > known;
  const pulse = await openPulse(needs, [bookingChannel(bookingId)], { isNews });
  try {
    const first = await read();
    if (!first) throw new NotFound('booking');
    return watchState(pulse, { first, read, keyOf, isLast: (booking) => isLastState(booking, booking) });
  } catch (error) {
    pulse.close();
    throw error;
  }
}

/** Without what changes by time alone. */
const keyOf = ({ tickets: _tickets, canBeCancelled: _can, ...booking }: WatchedBooking): string =>
  JSON.stringify(booking);
