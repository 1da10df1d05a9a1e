/**
 * Knows until when the index is known to be unchanged. Each write of the index stamps it, and each answer of the engine
 * has the stamp that was read before its hits. So an answer with the present stamp is still what the engine would
 * return.
 */
export function openIndexStamp(read: () => Promise<Date>, everyMs: number) {
  let stamp = Number.NaN;
  let seenAtMs = Number.NEGATIVE_INFINITY;
  let askedAtMs = Number.NEGATIVE_INFINITY;

  const saw = (indexedAt: Date, atMs: number): void => {
    // An answer to an earlier question says nothing about the time since the latest one.
    if (atMs <= seenAtMs) return;
    stamp = indexedAt.getTime();
    seenAtMs = atMs;
  };

  return {
    /** Reads the stamp when it was last seen or asked for longer than `everyMs` ago; does not wait for it. */
    keepUp(): void {
      const nowMs = performance.now();
      if (nowMs - Math.max(seenAtMs, askedAtMs) < everyMs) return;
      askedAtMs = nowMs;
      // Without the stamp answers only age.
      read().then(
        (indexedAt) => saw(indexedAt, nowMs),
        () => {},
      );
    },
    /** Takes the stamp of an answer whose question was sent at `atMs`, by `performance.now()`. */
    saw,
    /** When the index was last seen with this stamp, by `performance.now()`. Undefined for an older stamp. */
    sameAtMs: (indexedAt: Date): number | undefined => (indexedAt.getTime() === stamp ? seenAtMs : undefined),
  };
}
