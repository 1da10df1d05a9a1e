import { InvalidInput } from '../errors.ts';
import type { UnpaidBook } from '../hoarding/unpaid-book-rules.ts';
import type { Quote } from '../pricing/quote-rules.ts';
import { bestSeatsFor } from './best-seats-rules.ts';
import { type CodeState, openedBy } from './code-rules.ts';
import { chooseCodes } from './code-uses.ts';
import { quoteOnline } from './command-quote-rules.ts';
import type {
  BookingState,
  ConfirmCommand,
  HoldBestCommand,
  HoldCommand,
  Holding,
  InventoryCommand,
  InventoryOutcome,
  OpenSessionCommand,
  ReleaseCommand,
  UnconfirmableReason,
} from './inventory-command.ts';
import type { InventoryState, Rules, WorkResult } from './inventory-state.ts';
import { InventoryWork } from './inventory-work-rules.ts';
import { lowestPlacesFor } from './lowest-places-rules.ts';
import { refund } from './refund-rules.ts';
import { seatsPerBookingOf, seatsPerViewerOf } from './sale-limits-rules.ts';
import { allocateSeats, endAllocation } from './seat-allocation-rules.ts';
import { sell } from './sell-rules.ts';
import { leavesSingle } from './single-seat-rules.ts';

/** `outcomes`: one for each command, in the order of the commands. */
export type Allocation = WorkResult & { readonly outcomes: readonly InventoryOutcome[] };

/**
 * Decides the outcome of each command, in order of arrival, from the state that one write has read. Pure: the only
 * argument that it changes is `book`, which carries unpaid seats from one event of a write to the next. A command
 * sees the effects of the commands before it, but none of a refused one, so that no command loses a seat to a rival
 * that was refused. When an overdue hold has a wanted seat, the whole hold ends before the seat is checked.
 */
export function allocate(
  commands: readonly InventoryCommand[],
  state: InventoryState,
  rules: Rules,
  book?: UnpaidBook,
): Allocation {
  const work = new InventoryWork(state, rules, book);
  const outcomes = commands.map((command) => decide(work, command));
  return { outcomes, ...work.result() };
}

function decide(work: InventoryWork, command: InventoryCommand): InventoryOutcome {
  switch (command.kind) {
    case 'hold':
      return hold(work, command);
    case 'holdBest':
      return holdBest(work, command);
    case 'confirm':
      return confirm(work, command);
    case 'release':
      return release(work, command);
    case 'openSession':
      return openSession(work, command);
    case 'sell':
      return sell(work, command);
    case 'refund':
      return refund(work, command);
    case 'allocate':
      return allocateSeats(work, command);
    case 'endAllocation':
      return endAllocation(work, command);
  }
}

function hold(work: InventoryWork, command: HoldCommand): InventoryOutcome {
  return earlierOf(work, command) ?? newHold(work, command);
}

function holdBest(work: InventoryWork, command: HoldBestCommand): InventoryOutcome {
  const earlier = earlierOf(work, command);
  if (earlier) return earlier;
  if (command.level !== undefined && !work.rules.prices.levels.has(command.level)) return { kind: 'noLevel' };
  const codes = codesOf(work, command);
  const seatNos = 'kind' in codes ? undefined : bestSeatsFor(work, command, openedBy(codes));
  if (!seatNos) {
    // An event that is not on sale says so, whether or not it has seats.
    const closed = closedFor(work, { ...command, kind: 'hold', seatNos: [] });
    return closed ?? ('kind' in codes ? codes : { kind: 'noBestSeats', version: work.version });
  }
  const found = { ...command, kind: 'hold', seatNos, ticketTypes: seatNos.map(() => command.ticketType) } as const;
  return newHold(work, found);
}

function earlierOf(work: InventoryWork, command: Holding): InventoryOutcome | undefined {
  const earlier = work.bookingByKey(command);
  if (!earlier) return undefined;
  if (earlier.requestHash !== command.requestHash) return { kind: 'keyReused' };
  return { kind: 'held', booking: earlier, replayed: earlier.id !== command.bookingId };
}

function newHold(work: InventoryWork, command: HoldCommand): InventoryOutcome {
  const closed = closedFor(work, command);
  if (closed) return closed;
  const codes = codesOf(work, command);
  if ('kind' in codes) return codes;
  const opened = openedBy(codes);
  const placed = command.areas ? lowestPlacesFor(work, command, opened) : command;
  if (!placed) return { kind: 'noBestSeats', version: work.version };
  const quoted = quoteFor(work, placed, codes);
  if ('kind' in quoted) return quoted;
  return refusalOf(work, placed, { quoted, opened }) ?? work.hold(placed, quoted, codes);
}

const NO_CODES: readonly CodeState[] = [];

function codesOf(work: InventoryWork, { codes: given }: Holding): readonly CodeState[] | InventoryOutcome {
  if (given === undefined || given.length === 0) return NO_CODES;
  const chosen = chooseCodes(work.codes, given, work.nowMs);
  return 'invalid' in chosen ? { kind: 'codeInvalid', code: chosen.invalid } : chosen.codes;
}

function closedFor(work: InventoryWork, command: HoldCommand): InventoryOutcome | undefined {
  const { sale, nowMs, rules } = work;
  if (sale.status === 'DRAFT') return { kind: 'noEvent' };
  if (sale.planId !== command.planId || command.seatNos.some((seatNo) => rules.levelOf(seatNo) === undefined))
    return { kind: 'noSeat' };
  if (sale.status === 'CANCELLED' || nowMs >= sale.offSaleAtMs)
    return { kind: 'notOnSale', opensInMs: null, opensAtMs: null };
  if (nowMs < sale.onSaleAtMs)
    return { kind: 'notOnSale', opensInMs: sale.onSaleAtMs - nowMs, opensAtMs: sale.onSaleAtMs };
  if (sale.status === 'POSTPONED') return { kind: 'salePaused', why: 'POSTPONED' };
  if (sale.salesPaused) return { kind: 'salePaused', why: 'PAUSED' };
  const limit = seatsPerBookingOf(sale, rules.policy);
  if (countOf(command) > limit) return { kind: 'tooManySeats', limit };
  return work.book.coolingDown(command.userId, nowMs);
}

const countOf = ({ seatNos, areas }: HoldCommand): number =>
  areas ? areas.reduce((sum, { quantity }) => sum + quantity, seatNos.length) : seatNos.length;

/**
 * What the booking would cost, from the prices that were read behind the event's lock: its total is that of a quote that was
 * true at its hold.
 */
function quoteFor(work: InventoryWork, command: HoldCommand, codes: readonly CodeState[]): Quote | InventoryOutcome {
  try {
    return quoteOnline(work.rules, command, codes);
  } catch (refusal) {
    // Only this command is refused. The write goes on with the others.
    if (refusal instanceof InvalidInput) return { kind: 'notSold', message: refusal.message };
    throw refusal;
  }
}

function refusalOf(
  work: InventoryWork,
  command: HoldCommand,
  { quoted, opened }: { quoted: Quote; opened: ReadonlySet<string> },
): InventoryOutcome | undefined {
  const { sale, rules } = work;
  const limit = seatsPerViewerOf(sale, rules.policy);
  const taken = command.seatNos.filter((seatNo) => !work.isFree(seatNo, opened));
  if (taken.length > 0) return { kind: 'seatsUnavailable', seatNos: taken };
  const single = sale.orphanPolicy === 'OFF' ? undefined : leavesSingle(work, command.seatNos, opened);
  if (single) return single;
  if (command.quoteHash !== undefined && command.quoteHash !== quoted.hash)
    return { kind: 'priceChanged', quote: quoted };
  if (work.seatCountOf(command.userId) + command.seatNos.length > limit) return { kind: 'tooManySeats', limit };
  const { userId, addressKey, seatNos } = command;
  return work.book.tooMany({ userId, addressKey, eventId: sale.eventId, seats: seatNos.length }, work);
}

function confirm(work: InventoryWork, command: ConfirmCommand): InventoryOutcome {
  const booking = work.ownBooking(command.bookingId);
  if (!booking) return { kind: 'noBooking' };
  if (booking.status === 'CONFIRMED') return { kind: 'confirmed', booking, retaken: false, fresh: false };
  const reason = whyUnconfirmable(work, booking, command);
  // The money of this booking arrived before and could not be used. When it arrives again, in another message,
  // payments has forgotten that it was asked for the refund.
  const isSettled = ['PAYMENT_SUCCESS', 'REFUND_PENDING', 'REFUNDED'].includes(booking.paymentStatus);
  if (isSettled) {
    const again = reason ?? 'SEATS_TAKEN';
    return { kind: 'unconfirmable', booking: work.askForRefund(booking, again), reason: again };
  }
  if (reason) return { kind: 'unconfirmable', booking: work.turnMoneyAway(booking, reason), reason };
  const retaken = booking.status === 'EXPIRED';
  return { kind: 'confirmed', booking: work.confirm(booking, command.tickets, retaken), retaken, fresh: true };
}

function whyUnconfirmable(
  work: InventoryWork,
  booking: BookingState,
  command: ConfirmCommand,
): UnconfirmableReason | undefined {
  if (booking.status === 'FAILED') return 'BOOKING_FAILED';
  if (booking.status === 'CANCELLED' || work.sale.status === 'CANCELLED') return 'BOOKING_CANCELLED';
  if (command.amountMinor !== booking.totalMinor || command.currency !== booking.currency) return 'AMOUNT_MISMATCH';
  if (booking.status !== 'EXPIRED') return undefined;
  // Its codes opened them, and are of other bookings' use since it ended.
  const codes = (booking.codeIds ?? []).flatMap((id) => work.codes.find(id) ?? []);
  const opened = openedBy(codes);
  if (!booking.seats.every((seat) => work.isFree(seat.seatNo, opened))) return 'SEATS_TAKEN';
  if (codes.some((code) => work.codes.isUsedUp(code))) return 'CODE_USED_UP';
  // The user may have bought other seats meanwhile, so retaking these is checked like a new hold.
  const count = work.seatCountOf(booking.userId) + booking.seats.length;
  return count > seatsPerViewerOf(work.sale, work.rules.policy) ? 'TOO_MANY_SEATS' : undefined;
}

function release(work: InventoryWork, command: ReleaseCommand): InventoryOutcome {
  const booking = work.ownBooking(command.bookingId);
  if (!booking) return { kind: 'noBooking' };
  if (command.reason === 'CANCELLED') return cancel(work, booking, command.userId);
  if (command.reason === 'EVENT_CANCELLED') return endWithEvent(work, booking, command);
  if (command.reason === 'REFUNDED') {
    if (booking.status !== 'CONFIRMED') return { kind: 'kept', booking };
    return { kind: 'released', booking: work.cancel(booking), fresh: true };
  }
  if (command.reason === 'EXPIRED') {
    if (booking.status !== 'PENDING_PAYMENT' || booking.holdExpiresAtMs > work.nowMs) return { kind: 'kept', booking };
    return work.end(booking);
  }
  if (booking.status !== 'PENDING_PAYMENT') return { kind: 'kept', booking: work.notePaymentFailed(booking) };
  return { kind: 'released', booking: work.fail(booking), fresh: true };
}

function cancel(work: InventoryWork, booking: BookingState, userId: string): InventoryOutcome {
  if (booking.userId !== userId) return { kind: 'noBooking' };
  if (booking.status === 'CANCELLED') return { kind: 'released', booking, fresh: false };
  const { cancellableUntilMs: until, status } = work.sale;
  // The confirmed bookings of a cancelled event are ended for all fans alike: see `endWithEvent`.
  const isCancellable = status !== 'CANCELLED' && until !== null && work.nowMs < until;
  const isOpen = booking.status === 'PENDING_PAYMENT' || (booking.status === 'CONFIRMED' && isCancellable);
  return isOpen ? { kind: 'released', booking: work.cancel(booking), fresh: true } : { kind: 'kept', booking };
}

/** Ends a booking of a cancelled event. Repeated, it changes nothing. */
function endWithEvent(
  work: InventoryWork,
  booking: BookingState,
  { refundFees }: Extract<ReleaseCommand, { reason: 'EVENT_CANCELLED' }>,
): InventoryOutcome {
  if (work.sale.status !== 'CANCELLED') return { kind: 'kept', booking };
  const isLive = booking.status === 'PENDING_PAYMENT' || booking.status === 'CONFIRMED';
  if (!isLive) return { kind: 'released', booking, fresh: false };
  return { kind: 'released', booking: work.cancel(booking, { refundFees }), fresh: true };
}

function openSession(work: InventoryWork, command: OpenSessionCommand): InventoryOutcome {
  const booking = work.ownBooking(command.bookingId);
  if (!booking) return { kind: 'noBooking' };
  return work.openSession(booking, command.url);
}
