export type LimitSettings = {
  /** Operations at a time until something was measured, and after a quiet time. */
  readonly initial: number;
  readonly least: number;
  readonly most: number;
  /** The mean time that an operation may take, from its arrival to its result. */
  readonly targetMs: number;
};

/** A limit is measured anew after this time, if enough operations have ended. */
const WINDOW_MS = 100;
const LONGEST_WINDOW_MS = 1_000;
const ENOUGH_SAMPLES = 10;
/** A window of chance must neither close the door nor open it. */
const LEAST_GRADIENT = 0.5;
const LARGEST_GRADIENT = 1.2;
/** The share of the way back to the initial limit in a quiet window. */
const RECOVERY = 0.1;

/**
 * A limit of concurrent operations that follows their measured time, by the gradient of Envoy's adaptive concurrency and
 * Netflix's concurrency-limits: limit = limit * target / time + sqrt(limit). The target is a setting and not the best
 * or the mean time of the past: the mean of Netflix grows with the overload itself, and Envoy throttles all requests from
 * time to time to measure the best. `now` is in milliseconds everywhere.
 */
export class AdaptiveLimit {
  readonly #settings: LimitSettings;
  #limit: number;
  #running = 0;
  #most = 0;
  #beganAt: number;
  #sumMs = 0;
  #samples = 0;

  constructor(settings: LimitSettings, now: number) {
    this.#settings = settings;
    this.#limit = settings.initial;
    this.#beganAt = now;
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  get running(): number {
    return this.#running;
  }

  /** Takes a place. False when all are taken. */
  enter(): boolean {
    if (this.#running >= this.limit) return false;
    this.#running += 1;
    this.#most = Math.max(this.#most, this.#running);
    return true;
  }

  /** Gives the place back. `ms`: how long the operation took; undefined for an operation that was not executed. */
  leave(ms: number | undefined, now: number): void {
    this.#running -= 1;
    if (ms === undefined) return;
    this.#sumMs += ms;
    this.#samples += 1;
    const windowMs = now - this.#beganAt;
    if (windowMs >= LONGEST_WINDOW_MS || (windowMs >= WINDOW_MS && this.#samples >= ENOUGH_SAMPLES))
      this.#measure(windowMs, now);
  }

  #measure(windowMs: number, now: number): void {
    const { least, most } = this.#settings;
    this.#limit = Math.min(most, Math.max(least, this.#next(windowMs)));
    this.#beganAt = now;
    this.#most = this.#running;
    this.#sumMs = 0;
    this.#samples = 0;
  }

  #next(windowMs: number): number {
    const { targetMs, initial, least } = this.#settings;
    const limit = this.#limit;
    const gradient = Math.min(LARGEST_GRADIENT, Math.max(LEAST_GRADIENT, (targetMs * this.#samples) / this.#sumMs));
    if (this.#most < least || (gradient >= 1 && this.#most < limit / 2)) {
      // Few operations ran, so their time says nothing about the limit.
      return limit < initial ? limit + (initial - limit) * RECOVERY : limit;
    }
    const next = limit * gradient + Math.sqrt(limit);
    if (gradient >= 1) return next;
    // So many operations end within the target at this throughput. Without it, operations that entered under an older
    // and larger limit would make it ever smaller.
    return Math.min(limit, Math.max(next, (this.#samples / windowMs) * targetMs));
  }
}
