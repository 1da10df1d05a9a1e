import { outageOf } from '../outages.ts';

export type WriteFailure = {
  readonly error: unknown;
  /** When the first write failed after the last one that succeeded. */
  readonly since: Date;
};

/** Without a further failed write, a failure is no longer reported after this time: nothing is known by then. */
const KNOWN_FOR_MS = 120_000;

/**
 * Whether the writes of a process fail although its database may still be read: a full disk, a standby, a missing
 * grant. A lock that is taken is not such a failure, because it concerns one event.
 */
export class WriteHealth {
  readonly #nowMs: () => number;
  #failure: WriteFailure | undefined;
  #failedAtMs = 0;

  /** @param nowMs milliseconds of a clock that never goes back */
  constructor(nowMs = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Ignores errors that are not outages. */
  failed(error: unknown): void {
    const cause = outageOf(error)?.cause;
    if (cause === undefined || cause === 'busy') return;
    this.#failure = { error, since: this.failure()?.since ?? new Date() };
    this.#failedAtMs = this.#nowMs();
  }

  /** A write that changed something was committed. */
  succeeded(): void {
    this.#failure = undefined;
  }

  /** Undefined when the last write succeeded, and when the last failure is two minutes old. */
  failure(): WriteFailure | undefined {
    return this.#nowMs() - this.#failedAtMs < KNOWN_FOR_MS ? this.#failure : undefined;
  }
}
