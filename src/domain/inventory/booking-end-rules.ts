import { type FeeChoice, splitBack, splitMinor } from '../pricing/refund-split-rules.ts';
import type { SplitLine } from '../pricing/split-line.ts';
import type { PricedSeat } from '../pricing/stored-line-rules.ts';
import type { BookingState } from './inventory-command.ts';
import type { RefundNote } from './refund-command.ts';

/**
 * What the end of a confirmed booking gives back, in minor units. `dueMinor`: for the tickets that it still has. `refundMinor`:
 * with what went back for others before; undefined when that is the total, so that all that is left goes back.
 */
export function endOf(booking: BookingState, choice: FeeChoice): { dueMinor: number; refundMinor?: number } {
  const { tickets: before, backMinor } = booking.voided ?? { tickets: 0, backMinor: 0 };
  const all = before + booking.seats.length;
  const dueMinor = splitMinor(splitBack(booking, { before, after: all, all }, choice));
  const refundMinor = backMinor + dueMinor;
  return refundMinor === booking.totalMinor ? { dueMinor } : { dueMinor, refundMinor };
}

/** Seats that a booking loses, and what goes back for them. */
export type Voiding = {
  readonly seats: readonly PricedSeat[];
  readonly refund: RefundNote;
  readonly split: readonly SplitLine[];
};

/** The seats that a booking has left after these, and what of it was refunded while it went on. */
export function without(
  { seats: own, voided }: BookingState,
  { seats, refund }: Voiding,
): Pick<BookingState, 'seats' | 'voided'> {
  const { tickets, backMinor } = voided ?? { tickets: 0, backMinor: 0 };
  return {
    seats: own.filter((seat) => !seats.includes(seat)),
    voided: { tickets: tickets + seats.length, backMinor: backMinor + refund.amountMinor },
  };
}
