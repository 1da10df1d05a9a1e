import type { FormattedExecutionResult } from 'graphql';

/** The events of a subscription, before they are executed. */
export type Source = AsyncIterator<object>;

type Results = {
  /** False when a plug-in has changed what is executed. */
  readonly isShareable: boolean;
  readonly resultOf: (event: object) => Promise<FormattedExecutionResult>;
  /** The last result of a source that fails. */
  readonly failureOf: (error: unknown) => FormattedExecutionResult;
};

/** Ends events that are not read any longer. An error is discarded: a plug-in from outside may throw instead of rejecting. */
export function closeQuietly(events: Pick<AsyncIterator<unknown>, 'return'>): void {
  void Promise.resolve()
    .then(() => events.return?.())
    .catch(() => undefined);
}

const END = { done: true, value: undefined } as const;

/**
 * The results of a subscription, one for each event of its source. A transport that executes events itself, once for
 * many clients, reads the source instead. Not a generator: its `return` would wait for the next event, which may never
 * come.
 */
export class SubscriptionResults implements AsyncIterableIterator<FormattedExecutionResult> {
  readonly source: Source;
  readonly #results: Results;
  #isOver = false;

  constructor(source: Source, results: Results) {
    this.source = source;
    this.#results = results;
  }

  /** Whether the events may be executed once for all clients of the same operation. */
  get isShareable(): boolean {
    return this.#results.isShareable;
  }

  async next(): Promise<IteratorResult<FormattedExecutionResult>> {
    if (this.#isOver) return END;
    try {
      const { done, value } = await this.source.next();
      return done ? END : { done: false, value: await this.#results.resultOf(value) };
    } catch (error) {
      // The client gets the error that ended the subscription, then `complete`.
      this.#isOver = true;
      closeQuietly(this.source);
      return { done: false, value: this.#results.failureOf(error) };
    }
  }

  async return(): Promise<IteratorResult<FormattedExecutionResult>> {
    await this.source.return?.();
    return END;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
