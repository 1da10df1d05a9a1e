import type { FormattedExecutionResult } from 'graphql';
import { closeQuietly } from '#graphql/subscription-results.ts';

export type Events = AsyncIterableIterator<FormattedExecutionResult>;

const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** The events of a subscription until `endWith` is called; the result passed to it is the last one. */
export class EndableEvents implements Events {
  readonly #events: Events;
  #last: FormattedExecutionResult | undefined;
  #isOver = false;
  #waiting: ((result: IteratorResult<FormattedExecutionResult>) => void) | undefined;

  constructor(events: Events) {
    this.#events = events;
  }

  endWith(last: FormattedExecutionResult): void {
    if (this.#isOver || this.#last) return;
    this.#last = last;
    this.#waiting?.(this.#takeLast(last));
    closeQuietly(this.#events);
  }

  /** At most one call at a time. */
  next(): Promise<IteratorResult<FormattedExecutionResult>> {
    if (this.#isOver) return Promise.resolve(END);
    if (this.#last) return Promise.resolve(this.#takeLast(this.#last));
    return new Promise((resolve, reject) => {
      this.#waiting = resolve;
      this.#events.next().then(resolve, reject);
    });
  }

  async return(): Promise<IteratorResult<FormattedExecutionResult>> {
    this.#isOver = true;
    this.#waiting?.(END);
    await this.#events.return?.();
    return END;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #takeLast(last: FormattedExecutionResult): IteratorResult<FormattedExecutionResult> {
    this.#isOver = true;
    return { done: false, value: last };
  }
}
