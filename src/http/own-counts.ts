/** Points that callers took in this process, in windows of `seconds` that are dropped whole. */
export type OwnCounts = {
  /** Counts `points`. Returns how many of the caller's points the other processes must hear of now; 0 mostly. */
  take(key: string, points: number): number;
};

/**
 * Up to `share` points a window are nobody else's business. Whoever takes more is reported with all its points of this
 * window, and from then on, also through the next window, with each. Beyond `maxCallers` in a window the others are
 * reported from their first point, so that memory stays bounded.
 */
export function openOwnCounts(
  { share, seconds, maxCallers = 250_000 }: { share: number; seconds: number; maxCallers?: number },
  now: () => number = () => performance.now(),
): OwnCounts {
  let window = 0;
  let counts = new Map<string, number>();
  let before = new Map<string, number>();

  const turnTo = (current: number) => {
    if (current === window) return;
    before = current === window + 1 ? counts : new Map();
    counts = new Map();
    window = current;
  };

  return {
    take(key, points) {
      turnTo(Math.floor(now() / (seconds * 1000)));
      const taken = counts.get(key);
      if (taken === undefined && counts.size >= maxCallers) return points;
      const total = (taken ?? 0) + points;
      counts.set(key, total);
      if ((before.get(key) ?? 0) > share) return points;
      if (total <= share) return 0;
      return (taken ?? 0) <= share ? total : points;
    },
  };
}
