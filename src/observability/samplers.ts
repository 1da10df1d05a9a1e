import type { Counter, Gauge } from 'prom-client';
import { withDeadline } from '#shared/deadline.ts';
import { counter, gauge } from './metrics.ts';

const sampledAt = gauge({
  name: 'frontrow_sample_timestamp_seconds',
  help: 'When a group of sampled gauges was last read, in seconds since 1970.',
  labelNames: ['sampler'],
});
const failures = counter({
  name: 'frontrow_sample_failures_total',
  help: 'Readings of a group of sampled gauges that failed or took too long.',
  labelNames: ['sampler'],
});

/** A counter here is counted elsewhere and only shown. */
type Metric = Gauge<string> | Counter<string>;

export type Sample = {
  readonly metric: Metric;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
};

type Sampling = {
  /** The label of this sampler in the metrics about sampling. */
  readonly name: string;
  /** All metrics that `read` may return; a series that it does not return disappears from the next scrape. */
  readonly metrics: readonly Metric[];
  /** Reads a store. It must have its own deadline: while a read hangs, no further one starts. */
  readonly read: () => Promise<readonly Sample[]>;
  /** A scrape within this time gets the last result again. Default 2,000. */
  readonly everyMs?: number;
};

const EVERY_MS = 2_000;
/** How long a scrape waits for a store; then it continues with the last values. */
const PATIENCE_MS = 1_000;
/** Older values are not shown any longer, because a constant line looks like a healthy one. */
const KEPT_MS = 60_000;

export type Sampler = { refresh(): Promise<void> };

/** Gauges whose values are read at a scrape, at most once every few seconds. */
export function sampler({ name, metrics, read, everyMs = EVERY_MS }: Sampling): Sampler {
  let readAtMs = Number.NEGATIVE_INFINITY;
  let triedAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  const clear = () => {
    for (const metric of metrics) metric.reset();
  };
  const take = async () => {
    try {
      const samples = await read();
      clear();
      for (const { metric, labels = {}, value } of samples) metric.inc(labels, value);
      readAtMs = performance.now();
      sampledAt.set({ sampler: name }, Date.now() / 1000);
    } catch {
      failures.inc({ sampler: name });
      if (performance.now() - readAtMs > KEPT_MS) clear();
    } finally {
      reading = undefined;
    }
  };
  failures.inc({ sampler: name }, 0);

  return {
    async refresh() {
      if (performance.now() - triedAtMs >= everyMs && !reading) {
        triedAtMs = performance.now();
        reading = take();
      }
      if (reading) await withDeadline(reading, PATIENCE_MS, () => undefined);
    },
  };
}

type SampledMetric<Read, Label extends string> = {
  readonly name: `frontrow_${string}`;
  readonly help: string;
  /** `counter`: it is counted elsewhere and only shown. Its name ends in `_total`. Default `gauge`. */
  readonly kind?: 'counter';
  /** One number, or with `label` one for each value of the label. */
  readonly value: (read: Read) => number | Readonly<Record<string, number>>;
  readonly label?: Label;
};

/**
 * Defines metrics that are read together, each once: its name, its help and which part of the reading it shows. The
 * result turns a reading into a sampler.
 */
export function sampledMetrics<Read>(definitions: readonly SampledMetric<Read, string>[]) {
  const rows = definitions.map(({ kind, name, help, label, value }) => ({
    metric: (kind === 'counter' ? counter : gauge)({ name, help, labelNames: label === undefined ? [] : [label] }),
    samplesOf: (read: Read) => {
      const of = value(read);
      if (typeof of === 'number') return [{ labels: {}, value: of }];
      return Object.entries(of).map(([key, number]) => ({ labels: { [label ?? '']: key }, value: number }));
    },
  }));
  return (sampling: Pick<Sampling, 'name' | 'everyMs'> & { readonly read: () => Promise<Read> }): Sampler =>
    sampler({
      ...sampling,
      metrics: rows.map(({ metric }) => metric),
      read: async () => {
        const read = await sampling.read();
        return rows.flatMap(({ metric, samplesOf }) => samplesOf(read).map((sample) => ({ metric, ...sample })));
      },
    });
}

/** Values from the memory of this process, read at each scrape. */
export const memorySampler = (name: string, metrics: readonly Metric[], read: () => readonly Sample[]): Sampler =>
  sampler({ name, metrics, everyMs: 0, read: async () => read() });
