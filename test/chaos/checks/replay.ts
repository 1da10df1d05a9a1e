import {
  applyChange,
  emptyStatuses,
  type PackedStatuses,
  packChange,
} from '#domain/inventory/packed-statuses-rules.ts';
import { type SeatStatus, seatStatusCode } from '#domain/inventory/seat-status.ts';
import type { TransitionFact } from './facts.ts';

type Owner = { readonly status: SeatStatus; readonly booking: string };

const statusAfter: Record<string, SeatStatus> = {
  BookingCreated: 'HELD',
  BookingConfirmed: 'BOOKED',
  BookingExpired: 'AVAILABLE',
  BookingFailed: 'AVAILABLE',
  BookingCancelled: 'AVAILABLE',
  TicketsVoided: 'AVAILABLE',
};

/** Moves of seats that belong to no booking. */
const ofAllocations: Record<string, SeatStatus> = { SeatsAllocated: 'BLOCKED', SeatsOpened: 'AVAILABLE' };

/** An event's seats, taken through its transitions one version after the other, starting with all AVAILABLE. */
export class EventReplay {
  readonly statuses: PackedStatuses;
  readonly seatCount: number;
  version = 0;
  readonly #seats = new Map<number, Owner>();
  readonly #ended = new Map<string, string>();
  readonly #seatsOfUser = new Map<string, number>();

  constructor(seatCount: number) {
    this.seatCount = seatCount;
    this.statuses = emptyStatuses(seatCount);
  }

  seatsOf(user: string): number {
    return this.#seatsOfUser.get(user) ?? 0;
  }

  /** Returns the error of this step, if there is one; the step is taken all the same. */
  take(transition: TransitionFact): string | undefined {
    const wrong = this.#judge(transition);
    const { type, booking, user, seats, version } = transition;
    const moved = ofAllocations[type];
    if (moved) {
      for (const seatNo of seats) applyChange(this.statuses, packChange(seatNo, seatStatusCode[moved]));
      this.version = version;
      return wrong;
    }
    const status = statusAfter[type] ?? 'AVAILABLE';
    const had = seats.filter((seatNo) => this.#seats.get(seatNo)?.booking === booking).length;
    this.#seatsOfUser.set(user, this.seatsOf(user) - had + (status === 'AVAILABLE' ? 0 : seats.length));
    for (const seatNo of seats) {
      if (status === 'AVAILABLE') this.#seats.delete(seatNo);
      else this.#seats.set(seatNo, { status, booking });
      applyChange(this.statuses, packChange(seatNo, seatStatusCode[status]));
    }
    if (status === 'AVAILABLE' && type !== 'TicketsVoided') this.#ended.set(booking, type);
    this.version = version;
    return wrong;
  }

  #judge({ type, booking, seats, version, isSale }: TransitionFact): string | undefined {
    const about = `version ${version}, ${type} of ${booking}`;
    if (version !== this.version + 1) return `${about}, follows version ${this.version}`;
    for (const seatNo of seats) {
      const owner = this.#seats.get(seatNo);
      if (!(isSale ? this.#isFirst(type, booking, owner) : this.#isLegal(type, booking, owner)))
        return `${about}: seat ${seatNo} was ${owner ? `${owner.status} by ${owner.booking}` : 'AVAILABLE'}`;
    }
    return undefined;
  }

  /** The box office sells a free seat in one step. */
  #isFirst(type: string, booking: string, owner: Owner | undefined): boolean {
    return type === 'BookingConfirmed' && owner === undefined && !this.#ended.has(booking);
  }

  #isLegal(type: string, booking: string, owner: Owner | undefined): boolean {
    const isOwn = owner?.booking === booking;
    switch (type) {
      case 'BookingCreated':
        return owner === undefined && !this.#ended.has(booking);
      case 'BookingConfirmed':
        return owner ? isOwn && owner.status === 'HELD' : this.#ended.get(booking) === 'BookingExpired';
      case 'BookingExpired':
      case 'BookingFailed':
        return isOwn && owner.status === 'HELD';
      case 'TicketsVoided':
        return isOwn && owner.status === 'BOOKED';
      case 'BookingCancelled':
        return isOwn;
      case 'SeatsAllocated':
      case 'SeatsOpened':
        return owner === undefined;
      default:
        return false;
    }
  }
}
