/**
 * Follows a source that many watchers share, by a position of its own instead of a queue: it asks for what comes
 * after the position, or is called when there is more. Ten thousand of them are cheap.
 */
export abstract class PositionWatcher<T> implements AsyncIterableIterator<T> {
  #isDone = false;
  #waiting: ((result: IteratorResult<T>) => void) | undefined;

  /** Returns what comes after the position, and moves the position behind it; undefined when there is nothing yet. */
  protected abstract take(): T | undefined;
  /** Calls back once, when there is more or the source is closed. */
  protected abstract onMore(wake: () => void): void;
  protected abstract isClosed(): boolean;
  protected abstract leave(): void;

  /** At most one call at a time. */
  next(): Promise<IteratorResult<T>> {
    const ready = this.#ready();
    if (ready) return Promise.resolve(ready);
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.onMore(this.#wake);
    });
  }

  return(): Promise<IteratorResult<T>> {
    if (!this.#isDone) {
      this.#isDone = true;
      this.leave();
      this.#waiting?.(END);
      this.#waiting = undefined;
    }
    return Promise.resolve(END);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  readonly #wake = (): void => {
    if (!this.#waiting) return;
    const ready = this.#ready();
    if (!ready) {
      // At once, ahead of the watchers that still wait to be woken for what this one has seen already.
      this.onMore(this.#wake);
      return;
    }
    this.#waiting(ready);
    this.#waiting = undefined;
  };

  #ready(): IteratorResult<T> | undefined {
    if (this.#isDone || this.isClosed()) return END;
    const value = this.take();
    return value === undefined ? undefined : { done: false, value };
  }
}

const END: IteratorReturnResult<undefined> = { done: true, value: undefined };
