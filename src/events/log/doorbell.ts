/**
 * Wakes one at a time of those who wait for something to do; whoever then finds something rings for the next, so that a
 * ring costs one look and not one of everybody. A ring that nobody waits for spares the next his wait.
 */
export class Doorbell {
  readonly #waiting: (() => void)[] = [];
  #isRung = false;
  #isOver = false;

  ring(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#isRung = true;
  }

  /** Wakes everybody; from now on nobody waits. */
  end(): void {
    this.#isOver = true;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  wait(): Promise<void> {
    if (this.#isRung || this.#isOver) {
      this.#isRung = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
