import type { Quote } from '../pricing/quote-rules.ts';
import { chargesOfQuote, type PricedSeat } from '../pricing/stored-line-rules.ts';
import type { CodeState } from './code-rules.ts';
import type { BookingState, EventSale, HoldCommand, SellCommand } from './inventory-command.ts';
import type { InventoryPolicy } from './inventory-state.ts';
import { holdSecondsOf } from './sale-limits-rules.ts';

/** When and where a booking is made, and the version of the event that it makes. */
export type Moment = {
  readonly sale: EventSale;
  readonly policy: InventoryPolicy;
  readonly nowMs: number;
  readonly version: number;
};

/** What is bought, and the quote of it. */
type Priced = { readonly quoted: Quote; readonly seats: readonly PricedSeat[] };

/** The booking of a hold, which waits for payment. */
export function heldBooking(
  command: HoldCommand,
  priced: Priced,
  at: Moment,
  codes: readonly CodeState[],
): BookingState {
  return {
    ...newBooking(command, priced, at),
    status: 'PENDING_PAYMENT',
    holdExpiresAtMs: at.nowMs + holdSecondsOf(at.sale, at.policy) * 1000,
    paymentStatus: 'CREATING_SESSION',
    confirmedAtMs: null,
    codeIds: codes.length === 0 ? null : codes.map(({ id }) => id),
  };
}

/** The booking of a sale at the box office, which was never held. */
export function soldBooking(command: SellCommand, priced: Priced, at: Moment): BookingState {
  return {
    ...newBooking(command, priced, at),
    status: 'CONFIRMED',
    holdExpiresAtMs: at.nowMs,
    paymentStatus: 'PAYMENT_SUCCESS',
    confirmedAtMs: at.nowMs,
    codeIds: null,
    sale: command.sale,
  };
}

function newBooking(command: HoldCommand | SellCommand, { quoted, seats }: Priced, { sale, nowMs, version }: Moment) {
  return {
    id: command.bookingId,
    userId: command.userId,
    eventId: sale.eventId,
    totalMinor: quoted.totalMinor,
    ...chargesOfQuote(quoted),
    currency: sale.currency,
    holdExtendedAtMs: null,
    idempotencyKey: command.idempotencyKey,
    requestHash: command.requestHash,
    paymentUrl: null,
    refundedMinor: null,
    voided: null,
    version,
    createdAtMs: nowMs,
    releasedAtMs: null,
    seats,
  };
}
