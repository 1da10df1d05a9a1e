import { seedEvent } from '#test/support/databases/catalog.ts';
import { type OtlpCollector, openOtlpCollector } from '#test/support/system/otlp-collector.ts';
import { seriesOf } from '#test/support/system/scrape.ts';
import { type HttpLeg, httpTable } from './support/http-legs.ts';
import type { RunningApi } from './support/our-api.ts';
import type { BenchOptions, Report } from './support/report.ts';
import {
  leftOf,
  openSettingsPair,
  PAIR_TITLE,
  PLAN_SEATS,
  QUICK_SEATS,
  runSettingsPair,
  type SettingsPair,
} from './support/settings-pair.ts';

const ON = 'metrics, traces of 1 %, a scrape every 5 s';
const OFF = 'nothing of it';
const RATIO = 0.01;
const SCRAPE_EVERY_MS = 5_000;

/**
 * Measures the extra cost of holds over HTTP with metrics, traces and scrapes, against the same process without
 * them.
 */
export async function benchObservability({ quick, profile }: BenchOptions): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const collector = await openOtlpCollector();
  stack.defer(async () => void (await collector.close()));
  const observed = {
    METRICS_PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER_ARG: String(RATIO),
  };
  const pair = await openSettingsPair(stack, { [ON]: observed, [OFF]: { METRICS: 'off' } }, profile);
  const seats = quick ? QUICK_SEATS : PLAN_SEATS;
  const plan = await seedEvent(pair.stores.db, { seats, rows: 20, sections: 50 });
  const { legs, held } = await runSettingsPair(pair, { plan, quick }, (api) => {
    const scraping = setInterval(() => void scrape(api), SCRAPE_EVERY_MS);
    return () => clearInterval(scraping);
  });
  return reportOf(pair, legs, await findUncounted(pair, { collector, held: held.get(ON) ?? 0 }));
}

/** Undefined for a process without metrics. */
async function scrape({ metricsPort }: RunningApi): Promise<string | undefined> {
  if (metricsPort === undefined) return undefined;
  return await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
}

/**
 * Checks that metrics and traces were at work: every hold is counted, and about one of a hundred has arrived as a
 * span.
 */
async function findUncounted(
  { apis }: SettingsPair,
  { collector, held }: { collector: OtlpCollector; held: number },
): Promise<string[]> {
  const text = apis[ON] && (await scrape(apis[ON]));
  const counted = seriesOf(text ?? '').get('frontrow_holds_total{result="HELD"}');
  // Spans are sent once a second.
  const deadline = performance.now() + 10_000;
  const spans = () => collector.spans.filter(({ name }) => name === 'mutation createBooking').length;
  while (spans() < held * RATIO * 0.7 && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 200));
  const found: string[] = [];
  if (counted !== held) found.push(`${held} holds were answered and ${counted} were counted.`);
  if (spans() < held * RATIO * 0.5 || spans() > held * RATIO * 2)
    found.push(`${spans()} spans have arrived of ${held} holds.`);
  return found;
}

function reportOf(
  { stores }: SettingsPair,
  legs: ReadonlyMap<string, HttpLeg[]>,
  violations: readonly string[],
): Report {
  const left = leftOf(legs, { on: ON, off: OFF });
  return {
    question: 'What do metrics, traces of 1 % and a scrape every 5 s take of the throughput of holds over HTTP?',
    tables: [httpTable(PAIR_TITLE, legs)],
    goals: [
      { name: 'throughput that is left, of 1', goal: 0.95, measured: left.throughput },
      { name: 'CPU of the process without, against with', goal: 0.95, measured: left.nodeCpu },
    ],
    violations,
    notes: [
      'Four rounds in ABBA order, medians (in brackets: the extremes), the first 0.5 s of 6.5 s dropped, after a leg of each side that does not count. Two api processes on the same stores, one with METRICS=off and no collector; both write a log line an operation.',
      'Spans go to a collector that parses what arrives, in the process of the bench. After each leg SQL shows as many bookings as were answered; at the end every hold of the one side is counted in its metrics, and about one of a hundred has arrived as a span.',
    ],
    packages: ['prom-client', '@opentelemetry/sdk-trace', '@opentelemetry/exporter-trace-otlp-http'],
    servers: stores.description,
  };
}
