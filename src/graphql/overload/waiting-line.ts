import { Codel } from './codel.ts';

/** A refusal comes within 50 ms, so no operation waits longer than this for its place. */
const LONGEST_WAIT_MS = 40;
/** While more operations come than leave, those that wait longer only delay the others. */
const LONGEST_WAIT_OVERLOADED_MS = 10;
const TARGET_MS = 5;

type Waiting = { readonly sinceMs: number; settle(isAdmitted: boolean): void };

/** Operations that wait for a place, in order of arrival. `now` is in milliseconds everywhere. */
export class WaitingLine {
  readonly #codel = new Codel(TARGET_MS);
  readonly #waiting: Waiting[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  /** Whether an operation that arrives now may wait, in a line of `most` operations. */
  isOpen(most: number, now: number): boolean {
    if (this.#waiting.length >= most) return false;
    const [first] = this.#waiting;
    return !(first && this.#codel.isOverloaded && now - first.sinceMs > LONGEST_WAIT_OVERLOADED_MS);
  }

  /** Resolves to false when no place became free in time. */
  wait(now: number): Promise<boolean> {
    return new Promise((settle) => this.#waiting.push({ sinceMs: now, settle }));
  }

  /** Admits the first operations for which `enter` finds a place, and turns away those that waited too long. */
  advance(enter: () => boolean, now: number): void {
    for (let [first] = this.#waiting; first; [first] = this.#waiting) {
      const waitedMs = now - first.sinceMs;
      const mostMs = this.#codel.isOverloaded ? LONGEST_WAIT_OVERLOADED_MS : LONGEST_WAIT_MS;
      if (waitedMs <= mostMs && !enter()) return;
      this.#waiting.shift();
      this.#codel.add(waitedMs, now);
      first.settle(waitedMs <= mostMs);
    }
  }
}
