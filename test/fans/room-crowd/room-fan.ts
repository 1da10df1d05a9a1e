import type { PlaceState } from '#domain/waiting-room/room.ts';
import type { Random } from '#test/fans/random.ts';
import type { PlaceFrame } from '#test/fans/waiting-room-fan.ts';

/** A place as these fans keep it. */
export type ToldPlace = Omit<PlaceFrame, 'estimate' | 'admission'> & {
  readonly admission: { readonly token: string } | null;
};

/** Which states may follow which. */
const follows: Record<PlaceState, readonly PlaceState[]> = {
  WAITING: ['WAITING', 'YOUR_TURN', 'INSIDE', 'LEFT', 'MISSED'],
  YOUR_TURN: ['YOUR_TURN', 'INSIDE', 'LEFT', 'MISSED'],
  INSIDE: ['INSIDE', 'LEFT'],
  LEFT: ['LEFT'],
  MISSED: ['MISSED'],
};

/** Everything that one fan received, and whether it agrees with what the fan received before. */
export class RoomFan {
  readonly index: number;
  /** The decisions of this fan. */
  readonly random: Random;
  readonly userId: string;
  readonly signInId: string;
  ticket = '';
  admission = '';
  state: PlaceState | undefined;
  position: number | null = null;
  ahead: number | null = null;
  /** When the fan heard of the turn, in milliseconds since 1970. */
  turnToldAtMs: number | undefined;
  enteredAtMs: number | undefined;
  hasLeft = false;
  isActing = false;

  constructor(ids: { index: number; random: Random; userId: string; signInId: string }) {
    this.index = ids.index;
    this.random = ids.random;
    this.userId = ids.userId;
    this.signInId = ids.signInId;
  }

  /** Returns what is wrong with the place, or undefined. */
  take(place: ToldPlace, atMs: number): string | undefined {
    const before = { state: this.state, position: this.position };
    this.state = place.state;
    this.position = place.position;
    this.ahead = place.ahead;
    this.ticket = place.ticket;
    if (place.admission) this.admission = place.admission.token;
    if (place.state === 'YOUR_TURN') this.turnToldAtMs ??= atMs;
    if (before.state && !follows[before.state].includes(place.state))
      return `fan ${this.index} was ${before.state}, then ${place.state}`;
    if (before.position !== null && before.position !== place.position)
      return `fan ${this.index} had position ${before.position}, then ${place.position}`;
    return undefined;
  }
}

/** Endless numbers. */
export class Numbers {
  #values = new Float64Array(4096);
  count = 0;

  add(value: number): void {
    if (this.count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.count++] = value;
  }

  at(index: number): number {
    return this.#values[index] ?? Number.NaN;
  }
}
