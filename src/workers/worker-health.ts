import { type OutageCause, outageOf } from '#domain/outages.ts';
import type { MessageTrials, WaitingCause } from './message-trials.ts';

/** Shorter failures are normal: a lock that is taken, a connection that was cut. */
const WORTH_TELLING_MS = 1_000;
type Failing = { readonly error: unknown; readonly sinceMs: number };

export type WorkerTrouble = {
  readonly worker: string;
  /** `messages` wait; the `log` cannot be read; timed `runs` fail. */
  readonly of: 'messages' | 'log' | 'runs';
  readonly cause: WaitingCause;
  readonly error: unknown;
  readonly seconds: number;
  /** The number of messages that wait. */
  readonly count: number;
};

type OfWorker = {
  readonly worker: string;
  readonly oldestSeconds: number;
  readonly byCause: ReadonlyMap<WaitingCause, number>;
  readonly canRead: boolean;
};

/** What the workers of a process wait for, for `/ready` and the metrics. */
export class WorkerHealth {
  private readonly trials = new Map<string, MessageTrials>();
  private readonly lostLogs = new Map<string, Failing>();
  private readonly failedRuns = new Map<string, Failing>();

  watch(worker: string, trials: MessageTrials): void {
    this.trials.set(worker, trials);
  }

  lost(worker: string, error: unknown): void {
    note(this.lostLogs, worker, error);
  }

  found(worker: string): void {
    this.lostLogs.delete(worker);
  }

  failed(worker: string, error: unknown): void {
    note(this.failedRuns, worker, error);
  }

  ran(worker: string): void {
    this.failedRuns.delete(worker);
  }

  /** All troubles that have lasted for a second, one per kind and worker. */
  troubles(): WorkerTrouble[] {
    const all = [...this.ofMessages(), ...ofFailing('log', this.lostLogs), ...ofFailing('runs', this.failedRuns)];
    return all.filter(({ seconds }) => seconds * 1000 >= WORTH_TELLING_MS);
  }

  /** Messages that wait now, by worker and cause; every worker that consumes messages is listed. */
  waiting(): OfWorker[] {
    return [...this.trials].map(([worker, trials]) => {
      const waiting = trials.waiting();
      const byCause = Map.groupBy(waiting, ({ cause }) => cause);
      return {
        worker,
        oldestSeconds: waiting.length === 0 ? 0 : secondsSince(Math.min(...waiting.map(({ sinceMs }) => sinceMs))),
        byCause: new Map([...byCause].map(([cause, ofCause]) => [cause, ofCause.length])),
        canRead: !this.lostLogs.has(worker),
      };
    });
  }

  private ofMessages(): WorkerTrouble[] {
    return [...this.trials].flatMap(([worker, trials]) => {
      const waiting = trials.waiting();
      const oldest = waiting.toSorted((a, b) => a.sinceMs - b.sinceMs)[0];
      if (!oldest) return [];
      const { cause, error, sinceMs } = oldest;
      return [{ worker, of: 'messages' as const, cause, error, seconds: secondsSince(sinceMs), count: waiting.length }];
    });
  }
}

const secondsSince = (ms: number): number => (performance.now() - ms) / 1000;

function note(failing: Map<string, Failing>, worker: string, error: unknown): void {
  failing.set(worker, { error, sinceMs: failing.get(worker)?.sinceMs ?? performance.now() });
}

function ofFailing(of: 'log' | 'runs', failing: ReadonlyMap<string, Failing>): WorkerTrouble[] {
  return [...failing].map(([worker, { error, sinceMs }]) => {
    const cause: OutageCause | 'unknown' = outageOf(error)?.cause ?? 'unknown';
    return { worker, of, cause, error, seconds: secondsSince(sinceMs), count: 0 };
  });
}
