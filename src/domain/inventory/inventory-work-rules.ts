import type { HoardingPolicy } from '../hoarding/hoarding-policy-rules.ts';
import { UnpaidBook } from '../hoarding/unpaid-book-rules.ts';
import { paymentStatusAfter } from '../payment-status-rules.ts';
import { type Prices, type Quote, quote } from '../pricing/quote-rules.ts';
import { chargesOfQuote, seatsOfQuote } from '../pricing/stored-line-rules.ts';
import type { Hall } from './block-search-rules.ts';
import type {
  BookingState,
  EventSale,
  HoldCommand,
  InventoryOutcome,
  NewTicket,
  SeatState,
  Transition,
  UnconfirmableReason,
} from './inventory-command.ts';
import { holdSecondsOf } from './sale-limits-rules.ts';
import type { SeatStatus } from './seat-status.ts';

/** The first three are for events without a setting of their own. */
export type InventoryPolicy = {
  readonly holdTtlSeconds: number;
  readonly maxSeatsPerBooking: number;
  /** Seats of one user at one event, in bookings that are PENDING_PAYMENT or CONFIRMED. */
  readonly maxSeatsPerEvent: number;
  /** The longest extension of a hold. A hold is extended once, when the delay was our fault. Default 120. */
  readonly maxExtensionSeconds?: number;
  /** What one caller may hold unpaid. Undefined: there is no such limit. */
  readonly hoarding?: HoardingPolicy | undefined;
};

/** What one write reads once it has the event's lock. Seats that are not listed are AVAILABLE. */
export type InventoryState = {
  readonly nowMs: number;
  readonly version: number;
  /** All seats of the event. */
  readonly capacity: number;
  readonly sale: EventSale;
  readonly seats: ReadonlyMap<number, SeatState>;
  /** By seat of the plan: 1 for a seat that is not AVAILABLE. Only read when a command wants the best seats. */
  readonly taken?: Uint8Array | undefined;
  /**
   * The bookings that commands name, those with an overdue hold on a wanted seat, and those made with a command's
   * key.
   */
  readonly bookings: ReadonlyMap<string, BookingState>;
  /** By `keyOf`. */
  readonly bookingIdByKey: ReadonlyMap<string, string>;
  /** Seats in PENDING_PAYMENT and CONFIRMED bookings of this event. */
  readonly seatCountByUser: ReadonlyMap<string, number>;
};

export type Rules = {
  readonly policy: InventoryPolicy;
  /** The key of the seat's price level; undefined for a seat that the event does not sell. */
  readonly levelOf: (seatNo: number) => string | undefined;
  /** The price list in force. */
  readonly prices: Prices;
  /** Needed by commands that want the best seats. */
  readonly hall?: Hall;
};

/** What the write has to store in the database. */
export type WorkResult = {
  readonly transitions: readonly Transition[];
  /** Before the commands, and after them. */
  readonly versionBefore: number;
  readonly version: number;
  readonly seats: ReadonlyMap<number, SeatState>;
  readonly created: readonly BookingState[];
  readonly updated: ReadonlyMap<string, BookingState>;
  readonly tickets: readonly { readonly bookingId: string; readonly tickets: readonly NewTicket[] }[];
  readonly voidedTicketsOf: readonly string[];
};

export const AVAILABLE: SeatState = { status: 'AVAILABLE', bookingId: null, holdExpiresAtMs: null };

export const keyOf = (userId: string, idempotencyKey: string): string => `${userId} ${idempotencyKey}`;

const DEFAULT_EXTENSION_SECONDS = 120;

/** The state of one event while the commands are decided one by one. */
export class InventoryWork {
  readonly rules: Rules;
  readonly sale: EventSale;
  readonly nowMs: number;
  readonly capacity: number;
  readonly book: UnpaidBook;
  #version: number;
  readonly #before: InventoryState;
  readonly #seats = new Map<number, SeatState>();
  readonly #created = new Map<string, BookingState>();
  readonly #updated = new Map<string, BookingState>();
  readonly #idByKey = new Map<string, string>();
  readonly #seatCounts = new Map<string, number>();
  readonly #transitions: Transition[] = [];
  readonly #tickets: { bookingId: string; tickets: readonly NewTicket[] }[] = [];
  readonly #voided: string[] = [];

  /** @param book is passed from event to event within one write */
  constructor(state: InventoryState, rules: Rules, book = new UnpaidBook(rules.policy.hoarding)) {
    this.book = book;
    this.capacity = state.capacity;
    this.#before = state;
    this.rules = rules;
    this.sale = state.sale;
    this.nowMs = state.nowMs;
    this.#version = state.version;
  }

  result(): WorkResult {
    return {
      transitions: this.#transitions,
      versionBefore: this.#before.version,
      version: this.#version,
      seats: this.#seats,
      created: [...this.#created.values()],
      updated: this.#updated,
      tickets: this.#tickets,
      voidedTicketsOf: this.#voided,
    };
  }

  /** With the commands so far. */
  get version(): number {
    return this.#version;
  }

  booking(id: string): BookingState | undefined {
    return this.#created.get(id) ?? this.#updated.get(id) ?? this.#before.bookings.get(id);
  }

  /**
   * A command may only name a booking of its own event. Bookings of other events are known here as well: those found
   * by a key, and those read for other events of the same write.
   */
  ownBooking(id: string): BookingState | undefined {
    const booking = this.booking(id);
    return booking?.eventId === this.sale.eventId ? booking : undefined;
  }

  bookingByKey(of: { userId: string; idempotencyKey: string }): BookingState | undefined {
    const key = keyOf(of.userId, of.idempotencyKey);
    const id = this.#idByKey.get(key) ?? this.#before.bookingIdByKey.get(key);
    return id === undefined ? undefined : this.booking(id);
  }

  seatCountOf(userId: string): number {
    return (this.#before.seatCountByUser.get(userId) ?? 0) + (this.#seatCounts.get(userId) ?? 0);
  }

  /** If an overdue hold has the seat, ends the whole hold first. */
  isFree(seatNo: number): boolean {
    const seat = this.#seat(seatNo);
    if (seat.status !== 'HELD' || seat.bookingId === null || (seat.holdExpiresAtMs ?? 0) > this.nowMs)
      return seat.status === 'AVAILABLE';
    const overdue = this.booking(seat.bookingId);
    return overdue !== undefined && this.end(overdue).kind === 'released';
  }

  /** Unlike `isFree` this changes nothing: a seat of an overdue hold is not open until that hold has ended. */
  isOpen(seatNo: number): boolean {
    const seat = this.#seats.get(seatNo) ?? this.#before.seats.get(seatNo);
    return seat ? seat.status === 'AVAILABLE' : this.#before.taken?.[seatNo] !== 1;
  }

  /** @throws InvalidInput when the price list does not sell these tickets */
  quoteOf({ seatNos, ticketTypes }: HoldCommand): Quote {
    const { levelOf, prices } = this.rules;
    const lines = seatNos.map((seat, index) => ({
      seat,
      level: levelOf(seat) ?? '',
      ticketType: ticketTypes?.[index],
    }));
    return quote(prices, { lines });
  }

  hold(command: HoldCommand, quoted: Quote): InventoryOutcome {
    const seats = seatsOfQuote(quoted);
    const { feeMinor, charges } = chargesOfQuote(quoted);
    const version = this.#nextVersion();
    const booking: BookingState = {
      id: command.bookingId,
      userId: command.userId,
      eventId: this.sale.eventId,
      status: 'PENDING_PAYMENT',
      totalMinor: quoted.totalMinor,
      feeMinor,
      charges,
      currency: this.sale.currency,
      holdExpiresAtMs: this.nowMs + holdSecondsOf(this.sale, this.rules.policy) * 1000,
      holdExtendedAtMs: null,
      idempotencyKey: command.idempotencyKey,
      requestHash: command.requestHash,
      paymentStatus: 'CREATING_SESSION',
      paymentUrl: null,
      refundedMinor: null,
      version,
      createdAtMs: this.nowMs,
      confirmedAtMs: null,
      releasedAtMs: null,
      seats,
    };
    this.#created.set(booking.id, booking);
    this.book.hold(booking, command.addressKey);
    this.#idByKey.set(keyOf(booking.userId, booking.idempotencyKey), booking.id);
    this.#count(booking, 1);
    this.#move(booking, 'HELD');
    this.#transitions.push({ type: 'held', booking, version });
    return { kind: 'held', booking, replayed: false };
  }

  confirm(before: BookingState, tickets: readonly NewTicket[], retaken: boolean): BookingState {
    const version = this.#nextVersion();
    const booking = this.#update(before, {
      status: 'CONFIRMED',
      paymentStatus: 'PAYMENT_SUCCESS',
      confirmedAtMs: this.nowMs,
      version,
    });
    if (retaken) this.#count(booking, 1);
    this.book.pay(before);
    this.#move(booking, 'BOOKED');
    this.#tickets.push({ bookingId: booking.id, tickets });
    this.#transitions.push({ type: 'confirmed', booking, version, retaken });
    return booking;
  }

  /** The payment is over, so a booking that still waits for it fails. */
  turnMoneyAway(before: BookingState, reason: UnconfirmableReason): BookingState {
    const paid = this.#update(before, { paymentStatus: 'PAYMENT_SUCCESS' });
    return this.askForRefund(paid.status === 'PENDING_PAYMENT' ? this.fail(paid) : paid, reason);
  }

  askForRefund(booking: BookingState, reason: UnconfirmableReason): BookingState {
    this.#transitions.push({ type: 'unconfirmable', booking, reason });
    return booking;
  }

  fail(before: BookingState): BookingState {
    const version = this.#nextVersion();
    const paymentStatus = paymentStatusAfter(before.paymentStatus, 'PAYMENT_FAILED');
    const booking = this.#release(before, { status: 'FAILED', paymentStatus, version });
    this.#transitions.push({ type: 'failed', booking, version });
    return booking;
  }

  notePaymentFailed(before: BookingState): BookingState {
    const paymentStatus = paymentStatusAfter(before.paymentStatus, 'PAYMENT_FAILED');
    return paymentStatus === before.paymentStatus ? before : this.#update(before, { paymentStatus });
  }

  cancel(before: BookingState): BookingState {
    const version = this.#nextVersion();
    const refundDue = before.status === 'CONFIRMED';
    const released = refundDue ? { releasedAtMs: this.nowMs } : {};
    const booking = this.#release(before, { status: 'CANCELLED', version, ...released });
    if (refundDue) this.#voided.push(booking.id);
    this.#transitions.push({ type: 'cancelled', booking, version, refundDue });
    return booking;
  }

  /**
   * Ends an overdue hold. When its payment session is not open yet, which is our fault, the hold gets more time
   * instead, once.
   */
  end(before: BookingState): InventoryOutcome {
    const extendedMs = before.holdExpiresAtMs + this.#extensionSeconds() * 1000;
    if (before.paymentStatus === 'CREATING_SESSION' && before.holdExtendedAtMs === null && extendedMs > this.nowMs)
      return { kind: 'extended', booking: this.#extend(before, extendedMs, {}) };
    const version = this.#nextVersion();
    const booking = this.#release(before, { status: 'EXPIRED', version });
    this.#transitions.push({ type: 'expired', booking, version });
    return { kind: 'released', booking, fresh: true };
  }

  openSession(before: BookingState, url: string): InventoryOutcome {
    const opened =
      paymentStatusAfter(before.paymentStatus, 'SESSION_CREATED') === before.paymentStatus
        ? {}
        : { paymentStatus: 'SESSION_CREATED' as const, paymentUrl: url };
    const lateMs = Math.min(this.nowMs - before.createdAtMs, this.#extensionSeconds() * 1000);
    if (before.status === 'PENDING_PAYMENT' && before.holdExtendedAtMs === null && lateMs > 0)
      return { kind: 'extended', booking: this.#extend(before, before.holdExpiresAtMs + lateMs, opened) };
    return { kind: 'kept', booking: this.#update(before, opened) };
  }

  #extend(before: BookingState, holdExpiresAtMs: number, also: Partial<BookingState>): BookingState {
    const booking = this.#update(before, { ...also, holdExpiresAtMs, holdExtendedAtMs: this.nowMs });
    this.#move(booking, 'HELD');
    this.#transitions.push({ type: 'extended', booking });
    return booking;
  }

  #extensionSeconds(): number {
    return this.rules.policy.maxExtensionSeconds ?? DEFAULT_EXTENSION_SECONDS;
  }

  #release(before: BookingState, change: Partial<BookingState>): BookingState {
    const booking = this.#update(before, change);
    this.#count(booking, -1);
    this.book.end(before, booking, this.nowMs);
    this.#move(booking, 'AVAILABLE');
    return booking;
  }

  #update(before: BookingState, change: Partial<BookingState>): BookingState {
    const booking = { ...before, ...change };
    (this.#created.has(booking.id) ? this.#created : this.#updated).set(booking.id, booking);
    return booking;
  }

  #move(booking: BookingState, status: SeatStatus): void {
    const seat: SeatState =
      status === 'AVAILABLE'
        ? AVAILABLE
        : { status, bookingId: booking.id, holdExpiresAtMs: status === 'HELD' ? booking.holdExpiresAtMs : null };
    for (const { seatNo } of booking.seats) this.#seats.set(seatNo, seat);
  }

  #count(booking: BookingState, sign: 1 | -1): void {
    this.#seatCounts.set(booking.userId, (this.#seatCounts.get(booking.userId) ?? 0) + sign * booking.seats.length);
  }

  #seat(seatNo: number): SeatState {
    return this.#seats.get(seatNo) ?? this.#before.seats.get(seatNo) ?? AVAILABLE;
  }

  #nextVersion(): number {
    this.#version += 1;
    return this.#version;
  }
}
