import { type SeededEvent, seedEvent } from '#test/support/catalog.ts';
import { type OtlpCollector, openOtlpCollector } from '#test/support/otlp-collector.ts';
import { seriesOf } from '#test/support/scrape.ts';
import { HOLD_ANSWER, HOLD_MUTATION, putOnSale, signInBuyers } from './holds-e2e.ts';
import { type BenchChild, openChild } from './support/child.ts';
import { checkHolds } from './support/hold-checks.ts';
import { cpuPerAnswer, type HttpLeg, httpTable, medianOf, perSecond, runHttpLeg } from './support/http-legs.ts';
import { newPrivateKey, openOurApi, type RunningApi } from './support/our-api.ts';
import { keepRedisAlive } from './support/redis-upkeep.ts';
import type { BenchOptions, Report } from './support/report.ts';
import { abba } from './support/rounds.ts';
import { openStores, type Stores } from './support/stores.ts';

const ON = 'metrics, traces of 1 %, a scrape every 5 s';
const OFF = 'nothing of it';
const EVENTS = 20;
const CONNECTIONS = 64;
const PLAN_SEATS = 100_000;
const RATIO = 0.01;
const SCRAPE_EVERY_MS = 5_000;

type World = {
  readonly stores: Stores;
  readonly loader: BenchChild;
  readonly apis: Readonly<Record<string, RunningApi>>;
  readonly collector: OtlpCollector;
  readonly tokens: readonly string[];
};
type Time = { readonly warmupMs: number; readonly measureMs: number };

/**
 * Measures the extra cost of holds over HTTP with metrics, traces and scrapes, against the same process without
 * them.
 */
export async function benchObservability({ quick, profile }: BenchOptions): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const world = await openWorld(stack, profile);
  const plan = await seedEvent(world.stores.db, { seats: quick ? 20_000 : PLAN_SEATS, rows: 20, sections: 50 });
  const time = quick ? { warmupMs: 200, measureMs: 800 } : { warmupMs: 500, measureMs: 6_000 };
  const legs = new Map<string, HttpLeg[]>();
  let held = 0;
  const run = async (side: string) => {
    const leg = await runLeg(world, { plan, side, time });
    if (side === ON) held += leg.total;
    return leg;
  };
  // Compiles the code and opens the connections before the first leg that counts.
  for (const side of [ON, OFF]) await run(side);
  for (const side of abba([ON, OFF], quick ? 1 : 4)) legs.set(side, [...(legs.get(side) ?? []), await run(side)]);
  return reportOf(world, legs, await findUncounted(world, held));
}

async function openWorld(stack: AsyncDisposableStack, profile: string | undefined): Promise<World> {
  const opened = <T extends { close(): unknown }>(handle: T): T => {
    stack.defer(async () => void (await handle.close()));
    return handle;
  };
  const stores = opened(await openStores());
  const stopUpkeep = await keepRedisAlive(stores);
  stack.defer(async () => void (await stopUpkeep()));
  const collector = opened(await openOtlpCollector());
  const tokenPrivateKey = newPrivateKey();
  const observed = {
    METRICS_PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER_ARG: String(RATIO),
  };
  const apis = {
    [ON]: opened(await openOurApi(stores, tokenPrivateKey, profile, observed)),
    [OFF]: opened(await openOurApi(stores, tokenPrivateKey, profile, { METRICS: 'off' })),
  };
  const loader = opened(openChild(new URL('./support/http-load.ts', import.meta.url)));
  return { stores, loader, apis, collector, tokens: await signInBuyers({ tokenPrivateKey }) };
}

async function runLeg(
  world: World,
  { plan, side, time }: { plan: SeededEvent; side: string; time: Time },
): Promise<HttpLeg> {
  const { stores, loader, tokens, apis } = world;
  const api = apis[side];
  if (!api) throw new Error(`There is no process for "${side}".`);
  const eventIds = await putOnSale({ stores, plan }, EVENTS, side);
  const { planId, seatCount } = plan;
  const requests = {
    kind: 'holds' as const,
    query: HOLD_MUTATION,
    eventIds,
    planId,
    seatCount,
    tokens,
    answer: HOLD_ANSWER,
  };
  const load = { port: api.port, connections: CONNECTIONS, ...time, requests };
  const scraping = setInterval(() => void scrape(api), SCRAPE_EVERY_MS);
  try {
    const figures = await runHttpLeg(loader, load, [{ role: 'node', pid: api.pid }, ...stores.watched]);
    await checkHolds(stores.db, { eventIds, held: figures.total, released: 0, hasCounters: true });
    return figures;
  } finally {
    clearInterval(scraping);
  }
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
async function findUncounted({ apis, collector }: World, held: number): Promise<string[]> {
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

function reportOf(world: World, legs: ReadonlyMap<string, HttpLeg[]>, violations: readonly string[]): Report {
  const ratio = (value: (leg: HttpLeg) => number) => medianOf(legs.get(ON), value) / medianOf(legs.get(OFF), value);
  const cpu = (leg: HttpLeg) => cpuPerAnswer(leg, 'node');
  return {
    question: 'What do metrics, traces of 1 % and a scrape every 5 s take of the throughput of holds over HTTP?',
    tables: [httpTable(`spread over ${EVENTS} events, ${CONNECTIONS} connections`, legs)],
    goals: [
      { name: 'throughput that is left, of 1', goal: 0.95, measured: ratio(perSecond) },
      { name: 'CPU of the process without, against with', goal: 0.95, measured: 1 / ratio(cpu) },
    ],
    violations,
    notes: [
      'Four rounds in ABBA order, medians (in brackets: the extremes), the first 0.5 s of 6.5 s dropped, after a leg of each side that does not count. Two api processes on the same stores, one with METRICS=off and no collector; both write a log line an operation.',
      'Spans go to a collector that parses what arrives, in the process of the bench. After each leg SQL shows as many bookings as were answered; at the end every hold of the one side is counted in its metrics, and about one of a hundred has arrived as a span.',
    ],
    packages: ['prom-client', '@opentelemetry/sdk-trace', '@opentelemetry/exporter-trace-otlp-http'],
    servers: world.stores.description,
  };
}
