import { z } from 'zod';
import { type BookingPosition, listBookings, positionOf } from '#domain/booking/booking-queries.ts';
import { isUuid } from '#shared/uuid.ts';
import { User } from '../account/user.ts';
import { builder } from '../builder.ts';
import { connectionOf, decodeCursor, pageArgs, pageOf, requireWindow } from '../connection.ts';
import { Booking, BookingStatus } from './booking.ts';

const BookingConnection = connectionOf('Booking', Booking, "the viewer's bookings");

/** The time of the booking in milliseconds since 1970, up to the year 9999, and its id. */
const Position = z.tuple([z.int().min(0).max(253_402_300_799_999), z.string().refine(isUuid)]);

function toPosition(cursor: string, field: string): BookingPosition {
  const [createdAtMs, id] = decodeCursor(cursor, Position, field);
  return { createdAtMs, id };
}

builder.objectField(User, 'bookings', (t) =>
  t.field({
    type: BookingConnection,
    description: 'The bookings of the viewer, latest first.',
    args: {
      status: t.arg({ type: [BookingStatus], description: 'Only bookings in one of these states.' }),
      ...pageArgs(t.arg, 20),
    },
    resolve: async (user, args, { resources }) => {
      const window = requireWindow(args, { otherwise: 20, toPosition });
      const statuses = args.status ?? undefined;
      const page = await listBookings(resources.db, { userId: user.id }, { statuses, window });
      return pageOf(page, window, (booking) => {
        const { createdAtMs, id } = positionOf(booking);
        return [createdAtMs, id];
      });
    },
  }),
);
