type Entry<T> = { value: T; atMs: number };

/** Old enough to be asked again, yet good enough to be shown while that happens. */
type Ages = { freshMs: number; staleMs: number; keepMs: number };

/**
 * The latest answers, least recently used first out. Callers with one key share one call; an answer older than `freshMs`
 * is given while a new one is fetched, one older than `staleMs` is not given. Answers are kept for `keepMs`, for `last`.
 */
export function openAnswerCache<T>(options: Ages & { max: number }) {
  const entries = new Map<string, Entry<T>>();
  const calls = new Map<string, Promise<T>>();

  const load = (key: string, ask: () => Promise<T>): Promise<T> => {
    const running = calls.get(key);
    if (running) return running;
    // What is answered is as old as the question, not as the answer.
    const atMs = performance.now();
    const call = ask()
      .then((value) => {
        entries.delete(key);
        entries.set(key, { value, atMs });
        const oldest = entries.keys().next();
        if (entries.size > options.max && !oldest.done) entries.delete(oldest.value);
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
      entries.delete(key);
      entries.set(key, entry);
      // A refresh that fails leaves the answer to age; the next caller past `staleMs` gets the failure.
      if (!aged(key, options.freshMs)) load(key, ask).catch(() => {});
      return Promise.resolve(entry.value);
    },
    /** An answer that may be as old as `keepMs`, for when nothing newer can be had. */
    last: (key: string): T | undefined => aged(key, options.keepMs)?.value,
  };
}
