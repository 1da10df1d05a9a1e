/**
 * Wakes one waiting caller at a time. A caller that finds work rings for the next one, so that a ring costs one look
 * instead of a look by every caller. A ring while no caller waits spares the next caller its wait.
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

  /** Wakes all waiting callers; from now on no call waits. */
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
