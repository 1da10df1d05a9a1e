import { rm } from 'node:fs/promises';
import { closeDb, openDb } from '#db/client.ts';
import { type BooksSampler, startBooksSampler } from './books-sampler.ts';
import type { CheckResult } from './checks/check.ts';
import { failuresOf } from './checks/run-checks.ts';
import { type ClientProcess, startClients } from './clients/client-process.ts';
import type { DomainConfig } from './clients/domain.ts';
import type { FansConfig } from './clients/fans.ts';
import type { ClientConfig, Stage } from './clients/protocol.ts';
import type { OrganizerConfig } from './clients/seller.ts';
import { addTallies, type TallyState } from './clients/tally.ts';
import type { WatchersConfig } from './clients/watchers.ts';
import { awaitQuiet } from './convergence.ts';
import { withoutLongHolds } from './long-holds.ts';
import { type InjectedFault, type Nemesis, startNemesis } from './nemesis.ts';
import { moduleOf } from './parts.ts';
import { type PlannedFault, planFaults } from './plan.ts';
import type { RarePath } from './rare-paths.ts';
import { type Used, watchResources } from './resources-used.ts';
import { seedFans, seedStages } from './stages.ts';
import { checkEverything } from './verdict.ts';
import { openWorld, type World } from './world.ts';

export type ChaosOptions = {
  readonly seed: number;
  readonly seconds: number;
  readonly log: 'postgres' | 'kafka';
  readonly paceMs: number;
  readonly holdTtlSeconds: number;
  readonly fans: number;
  readonly domainLanes: number;
  readonly watchers: number;
  readonly hotEvents: number;
  /** Operations a second of all fans together, and of all callers of the domain; 0: as fast as they get answers. */
  readonly rate: { readonly fans: number; readonly domain: number };
  /** The time after the last fault in which everything must come to rest. */
  readonly convergesWithinMs: number;
  /** Reaches every process of the product. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with a progress line from time to time. */
  readonly tell: (line: string) => void;
  /** Ends the run early, with everything stopped and nothing kept; then it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
};

export type ChaosResult = {
  readonly plan: readonly PlannedFault[];
  readonly faults: readonly InjectedFault[];
  readonly fans: TallyState;
  readonly domain: TallyState;
  readonly watchers: TallyState;
  readonly organizer: TallyState;
  readonly checks: readonly CheckResult[];
  readonly rarePaths: readonly RarePath[];
  readonly secondsUntilQuiet: number;
  readonly seconds: number;
  /** By role. */
  readonly used: ReadonlyMap<string, Used>;
  /** The folder of the run; removed when no promise was broken. */
  readonly folder: string | undefined;
};

/** A shorter run cannot reach every rare path. */
const SHORT_SECONDS = 60;
const HOT_SEATS = 20;
const WIDE_EVENTS = 4;
const USERS_PER_FAN = 40;
const DUMP_EVERY_MS = 10_000;
/** Allocations may end ten seconds after their time. The run shall not wait for the last of them. */
const TIMED_SHARE = 0.5;
/** Share of the run after which one event is cancelled. */
const CALLED_OFF_AT = 0.5;

/** Faults, clients, then quiet, then every check. Everything that was started has ended when it resolves or rejects. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const startedAtMs = performance.now();
  const world = await openWorld(options);
  let isClean = false;
  try {
    options.tell(`seed ${options.seed}, in ${world.folder}`);
    const result = await runIn(world, options);
    isClean = failuresOf(result.checks).length === 0;
    const seconds = (performance.now() - startedAtMs) / 1000;
    return { ...result, seconds, folder: isClean ? undefined : world.folder };
  } finally {
    await world.close();
    if (isClean || options.signal?.aborted) await rm(world.folder, { recursive: true, force: true });
  }
}

async function runIn(world: World, options: ChaosOptions) {
  const plan = planFaults({ ...options, hasDisk: world.postgres.paymentsDisk !== undefined });
  const { clients, stages } = await startAllClients(world, options);
  const resources = watchResources(() => [
    ...world.processes.running().map(({ name, pid }) => ({ role: moduleOf(name), pid })),
    { role: 'PostgreSQL', pid: world.postgres.pid(), withChildren: true },
    ...(world.broker ? [{ role: 'Kafka', pid: world.broker.pid() }] : []),
    { role: 'Redis', pid: world.redis.pid() },
    { role: 'Typesense', pid: world.search.pid() },
    ...Object.entries(clients).map(([name, { pid }]) => ({ role: `clients: ${name}`, pid })),
    { role: 'nemesis and proxies', pid: process.pid },
  ]);
  await world.redis.saveDump();
  const books = startBooksSampler(world.urls.direct.payments);
  const nemesis = startNemesis(world, plan);
  const dumps = setInterval(() => void world.redis.saveDump().catch(() => undefined), DUMP_EVERY_MS);
  const progress = startProgress(options, clients, () => nemesis.injected.length);
  const run = async () => {
    await nemesis.done;
    options.signal?.throwIfAborted();
    clearInterval(dumps);
    return { ...(await finish({ world, options, clients, stages, plan, nemesis, books })), used: resources.used() };
  };
  try {
    return await Promise.race([run(), aborted(options.signal)]);
  } finally {
    clearInterval(dumps);
    clearInterval(progress);
    nemesis.stop();
    await nemesis.done;
    await books.stop();
    resources.stop();
    await Promise.all(Object.values(clients).map((client) => client.kill()));
  }
}

type Running = {
  readonly world: World;
  readonly options: ChaosOptions;
  readonly clients: Clients;
  readonly stages: readonly Stage[];
  readonly plan: readonly PlannedFault[];
  readonly nemesis: Nemesis;
  readonly books: BooksSampler;
};

/** After the last fault: clients finish their work, everything comes to rest, and is checked. */
async function finish({ world, options, clients, stages, plan, nemesis, books }: Running) {
  const { convergesWithinMs, seconds, tell } = options;
  tell('quiet: every fault is over');
  const quietFrom = performance.now();
  const { fans, domain, organizer, busy } = await withoutLongHolds(world, async () => {
    const finish = (name: keyof Clients) => clients[name].finish(convergesWithinMs);
    const [fans, domain, organizer] = await Promise.all([finish('fans'), finish('domain'), finish('organizer')]);
    tell('clients have finished');
    return { fans, domain, organizer, busy: await awaitQuiet(world, convergesWithinMs) };
  });
  const watchers = await clients.watchers.finish(convergesWithinMs);
  const secondsUntilQuiet = (performance.now() - quietFrom) / 1000;
  tell('at rest: everything is checked');
  const { injected: faults } = nemesis;
  const tally = addTallies([fans, domain, watchers, organizer]);
  const isShort = seconds < SHORT_SECONDS;
  const sampled = await books.stop();
  const verdict = await checkEverything({ world, stages, plan, faults, tally, busy, isShort, sampled });
  return { ...verdict, plan, faults, fans, domain, watchers, organizer, secondsUntilQuiet };
}

/** Rejects when the run must end early. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

type Clients = Record<'fans' | 'domain' | 'watchers' | 'organizer', ClientProcess>;

type Started = { readonly clients: Clients; readonly stages: readonly Stage[] };

async function startAllClients(world: World, options: ChaosOptions): Promise<Started> {
  const db = openDb({ url: world.urls.direct.booking, poolMax: 2, name: 'chaos', statementTimeoutMs: 60_000 });
  try {
    const { hotEvents } = options;
    const { stages, organizerId: userId } = await seedStages(db, {
      hotEvents,
      hotSeats: HOT_SEATS,
      wideEvents: WIDE_EVENTS,
    });
    const userIds = await seedFans(db, options.fans * USERS_PER_FAN);
    const common = (name: string, lanes: number, operationsPerSecond: number): ClientConfig => ({
      name,
      seed: options.seed,
      historyFolder: `${world.folder}/history`,
      stages,
      lanes,
      operationsPerSecond,
    });
    const { apiPorts: ports, gatewayUrl, tokenPrivateKey } = world;
    const fans: FansConfig = {
      ...common('fans', options.fans, options.rate.fans),
      ports,
      gatewayPort: Number(new URL(gatewayUrl).port),
      tokenPrivateKey,
      userIds,
    };
    const domain: DomainConfig = {
      ...common('domain', options.domainLanes, options.rate.domain),
      env: world.environment,
    };
    const watchers: WatchersConfig = { ...common('watchers', options.watchers, 0), ports, settleMs: 3_000 };
    const organizer: OrganizerConfig = {
      ...common('organizer', 1, 0),
      ...{ ports, tokenPrivateKey, userId, endsForMs: options.seconds * TIMED_SHARE * 1000 },
      ...{ callsOffAfterMs: options.seconds * CALLED_OFF_AT * 1000, bookingUrl: world.urls.direct.booking },
    };
    const clients = {
      organizer: startClients(new URL('./clients/organizer.ts', import.meta.url), organizer),
      fans: startClients(new URL('./clients/fans.ts', import.meta.url), fans),
      domain: startClients(new URL('./clients/domain.ts', import.meta.url), domain),
      watchers: startClients(new URL('./clients/watchers.ts', import.meta.url), watchers),
    };
    return { clients, stages };
  } finally {
    await closeDb(db);
  }
}

const PROGRESS_EVERY_MS = 10_000;

function startProgress(options: ChaosOptions, clients: Clients, faults: () => number): NodeJS.Timeout {
  const beganAtMs = performance.now();
  return setInterval(() => {
    const at = Math.round((performance.now() - beganAtMs) / 1000);
    const operations = Object.entries(clients).map(([name, client]) => `${name} ${countOf(client.state())}`);
    options.tell(`${at} s: ${faults()} faults, operations: ${operations.join(', ')}`);
  }, PROGRESS_EVERY_MS);
}

const countOf = ({ counts }: TallyState): number =>
  Object.values(counts)
    .flatMap((outcomes) => Object.values(outcomes))
    .reduce((sum, count) => sum + count, 0);
