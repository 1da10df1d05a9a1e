import { counter, gauge, histogram } from './metrics.ts';
import { memorySampler, type Sampler } from './samplers.ts';

export type MessageOutcome = 'handled' | 'retried' | 'parked' | 'away';

const messages = counter({
  name: 'frontrow_messages_total',
  help: 'Deliveries of domain events to a worker by outcome: handled, retried, parked, or away (waits for a store).',
  labelNames: ['worker', 'outcome'],
});
const durations = histogram({
  name: 'frontrow_message_duration_seconds',
  help: 'How long a worker took to handle a message.',
  labelNames: ['worker'],
});
const delays = histogram({
  name: 'frontrow_message_delay_seconds',
  help: 'Time from the commit that published a message to the end of its handling.',
  labelNames: ['worker'],
  buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
});
const runs = counter({
  name: 'frontrow_timed_runs_total',
  help: 'Runs of the workers that the clock starts: ok or failed.',
  labelNames: ['worker', 'outcome'],
});
const succeededAt = gauge({
  name: 'frontrow_timed_run_success_timestamp_seconds',
  help: 'When a worker that the clock starts last ran without an error, in seconds since 1970.',
  labelNames: ['worker'],
});

const waiting = gauge({
  name: 'frontrow_waiting_messages',
  help: 'Messages that failed in this process for a reason outside the message, and are tried again until the cause is gone.',
  labelNames: ['worker', 'cause'],
});
const waitingAge = gauge({
  name: 'frontrow_oldest_waiting_message_age_seconds',
  help: 'How long the message that waits for longest in this process has waited; 0 without a waiting message.',
  labelNames: ['worker'],
});
const logReadable = gauge({
  name: 'frontrow_event_log_readable',
  help: 'Whether a worker of this process can read the event log.',
  labelNames: ['worker'],
});

type WaitingOfWorker = {
  readonly worker: string;
  readonly oldestSeconds: number;
  readonly byCause: ReadonlyMap<string, number>;
  readonly canRead: boolean;
};

export const waitingSampler = (read: () => readonly WaitingOfWorker[]): Sampler =>
  memorySampler('waiting', [waiting, waitingAge, logReadable], () =>
    read().flatMap(({ worker, oldestSeconds, byCause, canRead }) => [
      { metric: waitingAge, labels: { worker }, value: oldestSeconds },
      { metric: logReadable, labels: { worker }, value: Number(canRead) },
      ...[...byCause].map(([cause, value]) => ({ metric: waiting, labels: { worker, cause }, value })),
    ]),
  );

/** Each series exists before the first message. */
export function expectMessages(worker: string): void {
  for (const outcome of ['handled', 'retried', 'parked', 'away']) messages.inc({ worker, outcome }, 0);
}

export const countMessage = (worker: string, outcome: MessageOutcome): void => messages.inc({ worker, outcome });

export function timeMessage(worker: string, took: { seconds: number; delaySeconds: number }): void {
  durations.observe({ worker }, took.seconds);
  delays.observe({ worker }, Math.max(0, took.delaySeconds));
}

export function countRun(worker: string, outcome: 'ok' | 'failed'): void {
  runs.inc({ worker, outcome });
  if (outcome === 'ok') succeededAt.set({ worker }, Date.now() / 1000);
}
