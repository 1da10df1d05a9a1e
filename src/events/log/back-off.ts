const FIRST_MS = 250;
const MOST_MS = 5000;

/**
 * How long to wait after so many failures in a row; with jitter, so that callers that failed together do not retry
 * together.
 */
export const backOffMs = (failures: number): number =>
  Math.min(FIRST_MS * 2 ** (failures - 1), MOST_MS) * (0.5 + Math.random() / 2);

type Pause = { readonly failures: number; readonly timer: NodeJS.Timeout | undefined; readonly isTaken: boolean };

/** Places (partitions) that wait, each with its own pause; the others are not delayed. */
export class Pauses {
  readonly #paused = new Map<string, Pause>();

  /** The places whose last try did not pass, whether their pause is over or not. */
  all(): string[] {
    return [...this.#paused.keys()];
  }

  has(key: string): boolean {
    return this.#paused.has(key);
  }

  /** A place whose pause is over, for a try by this caller alone: it calls `begin` or `end` afterwards. */
  takeDue(): string | undefined {
    for (const [key, pause] of this.#paused) {
      if (pause.timer !== undefined || pause.isTaken) continue;
      this.#paused.set(key, { ...pause, isTaken: true });
      return key;
    }
    return undefined;
  }

  /**
   * The place still waits. `whenOver` is called at the end of the pause, and then the place may be tried: one timer
   * decides both, because a timer may be early by the clock.
   */
  begin(key: string, whenOver: () => void): void {
    const before = this.#paused.get(key);
    clearTimeout(before?.timer);
    const failures = (before?.failures ?? 0) + 1;
    const over = () => {
      this.#paused.set(key, { failures, timer: undefined, isTaken: false });
      whenOver();
    };
    this.#paused.set(key, { failures, timer: setTimeout(over, backOffMs(failures)).unref(), isTaken: false });
  }

  end(key: string): void {
    clearTimeout(this.#paused.get(key)?.timer);
    this.#paused.delete(key);
  }
}
