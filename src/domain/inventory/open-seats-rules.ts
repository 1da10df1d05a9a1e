import type { Hall } from './block-search-rules.ts';
import { FreeSeats } from './free-seats-rules.ts';
import type { SeatState } from './inventory-command.ts';
import type { InventoryState } from './inventory-state.ts';
import { isFreeFor } from './seat-state-rules.ts';

type Seats = ReadonlyMap<number, SeatState>;

/** The seats that are open after the commands so far, for searches through the whole hall. */
export class OpenSeats {
  readonly #before: Pick<InventoryState, 'free' | 'seats'>;
  readonly #changed: Seats;
  #public: FreeSeats | undefined;

  /** @param changed by the commands; each later change is reported to `set` as well */
  constructor(before: Pick<InventoryState, 'free' | 'seats'>, changed: Seats) {
    this.#before = before;
    this.#changed = changed;
  }

  set(seatNo: number, seat: SeatState): void {
    this.#public?.set(seatNo, isFreeFor(seat, undefined));
  }

  /** May be read until the next change. */
  in(hall: Hall, opened: ReadonlySet<string>): FreeSeats {
    this.#public ??= this.#openToPublic(hall);
    if (opened.size === 0) return this.#public;
    const also = this.#public.fork(hall);
    for (const seats of [this.#before.seats, this.#changed])
      for (const [seatNo, seat] of seats) also.set(seatNo, isFreeFor(seat, opened));
    return also;
  }

  /** A copy: what the process keeps of the event changes only with the commit. */
  #openToPublic(hall: Hall): FreeSeats {
    const open = (this.#before.free ?? new FreeSeats(new Uint8Array(hall.seatCount))).fork(hall);
    for (const seats of [this.#before.seats, this.#changed])
      for (const [seatNo, seat] of seats) open.set(seatNo, isFreeFor(seat, undefined));
    return open;
  }
}
