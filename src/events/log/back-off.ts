const FIRST_MS = 250;
const MOST_MS = 5000;

/** How long to wait after so many failures in a row; with jitter, so that what failed together does not come back together. */
export const backOffMs = (failures: number): number =>
  Math.min(FIRST_MS * 2 ** (failures - 1), MOST_MS) * (0.5 + Math.random() / 2);

/** Places at which something waits, each with a pause of its own; the others are not held up. */
export class Pauses {
  readonly #paused = new Map<string, { failures: number; timer: NodeJS.Timeout | undefined }>();

  /** Of the places that are not to be tried now. */
  keys(): string[] {
    return [...this.#paused].filter(([, { timer }]) => timer !== undefined).map(([key]) => key);
  }

  /**
   * Something waits there still. `whenOver` is called with the end of the pause, and by then the place may be tried: one
   * timer decides both, since a timer may be early by the clock.
   */
  begin(key: string, whenOver: () => void): void {
    const before = this.#paused.get(key);
    clearTimeout(before?.timer);
    const failures = (before?.failures ?? 0) + 1;
    const over = () => {
      this.#paused.set(key, { failures, timer: undefined });
      whenOver();
    };
    this.#paused.set(key, { failures, timer: setTimeout(over, backOffMs(failures)).unref() });
  }

  end(key: string): void {
    clearTimeout(this.#paused.get(key)?.timer);
    this.#paused.delete(key);
  }
}
