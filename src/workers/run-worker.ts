import { setTimeout as sleep } from 'node:timers/promises';
import { failpoint } from '#db/failpoint.ts';
import { outageOf } from '#domain/outages.ts';
import type { AggregateType } from '#events/contracts.ts';
import type { Consumption, EventLog } from '#events/log/log.ts';
import { describeError } from '#observability/log.ts';
import { countMessage, countRun, expectMessages, type MessageOutcome } from '#observability/worker-metrics.ts';
import { Bell } from '#shared/bell.ts';
import { untilCalm } from '#shared/calm.ts';
import type { GatheringTimes } from '#shared/gathering.ts';
import { about, handlersOf, type MessageWorker } from './handle-messages.ts';
import { MessageTrials } from './message-trials.ts';
import type { WorkerHealth } from './worker-health.ts';

/**
 * Consumes published events. `run` is called at least once per message and guards itself with `onceFor(messageId)`. A
 * message is parked only for errors that it causes (see `MessageTrials`). For any other error it waits without a
 * limit.
 */
export type TopicWorker<Needs> = MessageWorker<Needs> & {
  readonly topics: readonly AggregateType[];
  /** The time from one batch of messages to the next; default `GATHERING`. */
  readonly gathering?: GatheringTimes;
};

/**
 * Messages that arrive within this time are handled together. One fan alone never waits for it, because it counts from
 * the beginning of the batch before.
 */
const GATHERING: GatheringTimes = { leastMs: 20, mostMs: 60 };

/** Runs repeatedly; `run` may return in how many milliseconds, at most `everyMs` later. */
export type TimedWorker<Needs> = {
  readonly name: string;
  readonly everyMs: number;
  readonly run: (needs: Needs, context: { signal: AbortSignal }) => Promise<{ nextInMs: number } | undefined>;
  /**
   * Runs again as soon as `wake` is called, but not within `wakesAfterMs` of the last run's begin. Returns the
   * function that ends this.
   */
  readonly onWake?: (needs: Needs, wake: () => void) => () => void;
  readonly wakesAfterMs?: number;
  /** No fan waits for it: a run begins when the process has time, at the latest after `YIELDS_MS`. */
  readonly yields?: boolean;
};

export type Worker<Needs> = TopicWorker<Needs> | TimedWorker<Needs>;

/** Keeps a definition's types together; the name is the consumer group and the worker's name in the log. */
export const worker = <Needs, W extends Worker<Needs> = Worker<Needs>>(definition: W): W => definition;

export type WorkerLog = {
  info: (fields: object, message: string) => void;
  warn: (fields: object, message: string) => void;
  error: (fields: object, message: string) => void;
};

type Runtime = {
  eventLog: EventLog;
  log: WorkerLog;
  signal: AbortSignal;
  /** Is informed about what waits, and why. */
  health?: WorkerHealth;
};

/** Resolves when the signal was raised and every worker has finished its current work. */
export async function runWorkers<Needs>(
  workers: readonly Worker<Needs>[],
  needs: Needs,
  runtime: Runtime,
): Promise<void> {
  await Promise.all(
    workers.map((one) => ('topics' in one ? runOnTopics(one, needs, runtime) : runWhenWoken(one, needs, runtime))),
  );
}

/**
 * Every message of a long outage is tried again repeatedly; one line in so many milliseconds reports it, for each
 * cause.
 */
const AWAY_LINE_EVERY_MS = 10_000;

async function runOnTopics<Needs>(one: TopicWorker<Needs>, needs: Needs, runtime: Runtime): Promise<void> {
  const trials = new MessageTrials();
  runtime.health?.watch(one.name, trials);
  expectMessages(one.name);
  await runtime.eventLog.consume({
    group: one.name,
    topics: one.topics,
    signal: runtime.signal,
    ...handlersOf(one, needs, { ...runtime, trials }),
    gathering: one.gathering ?? GATHERING,
    onTrouble: troubleTeller(one.name, trials, runtime),
    onFound: () => runtime.health?.found(one.name),
  });
}

function troubleTeller(worker: string, trials: MessageTrials, { log, health }: Runtime): Consumption['onTrouble'] {
  const toldAtMs = new Map<string, number>();
  return ({ kind, error, message }) => {
    if (kind === 'lost') health?.lost(worker, error);
    else countMessage(worker, outcomeOf[kind]);
    const cause = outageOf(error)?.cause ?? 'unknown';
    if (kind === 'away' || kind === 'lost') {
      if (performance.now() - (toldAtMs.get(cause) ?? Number.NEGATIVE_INFINITY) < AWAY_LINE_EVERY_MS) return;
      toldAtMs.set(cause, performance.now());
    }
    const fields = { worker, trouble: kind, cause, ...(message ? about(message) : {}), ...describeError(error) };
    if (kind === 'parked') {
      if (message) trials.parked(message.id);
      log.error(fields, 'message parked');
      failpoint('message.given-up');
    } else log.warn(fields, 'message not handled yet');
  };
}

const outcomeOf: Record<'retry' | 'parked' | 'away', MessageOutcome> = {
  retry: 'retried',
  parked: 'parked',
  away: 'away',
};

const YIELDS_MS = 5_000;
/** A worker that must notice within a second that a store is back does not wait longer because it was away. */
const MOST_BACK_OFF_MS = 5000;

async function runWhenWoken<Needs>(one: TimedWorker<Needs>, needs: Needs, runtime: Runtime): Promise<void> {
  const bell = new Bell();
  const stopListening = one.onWake?.(needs, bell.ring);
  await runOnTime(one, needs, { ...runtime, bell });
  stopListening?.();
}

async function runOnTime<Needs>(
  one: TimedWorker<Needs>,
  needs: Needs,
  { bell, ...runtime }: Runtime & { bell: Bell },
): Promise<void> {
  let failures = 0;
  while (!runtime.signal.aborted) {
    if (one.yields) await untilCalm({ mostMs: YIELDS_MS, signal: runtime.signal });
    const startedMs = performance.now();
    let pauseMs = one.everyMs;
    bell.silence();
    try {
      const answer = await one.run(needs, { signal: runtime.signal });
      if (answer) pauseMs = Math.max(0, Math.min(answer.nextInMs, one.everyMs));
      failures = 0;
      runtime.health?.ran(one.name);
      countRun(one.name, 'ok');
    } catch (error) {
      if (runtime.signal.aborted) return;
      failures += 1;
      countRun(one.name, 'failed');
      runtime.health?.failed(one.name, error);
      // Jitter, so that processes that failed together do not all retry together.
      pauseMs =
        Math.min(100 * 2 ** failures, Math.max(one.everyMs, 1000), MOST_BACK_OFF_MS) * (0.5 + Math.random() / 2);
      runtime.log.warn({ worker: one.name, failures, ...describeError(error) }, 'run failed');
    }
    const leastMs = Math.min(pauseMs, Math.max(0, (one.wakesAfterMs ?? 0) - (performance.now() - startedMs)));
    await sleep(leastMs, undefined, { signal: runtime.signal }).catch(() => {});
    await bell.within(pauseMs - leastMs, runtime.signal);
  }
}
