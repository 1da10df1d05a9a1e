import { LRUCache } from 'lru-cache';

type Entry<T> = { value: T; atMs: number };

/** From `freshMs` on an answer is fetched again; until `staleMs` it is still returned meanwhile. */
type Ages = { freshMs: number; staleMs: number; keepMs: number };

/**
 * The latest answers; the least recently used is dropped first. Callers with one key share one call. An answer older
 * than `freshMs` is returned while a new one is fetched; one older than `staleMs` is not returned. Answers are kept
 * for `keepMs`, for `last`.
 */
export function openAnswerCache<T>(options: Ages & { max: number }) {
  const entries = new LRUCache<string, Entry<T>>({ max: options.max });
  const calls = new Map<string, Promise<T>>();

  const load = (key: string, ask: () => Promise<T>): Promise<T> => {
    const running = calls.get(key);
    if (running) return running;
    // An answer is as old as its question.
    const atMs = performance.now();
    const call = ask()
      .then((value) => {
        entries.set(key, { value, atMs });
        return value;
      })
      .finally(() => calls.delete(key));
    calls.set(key, call);
    return call;
  };

  const aged = (key: string, maxMs: number): Entry<T> | undefined => {
    const entry = entries.get(key);
    return entry && performance.now() - entry.atMs <= maxMs ? entry : undefined;
  };

  return {
    get(key: string, ask: () => Promise<T>): Promise<T> {
      const entry = aged(key, options.staleMs);
      if (!entry) return load(key, ask);
      // A refresh that fails lets the answer age; the next caller past `staleMs` gets the failure.
      if (!aged(key, options.freshMs)) load(key, ask).catch(() => {});
      return Promise.resolve(entry.value);
    },
    /** An answer that may be as old as `keepMs`, for when no newer one can be fetched. */
    last: (key: string): T | undefined => aged(key, options.keepMs)?.value,
  };
}
