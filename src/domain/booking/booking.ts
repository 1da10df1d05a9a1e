import { getTableColumns } from 'drizzle-orm';
import { bookings, type tickets } from '#db/tables/booking.ts';
import type { BookingSeatState, BookingState } from '../inventory/inventory-command.ts';

const { addressKey: _address, unpaidSlot: _slot, seatCount: _count, ...ownersColumns } = getTableColumns(bookings);

/** The columns that a booking's owner may see: without those that the hoarding limits use. */
export const bookingColumns = ownersColumns;

/**
 * A booking as its owner may see it; `visibleStatus` gives the status that clients see. `seats` and `tickets`, by seat
 * number, are set only where the code that made the object had them; otherwise they are listed by the booking's id.
 */
export type Booking = Pick<typeof bookings.$inferSelect, keyof typeof bookingColumns> & {
  readonly seats?: readonly BookingSeatState[];
  /** Those that are not void. */
  readonly tickets?: readonly (typeof tickets.$inferSelect)[];
};

const instant = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

export function toBooking(state: BookingState): Booking {
  const { holdExpiresAtMs, holdExtendedAtMs, createdAtMs, confirmedAtMs, releasedAtMs, ...booking } = state;
  return {
    ...booking,
    holdExpiresAt: new Date(holdExpiresAtMs),
    holdExtendedAt: instant(holdExtendedAtMs),
    createdAt: new Date(createdAtMs),
    confirmedAt: instant(confirmedAtMs),
    releasedAt: instant(releasedAtMs),
  };
}
