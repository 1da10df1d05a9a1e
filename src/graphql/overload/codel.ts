/** A queue is overloaded when its shortest delay within an interval was longer than the target. */
const INTERVAL_MS = 100;

/**
 * CoDel (controlled delay), as it is used for queues of requests: a burst may wait, a standing queue may not. What a
 * queue does while it is overloaded is up to the queue. https://queue.acm.org/detail.cfm?id=2209336
 */
export class Codel {
  readonly #targetMs: number;
  #intervalEndsAt = Number.NEGATIVE_INFINITY;
  #leastMs = 0;
  #samples = 0;
  #isOverloaded = false;

  constructor(targetMs: number) {
    this.#targetMs = targetMs;
  }

  /** Counts the delay of one request. Returns whether the queue is overloaded at `now`, in milliseconds. */
  add(delayMs: number, now: number): boolean {
    if (now >= this.#intervalEndsAt) this.#beginInterval(delayMs, now);
    this.#leastMs = this.#samples++ === 0 ? delayMs : Math.min(this.#leastMs, delayMs);
    return this.#isOverloaded;
  }

  get isOverloaded(): boolean {
    return this.#isOverloaded;
  }

  #beginInterval(delayMs: number, now: number): void {
    // After a time without requests nothing is known of the delay any longer. A request that waited was there all the time.
    const isRecent = now - this.#intervalEndsAt < Math.max(INTERVAL_MS, 2 * delayMs);
    this.#isOverloaded = isRecent && Math.min(this.#leastMs, delayMs) > this.#targetMs;
    this.#intervalEndsAt = now + INTERVAL_MS;
    this.#samples = 0;
  }
}
