export type GatheringTimes = {
  /** From the beginning of one batch to that of the next, while few items arrive. */
  readonly leastMs: number;
  /** The same while many arrive. */
  readonly mostMs: number;
};

/** Each batch begins as soon as the one before it is done. */
export const AT_ONCE: GatheringTimes = { leastMs: 0, mostMs: 0 };

/** Below the first rate, in items a second, batches follow each other after the least time; from the second one on, after the most. */
const FEW_A_SECOND = 50;
const MANY_A_SECOND = 120;
/** The rate is a moving average: what came so long ago counts for a third. */
const MEMORY_MS = 400;

/**
 * Says when the next batch may begin. A batch costs nearly the same for one item as for twenty, so a reader that is
 * busy waits a little longer and takes more items at once, as network cards do with their interrupts. The time counts
 * from the beginning of the batch before, so an item that arrives after a pause never waits.
 */
export class Gathering {
  readonly #times: GatheringTimes;
  #begunAt = Number.NEGATIVE_INFINITY;
  #itemsPerSecond = 0;

  constructor(times: GatheringTimes) {
    this.#times = times;
  }

  /** Milliseconds from now until the next batch may begin; 0 or less when it may begin at once. */
  earlyMs(nowMs: number): number {
    return this.#begunAt + this.#paceMs() - nowMs;
  }

  /** A batch begins now. Its number of items follows with `took`, which may be later. */
  begin(nowMs: number): void {
    const weight = Math.exp((this.#begunAt - nowMs) / MEMORY_MS);
    this.#itemsPerSecond *= weight;
    this.#begunAt = nowMs;
  }

  took(items: number): void {
    this.#itemsPerSecond += (items * 1000) / MEMORY_MS;
  }

  #paceMs(): number {
    const { leastMs, mostMs } = this.#times;
    const share = (this.#itemsPerSecond - FEW_A_SECOND) / (MANY_A_SECOND - FEW_A_SECOND);
    return leastMs + (mostMs - leastMs) * Math.min(1, Math.max(0, share));
  }
}
