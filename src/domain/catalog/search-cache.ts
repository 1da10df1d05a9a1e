import { LRUCache } from 'lru-cache';

/** `bornAtMs` is earlier than `atMs` for a value that a call returned again. */
type Entry<T> = { value: T; atMs: number; bornAtMs: number };

/** From `freshMs` on an answer is fetched again; until `staleMs` it is still returned meanwhile. */
type Ages = { freshMs: number; staleMs: number; keepMs: number };
/**
 * When a new call was last known to return this value again, by `performance.now()`; undefined when that is unknown.
 * The answer ages from then on. None is older than `keepMs`.
 */
type SameAt<T> = (value: T) => number | undefined;

/**
 * The latest answers; the least recently used is dropped first. Callers with one key share one call. An answer older
 * than `freshMs` is returned while a new one is fetched; one older than `staleMs` is not returned. Answers are kept
 * for `keepMs`, for `last`. A call that returns `last` makes it fresh again, but not younger than it is for `keepMs`.
 */
export function openAnswerCache<T>(options: Ages & { max: number; sameAtMs?: SameAt<T> | undefined }) {
  const entries = new LRUCache<string, Entry<T>>({ max: options.max });
  const calls = new Map<string, Promise<T>>();

  const load = (key: string, ask: () => Promise<T>): Promise<T> => {
    const running = calls.get(key);
    if (running) return running;
    // An answer is as old as its question.
    const atMs = performance.now();
    const call = ask()
      .then((value) => {
        const known = entries.peek(key);
        entries.set(key, { value, atMs, bornAtMs: known?.value === value ? known.bornAtMs : atMs });
        return value;
      })
      .finally(() => calls.delete(key));
    calls.set(key, call);
    return call;
  };

  const aged = (key: string, maxMs: number): Entry<T> | undefined => {
    const entry = entries.get(key);
    const nowMs = performance.now();
    if (!entry || nowMs - entry.bornAtMs > options.keepMs) return undefined;
    if (nowMs - entry.atMs <= maxMs) return entry;
    const sameAtMs = options.sameAtMs?.(entry.value);
    return sameAtMs !== undefined && nowMs - sameAtMs <= maxMs ? entry : undefined;
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
