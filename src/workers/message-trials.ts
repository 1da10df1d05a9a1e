import { isRefusedValue } from '#db/pg-errors.ts';
import { TryAgain } from '#domain/errors.ts';
import { type OutageCause, outageOf } from '#domain/outages.ts';
import { DependencyAway, Unhandleable } from '#events/log/log.ts';

/** Tries of a message whose error is not known, each after another message of its type has passed. */
const TRIES = 5;
/** After so many parked ones without one that passed the fault is not of the messages. */
const MOST_IN_A_ROW = 3;
/** After so long messages of other types that pass say as much: else a rare type would wait for ever. */
const OTHER_TYPES_COUNT_AFTER_MS = 600_000;
/** A message that another process has taken over is not tried here any more. */
const FORGOTTEN_AFTER_MS = 60_000;

/** `unknown`: an error that is none of a store's, while no other message passes. `all-alike`: each one is refused alike. */
export type WaitingCause = OutageCause | 'unknown' | 'all-alike';

export type Waiting = {
  readonly messageId: string;
  readonly cause: WaitingCause;
  readonly error: unknown;
  /** Of `performance.now()`. */
  readonly sinceMs: number;
};

type Trial = {
  type: string;
  cause: WaitingCause;
  error: unknown;
  readonly sinceMs: number;
  triedAtMs: number;
  /** Failures between which another message passed. */
  counted: number;
  /** The count of begun tries when the last of them failed. */
  countedAt: number;
};

type Try = { readonly id: string; readonly type: string; readonly isReplayed: boolean };

/**
 * Decides for one worker whether a message that failed is at fault itself or waits for something. A message is given up
 * only for what it causes: a contract that it breaks, values that PostgreSQL refuses, or a bug that it meets alone, which
 * shows in that others of its type pass in between. Whatever else goes wrong is an outage, known or not.
 */
export class MessageTrials {
  private readonly trials = new Map<string, Trial>();
  /** By type: how many tries had begun when the newest of those that passed began. */
  private readonly passed = new Map<string, number>();
  /** By type: those that were given up since another one passed. */
  private readonly givenUp = new Map<string, Set<string>>();
  private begun = 0;

  /** Of the messages that wait now, the one that waits for longest first. */
  waiting(): Waiting[] {
    const oldest = performance.now() - FORGOTTEN_AFTER_MS;
    for (const [id, { triedAtMs }] of this.trials) if (triedAtMs < oldest) this.trials.delete(id);
    return [...this.trials].map(([messageId, trial]) => ({ messageId, ...trial }));
  }

  /**
   * Runs one try. Rejects with `DependencyAway` when the message waits, with `Unhandleable` when it is to be parked, and
   * with the error itself when it is to be parked should it fail once or twice more.
   */
  async run(one: Try, work: () => Promise<void>): Promise<void> {
    const number = ++this.begun;
    try {
      await work();
    } catch (error) {
      throw this.judge(one, error);
    }
    this.trials.delete(one.id);
    this.passed.set(one.type, Math.max(number, this.passed.get(one.type) ?? 0));
    this.givenUp.delete(one.type);
  }

  parked(id: string): void {
    this.trials.delete(id);
  }

  private judge(one: Try, error: unknown): unknown {
    if (error instanceof DependencyAway) return this.wait(one, error, outageOf(error)?.cause ?? 'not-ready');
    const outage = outageOf(error);
    if (outage) return this.wait(one, error, outage.cause);
    if (error instanceof TryAgain) return this.wait(one, error, 'busy');
    // It is set aside already: nothing waits that did not wait before, and who asked for the replay wants to know.
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

  /** Begun after the last counted failure and done: what was under way when the fault began proves nothing. */
  private hasPassedSince({ type, countedAt, sinceMs }: Trial, now: number): boolean {
    const othersCount = now - sinceMs > OTHER_TYPES_COUNT_AFTER_MS;
    const passed = othersCount ? Math.max(0, ...this.passed.values()) : (this.passed.get(type) ?? 0);
    return passed > countedAt;
  }
}
