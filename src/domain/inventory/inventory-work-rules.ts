import { UnpaidBook } from '../hoarding/unpaid-book-rules.ts';
import { paymentStatusAfter } from '../payment-status-rules.ts';
import type { Quote } from '../pricing/quote-rules.ts';
import type { FeeChoice } from '../pricing/refund-split-rules.ts';
import type { SplitLine } from '../pricing/split-line.ts';
import { seatsOfQuote } from '../pricing/stored-line-rules.ts';
import { AllocationNotes } from './allocation-notes.ts';
import type { Hall } from './block-search-rules.ts';
import { endOf, type Voiding, without } from './booking-end-rules.ts';
import type { CodeState } from './code-rules.ts';
import { CodeUses } from './code-uses.ts';
import type { FreeSeats } from './free-seats-rules.ts';
import type {
  BookingState,
  EventSale,
  HoldCommand,
  InventoryOutcome,
  NewTicket,
  SeatState,
  SellCommand,
  Transition,
  UnconfirmableReason,
} from './inventory-command.ts';
import type { InventoryState, Rules, WorkResult } from './inventory-state.ts';
import { heldBooking, type Moment, soldBooking } from './new-booking-rules.ts';
import { OpenSeats } from './open-seats-rules.ts';
import type { RefundNote } from './refund-command.ts';
import { RefundNotes } from './refund-notes.ts';
import { keyOf } from './request-key-rules.ts';
import { AVAILABLE, allocated, isFreeFor, type Opened } from './seat-state-rules.ts';
import type { SeatStatus } from './seat-status.ts';

const DEFAULT_EXTENSION_SECONDS = 120;
/** A section of thousands of seats is announced in parts, which fit into every queue. */
const MOST_SEATS_OF_A_MESSAGE = 2_000;
const NO_CODES: readonly CodeState[] = [];
const ALL_FEES: FeeChoice = { refundFees: true };

/** The state of one event while the commands are decided one by one. */
export class InventoryWork {
  readonly rules: Rules;
  readonly sale: EventSale;
  readonly nowMs: number;
  readonly capacity: number;
  readonly book: UnpaidBook;
  readonly codes: CodeUses;
  readonly allocations: AllocationNotes;
  readonly refunds: RefundNotes;
  #version: number;
  readonly #before: InventoryState;
  readonly #seats = new Map<number, SeatState>();
  readonly #open: OpenSeats;
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
    this.codes = new CodeUses(state.codes);
    this.allocations = new AllocationNotes(state.releaseAtMs);
    this.refunds = new RefundNotes(state.refundByKey);
    this.capacity = state.capacity;
    this.#before = state;
    this.#open = new OpenSeats(state, this.#seats);
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
      refunds: this.refunds.made,
      codeUses: this.codes.changes,
      allocations: this.allocations.changes,
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
    return this.booking(this.#idByKey.get(key) ?? this.#before.bookingIdByKey.get(key) ?? '');
  }

  seatCountOf(userId: string): number {
    return (this.#before.seatCountByUser.get(userId) ?? 0) + (this.#seatCounts.get(userId) ?? 0);
  }

  /**
   * If an overdue hold has the seat, ends the whole hold first.
   *
   * @param opened the allocations whose seats count as free
   */
  isFree(seatNo: number, opened?: Opened): boolean {
    const seat = this.seat(seatNo);
    if (seat.status !== 'HELD' || seat.bookingId === null || (seat.holdExpiresAtMs ?? 0) > this.nowMs)
      return isFreeFor(seat, opened);
    const overdue = this.booking(seat.bookingId);
    return overdue !== undefined && this.end(overdue).kind === 'released' && isFreeFor(this.seat(seatNo), opened);
  }

  /** Unlike `isFree` this changes nothing: a seat of an overdue hold is not open until that hold has ended. */
  isOpen(seatNo: number, opened?: Opened): boolean {
    const seat = this.#seats.get(seatNo) ?? this.#before.seats.get(seatNo);
    return seat ? isFreeFor(seat, opened) : (this.#before.free?.isFree(seatNo) ?? true);
  }

  /** The seats for which `isOpen` is true, for a search through the hall. They may be read until the next command. */
  openSeats(hall: Hall, opened: ReadonlySet<string>): FreeSeats {
    return this.#open.in(hall, opened);
  }

  #change(seatNo: number, seat: SeatState): void {
    this.#seats.set(seatNo, seat);
    this.#open.set(seatNo, seat);
  }

  /** With the commands so far. */
  seat(seatNo: number): SeatState {
    return this.#seats.get(seatNo) ?? this.#before.seats.get(seatNo) ?? AVAILABLE;
  }

  /** The seats of an allocation, with the commands so far. */
  seatsOf(allocation: string): number[] {
    const known = new Set([...this.#before.seats.keys(), ...this.#seats.keys()]);
    return [...known].filter((seatNo) => this.seat(seatNo).allocation === allocation);
  }

  hold(command: HoldCommand, quoted: Quote, codes: readonly CodeState[] = NO_CODES): InventoryOutcome {
    const seats = seatsOfQuote(quoted);
    const booking = heldBooking(command, { quoted, seats }, this.#nowAtEvent(), codes);
    this.#create(booking);
    this.codes.count(booking, 1);
    this.book.hold(booking, command.addressKey);
    this.#move(booking, 'HELD');
    this.#transitions.push({ type: 'held', booking, version: booking.version });
    return { kind: 'held', booking, replayed: false };
  }

  /** Is paid already, so it counts for no limit on what is unpaid. */
  sell(command: SellCommand, quoted: Quote): InventoryOutcome {
    const booking = soldBooking(command, { quoted, seats: seatsOfQuote(quoted) }, this.#nowAtEvent());
    this.#create(booking);
    this.#move(booking, 'BOOKED');
    const tickets = booking.seats.map(({ seatNo }) => command.ticketFor(seatNo));
    this.#tickets.push({ bookingId: booking.id, tickets });
    this.#transitions.push({ type: 'confirmed', booking, version: booking.version, retaken: false });
    return { kind: 'sold', booking, replayed: false };
  }

  #nowAtEvent(): Moment {
    return { sale: this.sale, policy: this.rules.policy, nowMs: this.nowMs, version: this.#nextVersion() };
  }

  #create(booking: BookingState): void {
    this.#created.set(booking.id, booking);
    this.#idByKey.set(keyOf(booking.userId, booking.idempotencyKey), booking.id);
    this.#count(booking, 1);
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
    if (retaken) this.codes.count(booking, 1);
    this.book.pay(before);
    this.#move(booking, 'BOOKED');
    this.#tickets.push({ bookingId: booking.id, tickets });
    this.#transitions.push({ type: 'confirmed', booking, version, retaken });
    return booking;
  }

  /** The payment is over, so a booking that still waits for it fails. */
  turnMoneyAway(before: BookingState, reason: UnconfirmableReason): BookingState {
    const paid = this.#update(before, { paymentStatus: 'PAYMENT_SUCCESS' });
    if (paid.status !== 'PENDING_PAYMENT') return this.askForRefund(paid, reason);
    return this.askForRefund(reason === 'BOOKING_CANCELLED' ? this.cancel(paid) : this.fail(paid), reason);
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
    this.#giveBack(booking);
    return booking;
  }

  notePaymentFailed(before: BookingState): BookingState {
    const paymentStatus = paymentStatusAfter(before.paymentStatus, 'PAYMENT_FAILED');
    return paymentStatus === before.paymentStatus ? before : this.#update(before, { paymentStatus });
  }

  /** The money of a sale at the box office is paid back by hand. */
  cancel(before: BookingState, choice: FeeChoice = ALL_FEES, also: Partial<BookingState> = {}): BookingState {
    const version = this.#nextVersion();
    const wasConfirmed = before.status === 'CONFIRMED';
    const released = wasConfirmed ? { releasedAtMs: this.nowMs } : {};
    const booking = this.#release(before, { ...also, status: 'CANCELLED', version, ...released });
    if (wasConfirmed) this.#voided.push(booking.id);
    const refundDue = wasConfirmed && !booking.sale;
    const amounts = refundDue ? endOf(booking, choice) : { dueMinor: 0 };
    this.#transitions.push({ type: 'cancelled', booking, version, refundDue, ...amounts });
    this.#giveBack(booking);
    return booking;
  }

  /** Voids the tickets of some of its seats, which are free from now on. The others stay as they are. */
  voidSeats(before: BookingState, voiding: Voiding, also: Partial<BookingState>): BookingState {
    const version = this.#nextVersion();
    const { seats, refund, split } = voiding;
    const booking = this.#update(before, { ...also, version, ...without(before, voiding) });
    const gone = { ...booking, seats };
    this.#count(gone, -1);
    this.#move(gone, 'AVAILABLE');
    const back = refund.status === 'PENDING' ? { back: { refund, split } } : {};
    this.#transitions.push({ type: 'voided', booking, seats, version, ...back });
    this.#giveBack(gone);
    return booking;
  }

  repay(booking: BookingState, refund: RefundNote, split: readonly SplitLine[]): void {
    this.#transitions.push({ type: 'repaid', booking, refund, split });
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
    this.#giveBack(booking);
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
    // A booking that was paid has used its codes for good.
    if (before.confirmedAtMs === null) this.codes.count(booking, -1);
    this.book.end(before, booking, this.nowMs);
    this.#move(booking, 'AVAILABLE');
    return booking;
  }

  #update(before: BookingState, change: Partial<BookingState>): BookingState {
    const booking = { ...before, ...change };
    (this.#created.has(booking.id) ? this.#created : this.#updated).set(booking.id, booking);
    return booking;
  }

  /** A seat keeps its allocation, to which a release gives it back. */
  #move(booking: BookingState, status: SeatStatus): void {
    const seat: SeatState =
      status === 'AVAILABLE'
        ? AVAILABLE
        : { status, bookingId: booking.id, holdExpiresAtMs: status === 'HELD' ? booking.holdExpiresAtMs : null };
    for (const { seatNo } of booking.seats) {
      const { allocation } = this.seat(seatNo);
      this.#change(seatNo, allocation === undefined ? seat : allocated(seat, allocation));
    }
  }

  /** The message of a released booking says that its seats are free, so those of an allocation need one more. */
  #giveBack({ seats }: BookingState): void {
    const own = seats.filter(({ seatNo }) => this.seat(seatNo).allocation !== undefined);
    for (const [allocation, those] of Map.groupBy(own, ({ seatNo }) => this.seat(seatNo).allocation ?? ''))
      this.#tell({ allocation, seatNos: those.map(({ seatNo }) => seatNo) });
  }

  /** Gives seats to an allocation, or to the public: those that belong to no booking become BLOCKED, or AVAILABLE. */
  giveTo(allocation: string | undefined, seatNos: readonly number[]): void {
    const moved: number[] = [];
    for (const seatNo of seatNos) {
      const { allocation: _before, ...seat } = this.seat(seatNo);
      const hasBooking = seat.bookingId !== null;
      const free = allocation === undefined ? AVAILABLE : allocated(AVAILABLE, allocation);
      this.#change(seatNo, hasBooking ? { ...seat, ...(allocation !== undefined && { allocation }) } : free);
      if (!hasBooking) moved.push(seatNo);
    }
    for (let from = 0; from < moved.length; from += MOST_SEATS_OF_A_MESSAGE)
      this.#tell({ allocation, seatNos: moved.slice(from, from + MOST_SEATS_OF_A_MESSAGE) });
  }

  #tell({ allocation, seatNos }: { allocation: string | undefined; seatNos: readonly number[] }): void {
    const version = this.#nextVersion();
    this.#transitions.push(
      allocation === undefined
        ? { type: 'opened', seatNos, version }
        : { type: 'allocated', seatNos, allocation, version },
    );
  }

  #count(booking: BookingState, sign: 1 | -1): void {
    this.#seatCounts.set(booking.userId, (this.#seatCounts.get(booking.userId) ?? 0) + sign * booking.seats.length);
  }

  #nextVersion(): number {
    return ++this.#version;
  }
}
