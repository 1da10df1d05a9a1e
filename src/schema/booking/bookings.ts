import { type BookingPosition, listBookings, positionOf } from '#domain/booking/booking-queries.ts';
import { InvalidInput } from '#domain/errors.ts';
import { isUuid } from '#domain/global-id-rules.ts';
import { User } from '../account/user.ts';
import { builder } from '../builder.ts';
import { connectionOf, decodeCursor, encodeCursor, requireFirst } from '../connection.ts';
import { Booking, BookingStatus } from './booking.ts';

const BookingConnection = connectionOf('Booking', Booking, "the viewer's bookings");

function toPosition(cursor: string): BookingPosition {
  const position = decodeCursor(cursor);
  if (Array.isArray(position) && Number.isFinite(position[0]) && isUuid(String(position[1])))
    return { createdAtMs: position[0], id: position[1] };
  throw new InvalidInput('after', 'This is not a cursor of this list.');
}

builder.objectField(User, 'bookings', (t) =>
  t.field({
    type: BookingConnection,
    description: 'What the viewer has booked, latest first.',
    args: {
      status: t.arg({ type: [BookingStatus], description: 'Only bookings in one of these states.' }),
      first: t.arg.int({ defaultValue: 20, description: 'How many, at most 50.' }),
      after: t.arg.string({ description: 'The cursor behind which to continue.' }),
    },
    resolve: async (user, args, { resources }) => {
      const page = await listBookings(
        resources.db,
        { userId: user.id },
        {
          statuses: args.status ?? undefined,
          first: requireFirst(args.first, 20),
          after: args.after ? toPosition(args.after) : undefined,
        },
      );
      return {
        edges: page.bookings.map((node) => {
          const { createdAtMs, id } = positionOf(node);
          return { cursor: encodeCursor([createdAtMs, id]), node };
        }),
        pageInfo: { hasNextPage: page.hasNextPage, hasPreviousPage: Boolean(args.after) },
      };
    },
  }),
);
