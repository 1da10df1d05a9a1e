const FIRST_MS = 250;
const MOST_MS = 5000;

/** How long to wait after so many failures in a row; with jitter, so that what failed together does not come back together. */
export const backOffMs = (failures: number): number =>
  Math.min(FIRST_MS * 2 ** (failures - 1), MOST_MS) * (0.5 + Math.random() / 2);

/** Places at which something waits, each with a pause of its own; the others are not held up. */
export class Pauses {
  private readonly paused = new Map<string, { failures: number; untilMs: number }>();

  /** Of the places that are not to be tried now. */
  keys(): string[] {
    const now = performance.now();
    return [...this.paused].filter(([, { untilMs }]) => untilMs > now).map(([key]) => key);
  }

  /** Something waits there still. Returns the length of the pause. */
  begin(key: string): number {
    const failures = (this.paused.get(key)?.failures ?? 0) + 1;
    const ms = backOffMs(failures);
    this.paused.set(key, { failures, untilMs: performance.now() + ms });
    return ms;
  }

  end(key: string): void {
    this.paused.delete(key);
  }
}
