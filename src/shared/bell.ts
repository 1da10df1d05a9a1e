/**
 * Wakes one waiting caller at a time, the longest waiting first. A caller that finds work rings for the next one, so
 * that a ring costs one look instead of a look by every caller. A ring while no caller waits spares the next caller
 * its wait, unless the bell is silenced before.
 */
export class Bell {
  readonly #waiting = new Set<() => void>();
  #isRung = false;
  #isOver = false;

  readonly ring = (): void => {
    const [next] = this.#waiting;
    if (next) next();
    else this.#isRung = true;
  };

  /** Forgets a ring that no caller has waited for yet. */
  silence(): void {
    this.#isRung = false;
  }

  /** Wakes all waiting callers; from now on no call waits. */
  end(): void {
    this.#isOver = true;
    for (const wake of this.#waiting) wake();
  }

  /** Resolves with the ring. */
  wait(): Promise<void> {
    if (this.#takeRing()) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
    });
  }

  /** Resolves with the ring, when the signal is raised, or after so many milliseconds. */
  within(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#takeRing()) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
    });
  }

  #takeRing(): boolean {
    const isWoken = this.#isRung || this.#isOver;
    this.#isRung = false;
    return isWoken;
  }
}
