import { NotAllowed } from './errors.ts';
import type { Asked } from './standing-queries.ts';

const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** The events of a subscription until its actor loses the right to them, which fails it with NotAllowed. */
export class RightWatch<out T> implements AsyncIterableIterator<T> {
  readonly asked: Asked;
  readonly #events: AsyncIterableIterator<T>;
  readonly #onOver: () => void;
  #hasEnded = false;
  #isOver = false;
  #rejectWaiting: ((error: Error) => void) | undefined;

  /** `onOver` is called once no further event will be read. */
  constructor(asked: Asked, events: AsyncIterableIterator<T>, onOver: () => void) {
    this.asked = asked;
    this.#events = events;
    this.#onOver = onOver;
  }

  /** The actor no longer has the right: the next read fails, also one that waits already. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#rejectWaiting?.(ended());
    this.#finish();
  }

  /** At most one call at a time. */
  async next(): Promise<IteratorResult<T>> {
    if (this.#hasEnded) throw ended();
    if (this.#isOver) return END;
    const result = await new Promise<IteratorResult<T>>((resolve, reject) => {
      this.#rejectWaiting = reject;
      this.#events.next().then(resolve, reject);
    });
    // The right may have ended between the event and this line.
    if (this.#hasEnded) throw ended();
    if (result.done) this.#finish();
    return result;
  }

  async return(): Promise<IteratorResult<T>> {
    this.#finish();
    return END;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
    void this.#events.return?.();
  }
}

const ended = () =>
  new NotAllowed('Your role in the organization has ended or no longer allows this. The subscription is over.');
