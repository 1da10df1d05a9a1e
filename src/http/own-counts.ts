/** Points that callers took in this process, counted in windows of `seconds`. */
export type OwnCounts = {
  /** Counts `points`. Returns how many of the caller's points to report to the other processes now, mostly 0. */
  take(key: string, points: number): number;
};

/**
 * Up to `share` points per window are not reported. A caller who takes more is reported with all points of this window, and
 * then with each further point until the end of the next window. Beyond `maxCallers` in a window, further callers are
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
