import type { Counter, Gauge } from 'prom-client';
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
      if (reading) await atMost(reading, PATIENCE_MS);
    },
  };
}

async function atMost(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

/** Values from the memory of this process, read at each scrape. */
export const memorySampler = (name: string, metrics: readonly Metric[], read: () => readonly Sample[]): Sampler =>
  sampler({ name, metrics, everyMs: 0, read: async () => read() });
