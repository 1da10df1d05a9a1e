import { type Progress, splitBack, splitMinor } from '../pricing/refund-split-rules.ts';
import type { PricedSeat } from '../pricing/stored-line-rules.ts';
import type { BookingState, InventoryOutcome } from './inventory-command.ts';
import type { InventoryWork } from './inventory-work-rules.ts';
import type { RefundCommand, RefundNote } from './refund-command.ts';

/** Where the seats of refunded tickets go when a member wants them blocked. */
const REFUNDED_SEATS = 'Refunded';

/** Gives tickets of a confirmed booking back, all that were named or none. The same request again finds its refund. */
export function refund(work: InventoryWork, command: RefundCommand): InventoryOutcome {
  const known = work.refunds.find(command.request);
  if (known && known.requestHash !== command.request.requestHash) return { kind: 'keyReused' };
  const booking = work.ownBooking(command.bookingId);
  if (!booking) return { kind: 'noBooking' };
  if (known) return { kind: 'refunded', booking, refund: known };
  // The job of a cancelled event ends its bookings, for all fans alike.
  if (booking.status !== 'CONFIRMED' || work.sale.status === 'CANCELLED')
    return { kind: 'notRefundable', booking, seatNos: [] };
  const wanted = command.ticketSeatNos ?? booking.seats.map(({ seatNo }) => seatNo);
  const present = new Set(booking.seats.map(({ seatNo }) => seatNo));
  const gone = wanted.filter((seatNo) => !present.has(seatNo));
  if (gone.length > 0) return { kind: 'notRefundable', booking, seatNos: gone };
  const chosen = booking.seats.filter(({ seatNo }) => wanted.includes(seatNo));
  return giveBack(work, command, { booking, chosen });
}

type Given = { readonly booking: BookingState; readonly chosen: readonly PricedSeat[] };

function giveBack(work: InventoryWork, command: RefundCommand, { booking, chosen }: Given): InventoryOutcome {
  const isLast = chosen.length === booking.seats.length;
  const split = splitBack({ ...booking, seats: chosen }, progressOf(booking, chosen.length), command);
  const note = noteOf(command, { booking, chosen, isLast, amountMinor: splitMinor(split) });
  const byHand = booking.sale ? { refundedMinor: (booking.refundedMinor ?? 0) + note.amountMinor } : {};
  const after = isLast
    ? work.cancel(booking, command, booking.sale ? { ...byHand, paymentStatus: 'REFUNDED' } : {})
    : work.voidSeats(booking, { seats: chosen, refund: note, split }, byHand);
  work.refunds.note(note);
  if (booking.sale) work.repay(after, note, split);
  if (command.blocks) block(work, note.seatNos);
  return { kind: 'refunded', booking: after, refund: note };
}

function noteOf(
  { request }: RefundCommand,
  { booking, chosen, isLast, amountMinor }: Given & { isLast: boolean; amountMinor: number },
): RefundNote {
  const isByHand = booking.sale !== null && booking.sale !== undefined;
  // Free tickets of a booking that goes on: there is nothing that the gateway could give back.
  const isDone = isByHand || (amountMinor === 0 && !isLast);
  return {
    ...request,
    id: isLast && !isByHand ? booking.id : request.refundId,
    bookingId: booking.id,
    status: isDone ? 'SUCCEEDED' : 'PENDING',
    origin: isByHand ? 'BOX_OFFICE' : 'BOOKING',
    amountMinor,
    currency: booking.currency,
    seatNos: chosen.map(({ seatNo }) => seatNo),
  };
}

/** Seats that are of an allocation stay with it. */
function block(work: InventoryWork, seatNos: readonly number[]): void {
  const own = seatNos.filter((seatNo) => work.seat(seatNo).allocation === undefined);
  if (own.length === 0) return;
  work.allocations.note(REFUNDED_SEATS, { name: REFUNDED_SEATS, reason: undefined, releaseAtMs: undefined });
  work.giveTo(REFUNDED_SEATS, own);
}

/** How far a booking is with so many more of its tickets refunded. */
function progressOf({ seats, voided }: BookingState, tickets: number): Progress {
  const before = voided?.tickets ?? 0;
  return { before, after: before + tickets, all: before + seats.length };
}
