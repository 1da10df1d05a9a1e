import { type BookingStatus, bookingTransitions, type PaymentStatus } from '#domain/booking-status.ts';
import { applyChange, emptyStatuses, packChange } from '#domain/inventory/packed-statuses-rules.ts';
import { type SeatStatus, seatStatusCode } from '#domain/inventory/seat-status.ts';
import type { Audit } from './audit.ts';
import {
  type BookingRow,
  CHANGES,
  type InventoryRow,
  type Published,
  type SeatRow,
  type State,
} from './booking-changes.ts';
import { choiceOf, wrongChoice } from './chosen-seats.ts';
import type { History } from './history.ts';
import type { Settings } from './settings.ts';
import type { SqlServer } from './sql-server.ts';

const SEATS_AFTER: Record<string, { booking: BookingStatus; seat: SeatStatus }> = {
  BookingCreated: { booking: 'PENDING_PAYMENT', seat: 'HELD' },
  BookingConfirmed: { booking: 'CONFIRMED', seat: 'BOOKED' },
  BookingExpired: { booking: 'EXPIRED', seat: 'AVAILABLE' },
  BookingFailed: { booking: 'FAILED', seat: 'AVAILABLE' },
  BookingCancelled: { booking: 'CANCELLED', seat: 'AVAILABLE' },
  TicketsVoided: { booking: 'CONFIRMED', seat: 'AVAILABLE' },
};

/** Of no booking. */
const OF_ALLOCATIONS: Record<string, SeatStatus> = { SeatsAllocated: 'BLOCKED', SeatsOpened: 'AVAILABLE' };

/**
 * A later entry is a newer status. The list is repeated here, because a check that used the product's list would
 * share its mistakes.
 */
const NEWS: readonly PaymentStatus[] = [
  'CREATING_SESSION',
  'SESSION_CREATED',
  'PAYMENT_FAILED',
  'PAYMENT_SUCCESS',
  'REFUND_PENDING',
  'REFUNDED',
];

type EventBooks = {
  version: number;
  readonly seats: Map<number, SeatRow>;
  /** The packed map at each version since the first, as clients may have seen it. */
  readonly maps: Uint8Array[];
};

type Needs = { server: SqlServer; audit: Audit; history: History; settings: Settings; dateMs: () => number };

/**
 * Records the content of the booking database after each commit, and checks that commit. Reads it from outside, with
 * statements of its own.
 */
export class BookingBooks {
  readonly bookings = new Map<string, BookingRow>();
  readonly events = new Map<string, EventBooks>();
  readonly #statusByOutbox = new Map<string, BookingStatus>();
  readonly #seatsOf = new Map<string, readonly number[]>();
  readonly #idByKey = new Map<string, string>();
  readonly #voided = new Set<string>();
  readonly #needs: Needs;
  #next = '0';

  constructor(needs: Needs, eventIds: readonly string[]) {
    this.#needs = needs;
    for (const id of eventIds)
      this.events.set(id, { version: 0, seats: new Map(), maps: [emptyStatuses(needs.settings.seats)] });
    const before = this.#read('0');
    this.#next = before.next;
    for (const row of before.seats ?? []) this.#seeSeatBefore(row);
  }

  /** True when a message was published. */
  observe(): boolean {
    const state = this.#read(this.#next);
    this.#next = state.next;
    const published = (state.outbox ?? []).filter(({ type }) => type !== 'EventChanged');
    for (const row of state.bookings ?? []) this.#seeBooking(row);
    for (const message of published) this.#seePublished(message, published);
    for (const row of state.seats ?? []) this.#seeSeat(row);
    const ofBookings = published.filter(({ type }) => !(type in OF_ALLOCATIONS));
    const touched = new Set([...(state.bookings ?? []).map(({ id }) => id), ...ofBookings.map((one) => one.bookingId)]);
    for (const id of touched) this.#checkSeatsOf(id);
    for (const row of state.inventories ?? []) this.#checkInventory(row);
    return (state.outbox ?? []).length > 0;
  }

  #read(next: string): State {
    return this.#needs.server.look(CHANGES, [next]).rows[0]?.state as State;
  }

  #seeBooking(row: BookingRow): void {
    const { audit, history, settings } = this.#needs;
    const before = this.bookings.get(row.id);
    this.bookings.set(row.id, row);
    const name = history.name(row.id);
    const change = `${row.status} ${row.paymentStatus} v${row.version}`;
    if (!before) history.add(`booking ${name} ${change}`);
    else if (change !== `${before.status} ${before.paymentStatus} v${before.version}`)
      history.add(`booking ${name} ${change}`);
    audit.expect(
      row.totalMinor === row.linesMinor,
      'I19',
      () => `${name} costs ${row.totalMinor} and not ${row.linesMinor}`,
    );
    audit.expect(
      before !== undefined || (row.tender === 'COMPLIMENTARY' ? row.totalMinor === 0 : row.isInForce),
      'PRICE',
      () => `${name} was held at other prices than those in force`,
    );
    const key = `${row.userId} ${row.key}`;
    audit.expect((this.#idByKey.get(key) ?? row.id) === row.id, 'I13', () => `two bookings for the key of ${name}`);
    this.#idByKey.set(key, row.id);
    const { holdTtlSeconds, maxExtensionSeconds } = settings.inventory;
    const longestMs = 1000 * (holdTtlSeconds + (row.extendedMs === null ? 0 : maxExtensionSeconds));
    audit.expect(row.expiresMs - row.createdMs <= longestMs, 'I06', () => `${name} is held for too long`);
    audit.expect(
      row.status !== 'CONFIRMED' || row.paymentStatus === 'PAYMENT_SUCCESS',
      'I08',
      () => `${name} is confirmed and its payment is ${row.paymentStatus}`,
    );
    if (!before) return;
    const isOnce = before.extendedMs === null ? true : before.extendedMs === row.extendedMs;
    const isRecorded = before.expiresMs === row.expiresMs || (before.extendedMs === null && row.extendedMs !== null);
    audit.expect(isOnce && isRecorded, 'I06', () => `${name} was extended twice, or without a record`);
    const isNewer = NEWS.indexOf(row.paymentStatus) >= NEWS.indexOf(before.paymentStatus);
    audit.expect(isNewer, 'I15', () => `the payment of ${name} went back from ${before.paymentStatus}`);
    audit.expect(before.requestHash === row.requestHash, 'I13', () => `the request of ${name} changed`);
  }

  #seePublished(message: Published, all: readonly Published[]): void {
    const { audit } = this.#needs;
    const { type } = message;
    if (SEATS_AFTER[type]) this.#seeBookingPublished(message, all);
    if (type === 'HoldExtended') audit.reach('hold extended');
    if (type === 'BookingConfirmationFailed') this.#seeMoneyTurnedAway(message);
    const status = OF_ALLOCATIONS[type];
    if (!status || !this.#moveSeats(message, status)) return;
    if (type === 'SeatsOpened') audit.reach('allocation ended');
    else if (isGivenBack(message, all)) audit.reach('seats given back to their allocation');
  }

  #seeBookingPublished(message: Published, all: readonly Published[]): void {
    const { audit } = this.#needs;
    const { type, bookingId, seatNos, retaken } = message;
    const after = SEATS_AFTER[type];
    if (!after || !this.#moveSeats(message, after.seat) || seatNos === null) return;
    if (type === 'TicketsVoided') {
      this.#seeVoided(bookingId, seatNos);
      return;
    }
    this.#checkTransition(message, after.booking);
    if (type === 'BookingCreated') this.#checkChoice(message, seatNos);
    this.#seatsOf.set(bookingId, seatNos);
    if (type === 'BookingConfirmed' && retaken) audit.reach('retake');
    if (type === 'BookingConfirmed' && retaken) audit.reach('late payment');
    if (type === 'BookingExpired' && isTakenOver(message, all)) audit.reach('overdue hold taken over by a buyer');
  }

  /** The booking goes on without these seats. */
  #seeVoided(bookingId: string, seatNos: readonly number[]): void {
    const { audit, history } = this.#needs;
    const own = this.#seatsOf.get(bookingId) ?? [];
    const isOwn = seatNos.every((seatNo) => own.includes(seatNo)) && own.length > seatNos.length;
    const status = this.#statusByOutbox.get(bookingId);
    audit.expect(isOwn && status === 'CONFIRMED', 'I15', () => {
      return `tickets ${seatNos} of ${history.name(bookingId)} (${status ?? 'nothing'}, ${own}) were refunded`;
    });
    this.#seatsOf.set(
      bookingId,
      own.filter((seatNo) => !seatNos.includes(seatNo)),
    );
    for (const seatNo of seatNos) this.#voided.add(`${bookingId} ${seatNo}`);
    audit.reach('ticket refunded');
  }

  #checkChoice({ bookingId, eventId }: Published, seatNos: readonly number[]): void {
    const { audit, history, settings } = this.#needs;
    const [event, booking] = [this.events.get(eventId), this.bookings.get(bookingId)];
    const before = event?.maps[event.version - 1];
    if (!booking || !before) return;
    const choice = choiceOf(booking, { seatNos, before, seats: settings.seats });
    if (choice.isOfPlaces) audit.reach('places of general admission held');
    const wrong = wrongChoice(choice);
    if (wrong) audit.broken(wrong.id, `${history.name(bookingId)}: ${wrong.what}`);
  }

  /** False for a message of no event. */
  #moveSeats({ bookingId, eventId, version, seatNos }: Published, status: SeatStatus): boolean {
    const { audit, history } = this.#needs;
    const event = this.events.get(eventId);
    if (!event || version === null || seatNos === null) {
      audit.broken('I16', `${history.name(bookingId)} is of no event, or moves no seats`);
      return false;
    }
    audit.expect(version === event.version + 1, 'I16', () => `version ${version} follows ${event.version}`);
    event.version = version;
    const map = (event.maps.at(-1) ?? new Uint8Array()).slice();
    for (const seatNo of seatNos) applyChange(map, packChange(seatNo, seatStatusCode[status]));
    event.maps[version] = map;
    return true;
  }

  #seeMoneyTurnedAway({ reason }: Published): void {
    if (reason === 'SEATS_TAKEN') this.#needs.audit.reach('late payment');
    if (reason === 'BOOKING_CANCELLED' || reason === 'BOOKING_FAILED') this.#needs.audit.reach('late payment');
  }

  #checkTransition({ bookingId, type }: Published, to: BookingStatus): void {
    const { audit, history, dateMs } = this.#needs;
    const from = this.#statusByOutbox.get(bookingId);
    this.#statusByOutbox.set(bookingId, to);
    const isSold = (this.bookings.get(bookingId)?.tender ?? null) !== null;
    const first: BookingStatus = isSold ? 'CONFIRMED' : 'PENDING_PAYMENT';
    const legal: readonly BookingStatus[] = from === undefined ? [first] : bookingTransitions[from];
    if (isSold) audit.expect(from === undefined, 'I15', () => `${history.name(bookingId)} was sold and changed`);
    audit.expect(legal.includes(to), 'I15', () => `${history.name(bookingId)} went from ${from ?? 'nothing'} to ${to}`);
    if (to === 'CANCELLED' && from === 'CONFIRMED') audit.reach('confirmed booking cancelled');
    const expiresMs = this.bookings.get(bookingId)?.expiresMs ?? 0;
    audit.expect(
      type !== 'BookingExpired' || expiresMs <= dateMs() + 1,
      'H1',
      () => `${history.name(bookingId)} lost its seats ${expiresMs - dateMs()} ms too early`,
    );
  }

  /** A seat that is BLOCKED from the beginning. */
  #seeSeatBefore(row: SeatRow): void {
    const event = this.events.get(row.eventId);
    event?.seats.set(row.seatNo, row);
    const [map] = event?.maps ?? [];
    if (map) applyChange(map, packChange(row.seatNo, seatStatusCode[row.status]));
  }

  #seeSeat(row: SeatRow): void {
    const { audit, history } = this.#needs;
    const seats = this.events.get(row.eventId)?.seats;
    const before = seats?.get(row.seatNo);
    seats?.set(row.seatNo, row);
    const owner = row.bookingId === null ? undefined : this.bookings.get(row.bookingId);
    const seat = `seat ${row.seatNo}`;
    if (row.status === 'HELD') {
      const isRight = owner?.status === 'PENDING_PAYMENT' && owner.expiresMs === row.expiresMs;
      audit.expect(isRight, 'I02', () => `${seat} is held for a booking that is ${owner?.status} with another expiry`);
    } else if (row.status === 'BOOKED')
      audit.expect(owner?.status === 'CONFIRMED', 'I02', () => `${seat} is booked by one that is ${owner?.status}`);
    else audit.expect(row.bookingId === null, 'I02', () => `${seat} is ${row.status} and has an owner`);
    this.#checkAllocation(row, owner);
    if (!before?.bookingId || before.bookingId === row.bookingId) return;
    const loser = this.bookings.get(before.bookingId)?.status;
    const isRefunded = this.#voided.has(`${before.bookingId} ${row.seatNo}`);
    const isOver = isRefunded || (loser !== 'PENDING_PAYMENT' && loser !== 'CONFIRMED');
    audit.expect(isOver, before.status === 'BOOKED' ? 'I01' : 'H1', () => {
      return `${seat} was taken from ${history.name(before.bookingId ?? '')}, which is ${loser}`;
    });
  }

  #checkAllocation({ seatNo, status, allocation }: SeatRow, owner: BookingRow | undefined): void {
    if (allocation === null) return;
    const { audit } = this.#needs;
    const isSold = (owner?.tender ?? null) !== null;
    const isKept = status !== 'AVAILABLE' && (!owner || owner.hasCodes || isSold);
    audit.expect(isKept, 'I26', () => `seat ${seatNo} of ${allocation} is ${status}, and its booking has no code`);
    if (owner?.hasCodes) audit.reach('seats of an allocation held with a code');
    if (isSold) audit.reach('seats of an allocation sold at the box office');
  }

  #checkSeatsOf(bookingId: string): void {
    const { audit, history } = this.#needs;
    const booking = this.bookings.get(bookingId);
    const seats = booking && this.events.get(booking.eventId)?.seats;
    if (!booking || !seats) {
      audit.broken('I16', `${history.name(bookingId)} was published and does not exist`);
      return;
    }
    const published = this.#statusByOutbox.get(bookingId);
    audit.expect(published === booking.status, 'I16', () => {
      return `${history.name(bookingId)} is ${booking.status} and published as ${published ?? 'nothing'}`;
    });
    const wanted = { PENDING_PAYMENT: 'HELD', CONFIRMED: 'BOOKED' }[booking.status as string];
    for (const seatNo of this.#seatsOf.get(bookingId) ?? []) {
      const seat = seats.get(seatNo);
      const isOurs = seat?.bookingId === bookingId;
      audit.expect(wanted ? isOurs && seat.status === wanted : !isOurs, 'I03', () => {
        return `seat ${seatNo} of ${history.name(bookingId)} (${booking.status}) is ${seat?.status ?? 'free'}`;
      });
    }
  }

  #checkInventory(row: InventoryRow): void {
    const { audit } = this.#needs;
    const event = this.events.get(row.eventId);
    if (!event) return;
    audit.expect(event.version === row.version, 'I16', () => `version ${row.version}, published ${event.version}`);
    const counts = { HELD: 0, BOOKED: 0, AVAILABLE: 0, BLOCKED: 0 };
    for (const { status } of event.seats.values()) counts[status] += 1;
    const isRight =
      counts.HELD === row.held &&
      counts.BOOKED === row.booked &&
      counts.BLOCKED === row.blocked &&
      row.available + row.held + row.booked + row.blocked === row.capacity;
    audit.expect(isRight, 'I04', () => `counted ${JSON.stringify(counts)}, kept ${JSON.stringify(row)}`);
  }
}

/** By the end of a booking, and not by the organizer. */
const isGivenBack = ({ seatNos }: Published, all: readonly Published[]): boolean =>
  all.some(
    ({ type, seatNos: own }) => SEATS_AFTER[type]?.seat === 'AVAILABLE' && own?.some((no) => seatNos?.includes(no)),
  );

const isTakenOver = ({ seatNos }: Published, all: readonly Published[]): boolean =>
  all.some((other) => other.type === 'BookingCreated' && other.seatNos?.some((seatNo) => seatNos?.includes(seatNo)));
