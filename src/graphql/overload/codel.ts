/** A queue is overloaded when its shortest delay within an interval was longer than the target. */
const TARGET_MS = 5;
const INTERVAL_MS = 100;

/**
 * CoDel (controlled delay), as it is used for queues of requests: a burst may wait, a standing queue may not. What a
 * queue does while it is overloaded is up to the queue. https://queue.acm.org/detail.cfm?id=2209336
 */
export class Codel {
  #intervalEndsAt = Number.NEGATIVE_INFINITY;
  #leastMs = 0;
  #samples = 0;
  #isOverloaded = false;

  /** Counts the delay of one request. Returns whether the queue is overloaded at `now`, in milliseconds. */
  add(delayMs: number, now: number): boolean {
    if (now >= this.#intervalEndsAt) this.#beginInterval(now);
    this.#leastMs = this.#samples++ === 0 ? delayMs : Math.min(this.#leastMs, delayMs);
    return this.#isOverloaded;
  }

  get isOverloaded(): boolean {
    return this.#isOverloaded;
  }

  #beginInterval(now: number): void {
    // After a time without requests nothing is known of the delay any longer.
    const isRecent = now - this.#intervalEndsAt < INTERVAL_MS;
    this.#isOverloaded = isRecent && this.#samples > 1 && this.#leastMs > TARGET_MS;
    this.#intervalEndsAt = now + INTERVAL_MS;
    this.#samples = 0;
  }
}
