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

/** A counter here is one that is kept elsewhere and only shown. */
type Metric = Gauge<string> | Counter<string>;

export type Sample = {
  readonly metric: Metric;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
};

type Sampling = {
  /** A label of what tells how sampling goes. */
  readonly name: string;
  /** All that `read` may give; those that it does not give are gone from the next scrape on. */
  readonly metrics: readonly Metric[];
  /** Asks a store. It must have a deadline of its own: one that hangs is not asked again until it ends. */
  readonly read: () => Promise<readonly Sample[]>;
  /** Who scrapes more often than this is given the last answer again. Default 2,000. */
  readonly everyMs?: number;
};

const EVERY_MS = 2_000;
/** A scrape waits so long for a store, and then goes on with what is known. */
const PATIENCE_MS = 1_000;
/** An older answer is not given any more: a line that stands still looks like one that is fine. */
const KEPT_MS = 60_000;

export type Sampler = { refresh(): Promise<void> };

/** Gauges whose values are asked for when somebody scrapes, at most every few seconds however often that is. */
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

/** What this process has in memory: asked for at each scrape. */
export const memorySampler = (name: string, metrics: readonly Metric[], read: () => readonly Sample[]): Sampler =>
  sampler({ name, metrics, everyMs: 0, read: async () => read() });
