/** The part of the time that reading and refusing may take; writing the answers takes about as much again. */
const MOST_SHARE = 0.2;
const WINDOW_MS = 100;
const LEAST_MS = 10;
/** Clients wait for longer than that. */
const LONGEST_MS = 4_000;

/**
 * How much later refusals are sent. A refusal has a cost, and a client that was refused soon sends its next request. When
 * refusals take more than their part of the time, they are sent later, so that their connections send less and operations
 * that were accepted go on. `now` is in milliseconds everywhere.
 */
export class RefusalPace {
  #beganAt: number;
  #spentMs = 0;
  #afterMs = 0;

  constructor(now: number) {
    this.#beganAt = now;
  }

  /** Refusals took `ms`, until `now`. */
  add(ms: number, now: number): void {
    this.#spentMs += ms;
    const windowMs = now - this.#beganAt;
    if (windowMs < WINDOW_MS) return;
    // A process with long turns has few windows, so each of them counts for more.
    const most = Math.max(2, windowMs / WINDOW_MS);
    const factor = Math.min(most, Math.max(0.8, this.#spentMs / windowMs / MOST_SHARE));
    const wanted = factor > 1 ? Math.max(LEAST_MS, this.#afterMs * factor) : this.#afterMs * factor;
    this.#afterMs = wanted < LEAST_MS ? 0 : Math.min(LONGEST_MS, wanted);
    this.#beganAt = now;
    this.#spentMs = 0;
  }

  /** So many milliseconds; 0 as long as refusals are cheap. */
  get afterMs(): number {
    return Math.round(this.#afterMs);
  }
}
