import { LRUCache } from 'lru-cache';

/** Longer than a hold with its extension. */
const KEPT_MS = 15 * 60_000;
const KEPT_AT_MOST = 100_000;

/**
 * The viewers to whom this process gave seats a short while ago. They have to pay in time, so the process serves them
 * first. Holds of other processes are not known: there, only the operations that belong to a booking come first.
 */
export class Holders {
  readonly #holders = new LRUCache<string, true>({ max: KEPT_AT_MOST, ttl: KEPT_MS });

  add(userId: string): void {
    this.#holders.set(userId, true);
  }

  has(userId: string | undefined): boolean {
    return userId !== undefined && this.#holders.has(userId);
  }

  get isEmpty(): boolean {
    return this.#holders.size === 0;
  }
}
