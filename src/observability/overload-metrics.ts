import { counter, histogram } from './metrics.ts';
import { type Sampler, sampledMetrics } from './samplers.ts';

const decisions = counter({
  name: 'frontrow_overload_decisions_total',
  help: 'Operations that a process accepted, or refused because it was too busy, by class: pay, hold, map or search.',
  labelNames: ['class', 'decision'],
});
const waits = histogram({
  name: 'frontrow_overload_queue_seconds',
  help: 'How long operations had waited for the event loop when they were read, as far as the process can tell.',
});

type ByClass = Readonly<Record<string, { limit: number; running: number; waiting: number }>>;
const each = (stats: ByClass, value: (of: ByClass[string]) => number): Record<string, number> =>
  Object.fromEntries(Object.entries(stats).map(([name, of]) => [name, value(of)]));

const sampled = sampledMetrics<ByClass>([
  {
    name: 'frontrow_overload_limit',
    help: 'Operations of a class that may run at a time, as measured delays allow now.',
    label: 'class',
    value: (stats) => each(stats, ({ limit }) => limit),
  },
  {
    name: 'frontrow_overload_running',
    help: 'Operations of a class that run now.',
    label: 'class',
    value: (stats) => each(stats, ({ running }) => running),
  },
  {
    name: 'frontrow_overload_waiting',
    help: 'Operations of a class that wait for a place among those that run, for at most 40 ms.',
    label: 'class',
    value: (stats) => each(stats, ({ waiting }) => waiting),
  },
]);

type Decision = 'accepted' | 'refused';

/** Counts decisions about overload. The series of each class exists before its first refusal. */
export function openOverloadCounts(classes: readonly string[]) {
  const series = new Map<string, { inc(): void }>();
  for (const name of classes)
    for (const decision of ['accepted', 'refused'] satisfies Decision[]) {
      decisions.inc({ class: name, decision }, 0);
      series.set(`${name} ${decision}`, decisions.labels(name, decision));
    }
  return {
    decided: (of: string, decision: Decision): void => series.get(`${of} ${decision}`)?.inc(),
    waited: (seconds: number): void => waits.observe(seconds),
  };
}

export const overloadSampler = (read: () => ByClass): Sampler =>
  sampled({ name: 'overload', everyMs: 0, read: async () => read() });
