import { setTimeout as sleep } from 'node:timers/promises';

/** Turns that were missed in a stall may be made up for within this time. */
const CATCH_UP_MS = 2_000;

/** Turns for all callers of a process together, this many a second; 0: without a limit. */
export class Pacer {
  readonly #everyMs: number;
  #nextAt = performance.now();

  constructor(perSecond: number) {
    this.#everyMs = perSecond > 0 ? 1000 / perSecond : 0;
  }

  turn(): Promise<void> | undefined {
    if (this.#everyMs === 0) return undefined;
    const now = performance.now();
    this.#nextAt = Math.max(this.#nextAt, now - CATCH_UP_MS) + this.#everyMs;
    const waitMs = this.#nextAt - now;
    return waitMs > 1 ? sleep(waitMs) : undefined;
  }
}
