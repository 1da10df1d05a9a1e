import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/**
 * Everything that this process tells Prometheus. A metric is defined once, as a constant of a `*-metrics.ts` file beside
 * this one, and belongs to whichever process imports it. Labels have values that we chose: what a client may choose (ids,
 * names of operations) would be a series each.
 */
export const registry = new Registry();

type Definition<Label extends string> = { name: `frontrow_${string}`; help: string; labelNames?: readonly Label[] };

/** Its name ends in `_total`. */
export const counter = <Label extends string = never>(definition: Definition<Label>): Counter<Label> =>
  new Counter({ ...definition, registers: [registry] });

export const gauge = <Label extends string = never>(definition: Definition<Label>): Gauge<Label> =>
  new Gauge({ ...definition, registers: [registry] });

/** What the process itself takes: CPU, memory, garbage collection, lag of the event loop, open files. */
export function countProcess(): void {
  if (!registry.getSingleMetric('process_cpu_seconds_total')) collectDefaultMetrics({ register: registry });
}
