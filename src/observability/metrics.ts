import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * All metrics of this process for Prometheus. A metric is defined once, as a constant of a `*-metrics.ts` file beside
 * this one, and belongs to the processes that import it. Labels have values that we chose: a value that a client
 * chooses (ids, names of operations) would be a series each.
 */
export const registry = new Registry();

/** From a read in memory to a wait that ended with a deadline. */
export const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Definition<Label extends string> = { name: `frontrow_${string}`; help: string; labelNames?: readonly Label[] };

/** Its name ends in `_total`. */
export const counter = <Label extends string = never>(definition: Definition<Label>): Counter<Label> =>
  new Counter({ ...definition, registers: [registry] });

export const gauge = <Label extends string = never>(definition: Definition<Label>): Gauge<Label> =>
  new Gauge({ ...definition, registers: [registry] });

/** Its name ends in its unit; seconds unless `buckets` says otherwise. */
export const histogram = <Label extends string = never>(
  definition: Definition<Label> & { buckets?: number[] },
): Histogram<Label> => new Histogram({ buckets: SECONDS, ...definition, registers: [registry] });

/** The metrics of the process itself: CPU, memory, garbage collection, lag of the event loop, open files. */
export function countProcess(): void {
  if (!registry.getSingleMetric('process_cpu_seconds_total')) collectDefaultMetrics({ register: registry });
}
