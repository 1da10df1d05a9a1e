import { setTimeout as sleep } from 'node:timers/promises';
import type { Pulse } from '#redis/pulse.ts';

const RETRY_MS = 1_000;

type Watched<T> = {
  readonly first: T;
  readonly read: () => Promise<T | undefined>;
  readonly keyOf: (state: T) => string;
  /** Default: no state is the last. */
  readonly isLast?: (state: T) => boolean | Promise<boolean>;
};

/**
 * The state now, and again whenever it has changed, so that the client need not poll and misses nothing. A slow
 * reader skips states and gets the newest. While the state cannot be read, the reader waits.
 *
 * `first` is the state that was read after the pulse was opened. `keyOf` is equal for states that need not be
 * distinguished. The iterator ends after a state that `isLast`, and not before, unless its reader returns.
 */
export function watchState<T>(pulse: Pulse, { first, read, keyOf, isLast }: Watched<T>): AsyncIterableIterator<T> {
  let told: string | undefined;

  const changed = async (): Promise<T | undefined> => {
    while (await pulse.next()) {
      const state = await read().catch(async () => {
        // The store may be back by then; nothing else would wake this reader.
        await sleep(RETRY_MS, undefined, { ref: false });
        pulse.poke();
        return undefined;
      });
      if (state !== undefined && keyOf(state) !== told) return state;
    }
    return undefined;
  };

  return {
    async next() {
      const state = told === undefined && !pulse.closed ? first : await changed();
      if (state === undefined) return { done: true, value: undefined };
      told = keyOf(state);
      if (await isLast?.(state)) pulse.close();
      return { done: false, value: state };
    },
    return() {
      pulse.close();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
