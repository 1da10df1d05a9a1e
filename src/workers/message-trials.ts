import { isRefusedValue } from '#db/pg-errors.ts';
import { TryAgain } from '#domain/errors.ts';
import { type OutageCause, outageOf } from '#domain/outages.ts';
import { DependencyAway, Unhandleable } from '#events/log/log.ts';

/** Tries of a message whose error is not known, each after another message of its type has passed. */
const TRIES = 5;
/** When so many messages were parked and none passed in between, the fault is not in the messages. */
const MOST_IN_A_ROW = 3;
/** After this time, passing messages of other types count as well; otherwise a rare type would wait for ever. */
const OTHER_TYPES_COUNT_AFTER_MS = 600_000;
/** A message that another process has taken over is no longer tried here. */
const FORGOTTEN_AFTER_MS = 60_000;

/**
 * `unknown`: an error that is not an outage, while no other message passes. `all-alike`: every message is refused
 * alike.
 */
export type WaitingCause = OutageCause | 'unknown' | 'all-alike';

export type Waiting = {
  readonly messageId: string;
  readonly cause: WaitingCause;
  readonly error: unknown;
  /** By `performance.now()`. */
  readonly sinceMs: number;
};

type Trial = {
  type: string;
  cause: WaitingCause;
  error: unknown;
  readonly sinceMs: number;
  triedAtMs: number;
  /** How many failures counted: another message passed in between. */
  counted: number;
  /** How many tries had begun at the last counted failure. */
  countedAt: number;
};

type Try = { readonly id: string; readonly type: string; readonly isReplayed: boolean };

/**
 * Decides for one worker whether a message that failed is at fault itself or waits for something. A message is given
 * up only for what it causes: a contract that it breaks, values that PostgreSQL refuses, or a bug that it alone
 * meets, which shows when others of its type pass in between. Every other error is an outage, known or not.
 */
export class MessageTrials {
  private readonly trials = new Map<string, Trial>();
  /** By type: how many tries had begun when the newest passed message began. */
  private readonly passed = new Map<string, number>();
  /** By type: the messages that were given up since another one passed. */
  private readonly givenUp = new Map<string, Set<string>>();
  private begun = 0;

  /** The messages that wait now, the one that waits longest first. */
  waiting(): Waiting[] {
    const oldest = performance.now() - FORGOTTEN_AFTER_MS;
    for (const [id, { triedAtMs }] of this.trials) if (triedAtMs < oldest) this.trials.delete(id);
    return [...this.trials].map(([messageId, trial]) => ({ messageId, ...trial }));
  }

  /**
   * Runs one try. Rejects with `DependencyAway` when the message waits, with `Unhandleable` when it is to be parked,
   * and with the error itself when it is to be parked after one or two further failures.
   */
  async run(one: Try, work: () => Promise<void>): Promise<void> {
    const number = ++this.begun;
    try {
      await work();
    } catch (error) {
      throw this.judge(one, error);
    }
    this.pass(one, number);
  }

  /** Runs one try of several messages. Those that `work` returns have passed; the others are tried alone. */
  async runTogether<Of extends Pick<Try, 'id' | 'type'>>(work: () => Promise<readonly Of[]>): Promise<readonly Of[]> {
    const number = ++this.begun;
    const passed = await work();
    for (const one of passed) this.pass(one, number);
    return passed;
  }

  private pass({ id, type }: Pick<Try, 'id' | 'type'>, number: number): void {
    this.trials.delete(id);
    this.passed.set(type, Math.max(number, this.passed.get(type) ?? 0));
    this.givenUp.delete(type);
  }

  parked(id: string): void {
    this.trials.delete(id);
  }

  private judge(one: Try, error: unknown): unknown {
    if (error instanceof DependencyAway) return this.wait(one, error, outageOf(error)?.cause ?? 'not-ready');
    const outage = outageOf(error);
    if (outage) return this.wait(one, error, outage.cause);
    if (error instanceof TryAgain) return this.wait(one, error, 'busy');
    // The message is set aside already, so no other message waits for it, and the person who asked for the replay
    // wants the error.
    if (one.isReplayed) return error;
    const isRefused = isRefusedValue(error);
    const waiting = this.wait(one, error, isRefused ? 'all-alike' : 'unknown');
    if (!isRefused && (this.trials.get(one.id)?.counted ?? 0) < TRIES) return waiting;
    if (!this.mayGiveUp(one)) return this.wait(one, error, 'all-alike');
    if (isRefused) return error;
    return new Unhandleable(error instanceof Error ? error.message : String(error), { cause: error });
  }

  private mayGiveUp({ id, type }: Try): boolean {
    const givenUp = this.givenUp.get(type) ?? new Set();
    this.givenUp.set(type, givenUp);
    if (givenUp.size < MOST_IN_A_ROW) givenUp.add(id);
    return givenUp.has(id);
  }

  private wait({ id, type }: Try, error: unknown, cause: WaitingCause): DependencyAway {
    const now = performance.now();
    const trial = this.trials.get(id) ?? { type, sinceMs: now, counted: 0, countedAt: 0, cause, error, triedAtMs: now };
    Object.assign(trial, { cause, error, triedAtMs: now });
    if (cause !== 'unknown' && cause !== 'all-alike') trial.counted = 0;
    else if (trial.counted === 0 || this.hasPassedSince(trial, now)) {
      trial.counted += 1;
      trial.countedAt = this.begun;
    }
    this.trials.set(id, trial);
    return error instanceof DependencyAway ? error : new DependencyAway(`It waits: ${cause}.`, { cause: error });
  }

  /**
   * Whether a message passed that began after the last counted failure: one that was under way when the fault began
   * proves nothing.
   */
  private hasPassedSince({ type, countedAt, sinceMs }: Trial, now: number): boolean {
    const othersCount = now - sinceMs > OTHER_TYPES_COUNT_AFTER_MS;
    const passed = othersCount ? Math.max(0, ...this.passed.values()) : (this.passed.get(type) ?? 0);
    return passed > countedAt;
  }
}
