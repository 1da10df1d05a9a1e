import { getTableColumns } from 'drizzle-orm';
import { bookings, type tickets } from '#db/tables/booking.ts';
import type { BookingState } from '../inventory/inventory-command.ts';
import type { PricedSeat, StoredCharges } from '../pricing/stored-line-rules.ts';

const {
  addressKey: _address,
  unpaidSlot: _slot,
  seatCount: _count,
  codeIds: _codes,
  soldBy: _seller,
  voidedMinor: _voided,
  ...ownersColumns
} = getTableColumns(bookings);

/** The columns that a booking's owner may see: without those that only the writer and the hoarding limits use. */
export const bookingColumns = ownersColumns;

/**
 * A booking as its owner may see it; `visibleStatus` gives the status that clients see. `seats` and `tickets`, by seat
 * number, are set only where the code that made the object had them; otherwise they are listed by the booking's id.
 */
export type Booking = Omit<Pick<typeof bookings.$inferSelect, keyof typeof bookingColumns>, 'charges'> & {
  /** What is paid beside the seats, by name. */
  readonly charges: StoredCharges | null;
  readonly seats?: readonly PricedSeat[];
  /** Those that are not void. */
  readonly tickets?: readonly (typeof tickets.$inferSelect)[];
};

type Row = Pick<typeof bookings.$inferSelect, keyof typeof bookingColumns>;

/** Returns the row with its charges typed: `StoredCharges` are written only by the inventory writer. */
export const toOwners = (row: Row): Booking => ({ ...row, charges: row.charges as StoredCharges | null });

const NOT_SOLD = { tender: null, tenderReference: null, holderName: null, holderEmail: null };

const instant = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

export function toBooking(state: BookingState): Booking {
  const {
    holdExpiresAtMs,
    holdExtendedAtMs,
    createdAtMs,
    confirmedAtMs,
    releasedAtMs,
    codeIds,
    sale,
    voided,
    ...booking
  } = state;
  return {
    ...booking,
    ...(sale ?? NOT_SOLD),
    voidedTickets: voided?.tickets ?? null,
    holdExpiresAt: new Date(holdExpiresAtMs),
    holdExtendedAt: instant(holdExtendedAtMs),
    createdAt: new Date(createdAtMs),
    confirmedAt: instant(confirmedAtMs),
    releasedAt: instant(releasedAtMs),
  };
}
