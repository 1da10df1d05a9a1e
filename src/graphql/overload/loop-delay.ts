import { Codel } from './codel.ts';

/** What the delay is measured by; a test has its own. */
export type LoopClock = {
  /** Milliseconds. */
  now(): number;
  /** For how many milliseconds the event loop has waited for work since the start. */
  idleMs(): number;
  /** Calls `work` when everything that has arrived by now has been handled once. */
  afterTurn(work: () => void): void;
};

/** A loop that waited for so long had nothing left to do. */
const IDLE_MS = 0.5;
const TARGET_MS = 2;

/**
 * How long a request waits before this process reads it. Node cannot say when a request arrived. But while the loop is
 * busy, what it reads in one turn arrived during the turn before: on average in its middle.
 */
export class LoopDelay {
  readonly #clock: LoopClock;
  readonly #codel = new Codel(TARGET_MS);
  #isTurning = false;
  #beganAt = 0;
  #endedAt = 0;
  #lastedMs = 0;
  #idleMsAtEnd = 0;
  /** How long the first request of this turn had waited. */
  #beforeMs = 0;

  constructor(clock: LoopClock) {
    this.#clock = clock;
  }

  /** How many milliseconds the request that is read now has waited, and whether requests keep waiting. */
  read(now: number): { waitedMs: number; isFirst: boolean; isOverloaded: boolean } {
    const isFirst = !this.#isTurning;
    if (isFirst) this.#begin(now);
    return { waitedMs: this.#beforeMs + now - this.#beganAt, isFirst, isOverloaded: this.#codel.isOverloaded };
  }

  #begin(now: number): void {
    this.#isTurning = true;
    this.#beganAt = now;
    const hasWaited = this.#clock.idleMs() - this.#idleMsAtEnd < IDLE_MS;
    this.#beforeMs = hasWaited ? now - this.#endedAt + this.#lastedMs / 2 : 0;
    this.#codel.add(this.#beforeMs, now);
    this.#clock.afterTurn(() => this.#end());
  }

  #end(): void {
    const now = this.#clock.now();
    this.#isTurning = false;
    this.#lastedMs = now - this.#beganAt;
    this.#endedAt = now;
    this.#idleMsAtEnd = this.#clock.idleMs();
  }
}
