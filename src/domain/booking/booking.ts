import type { bookings } from '#db/tables/booking.ts';
import type { BookingSeatState, BookingState } from '../inventory/inventory-command.ts';

/**
 * A booking as its owner may see it; `visibleStatus` gives the status that clients see. `seats`, by seat number, only
 * where whoever made it had them at hand; else they are listed by the booking's id.
 */
export type Booking = typeof bookings.$inferSelect & { readonly seats?: readonly BookingSeatState[] };

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
