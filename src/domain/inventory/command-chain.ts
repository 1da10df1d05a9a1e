import { TryAgain } from '../errors.ts';
import type { Entry } from './inventory-batches.ts';

/**
 * Commands of one event that are submitted at once and must take effect in order or not at all: behind one that failed
 * none is written. A batch is written whole or not at all, and is cut in halves of which the first is written first, so
 * it is enough to fail those that are still waiting.
 */
export class CommandChain {
  readonly #entries: Entry[] = [];
  #isBroken = false;

  /** Whether a command has failed. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** This command has failed. */
  breakAt(entry: Entry): void {
    this.#isBroken = true;
    const behind = this.#entries.splice(this.#entries.indexOf(entry) + 1);
    for (const one of behind) if (!one.isSettled) one.reject(new TryAgain(1));
  }
}
