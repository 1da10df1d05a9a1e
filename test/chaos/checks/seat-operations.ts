import type { HistoryRecord, SeatState } from '../history.ts';
import type { BookingEffect, HoldEffect, Requests } from './requests.ts';

/**
 * One operation on one seat. `to` is infinite for an operation that may take effect at any time from `from` on, or
 * never: requests without an answer, and steps without a request (`expire`, and `release` of a booking that ended
 * without the fan).
 */
export type SeatOperation = {
  readonly kind: 'hold' | 'confirm' | 'release' | 'expire' | 'read';
  readonly from: number;
  readonly to: number;
  /** The holder's number; 0 for a read. */
  readonly owner: number;
  /** For a read. */
  readonly saw?: SeatState;
  readonly label: string;
};

export type Timing = {
  /** The shortest duration of a hold. */
  readonly holdTtlMs: number;
  /** The allowed difference of the clocks. */
  readonly slackMs: number;
};

export const defaultTiming: Timing = { holdTtlMs: 300_000, slackMs: 50 };

/** @param ended bookings that may have ended, or lost a seat, without an action of the fan */
export function seatOperationsOf(
  history: readonly HistoryRecord[],
  requests: Requests,
  { timing, ended }: { timing: Timing; ended: ReadonlySet<string> },
): Map<string, SeatOperation[]> {
  const seats = new SeatTable();
  for (const hold of requests.holds) addHold(seats, hold, { timing, ended });
  // A sale makes a free seat booked in one step, as late money does: it has no hold.
  const held = new Set([...requests.holds, ...requests.sales].map(({ owner }) => owner));
  for (const [kind, label, effects] of [
    ['release', 'cancellation', requests.cancels],
    ['release', 'failed payment', requests.fails],
    ['confirm', 'confirmation', requests.confirms],
    ['confirm', 'sale', requests.sales],
  ] as const) {
    for (const effect of effects) {
      if (!held.has(effect.owner)) addUnseenHold(seats, effect);
      held.add(effect.owner);
      seats.add(kind === 'release' ? releaseOf(effect, ended) : effect, kind, label);
    }
  }
  for (const record of history) if (record.kind === 'seats' && record.states) seats.addReads(record);
  return seats.bySeat;
}

function addHold(
  seats: SeatTable,
  hold: HoldEffect,
  { timing, ended }: { timing: Timing; ended: ReadonlySet<string> },
): void {
  seats.add(hold, 'hold', 'hold');
  const expiresAt = (hold.expiresAt ?? hold.from + timing.holdTtlMs) - timing.slackMs;
  const from = Math.max(hold.from, expiresAt);
  seats.add({ ...hold, from, to: Number.POSITIVE_INFINITY }, 'expire', 'end of the hold');
  if (hold.booking && ended.has(hold.booking))
    seats.add({ ...hold, to: Number.POSITIVE_INFINITY }, 'release', 'end without the fan');
}

/** When the fan gave a seat back that may have been taken away before, it may have been free by then. */
const releaseOf = <T extends HoldEffect | BookingEffect>(effect: T, ended: ReadonlySet<string>): T =>
  ended.has(effect.booking ?? '') ? { ...effect, to: Number.POSITIVE_INFINITY } : effect;

/** Its hold is not in this history, so it may have been at any time. */
function addUnseenHold(seats: SeatTable, effect: HoldEffect | BookingEffect): void {
  const hold = { ...effect, from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  seats.add(hold, 'hold', 'hold');
  seats.add(hold, 'expire', 'end of the hold');
}

class SeatTable {
  readonly bySeat = new Map<string, SeatOperation[]>();
  readonly #owners = new Map<string, number>();

  add(effect: HoldEffect | BookingEffect, kind: SeatOperation['kind'], what: string): void {
    const { owner, from, to } = effect;
    const number = this.#owners.get(owner) ?? this.#owners.size + 1;
    this.#owners.set(owner, number);
    const label = `${what} of ${effect.booking ?? 'a booking'} (${owner})`;
    for (const seatNo of effect.seats) this.#of(effect.event, seatNo).push({ kind, from, to, owner: number, label });
  }

  addReads({
    event,
    seats,
    states,
    from,
    to,
  }: {
    event: string;
    seats: readonly number[];
    states?: readonly SeatState[];
    from: number;
    to: number;
  }): void {
    seats.forEach((seatNo, index) => {
      const saw = states?.[index];
      // Seats that the organizer blocks are not in these histories.
      if (saw === undefined || saw === 'BLOCKED') return;
      this.#of(event, seatNo).push({ kind: 'read', from, to, owner: 0, saw, label: `read that saw ${saw}` });
    });
  }

  #of(event: string, seatNo: number): SeatOperation[] {
    const key = `${event} seat ${seatNo}`;
    const operations = this.bySeat.get(key);
    if (operations) return operations;
    const made: SeatOperation[] = [];
    this.bySeat.set(key, made);
    return made;
  }
}
