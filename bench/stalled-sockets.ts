import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadSeatMap } from '#domain/inventory/seat-map-source.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type BenchChild, openChild } from '#test/support/system/child.ts';
import { cpuBetween, sampleCpu } from '#test/support/system/cpu.ts';
import { figure, megabytes } from '#test/support/system/figures.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { openOurApi, type RunningApi } from './support/our-api.ts';
import { keepRedisAlive } from './support/redis-upkeep.ts';
import type { BenchOptions, Report } from './support/report.ts';
import type { SellQuestion } from './support/seller.ts';
import type { Commit, Delays, StallAudit, StallQuestion } from './support/stalling-watchers.ts';
import { openStores, type Stores } from './support/stores.ts';

const SOCKETS = 1000;
/** Two seats each: 500 seat changes a second. */
const HOLDS_PER_SECOND = 250;
const MOST_GROWTH_BYTES = 100 * 2 ** 20;
const MOST_P99_MS = 250;
const WARM_UP_SECONDS = 5;
const SETTLE_MS = 3_000;

type World = {
  readonly stores: Stores;
  readonly event: SeededEvent;
  readonly api: RunningApi;
  readonly seller: BenchChild;
  readonly watchers: BenchChild;
};
type Phase = Delays & { readonly mostBytes: number; readonly cpuShare: number; readonly sold: number };
type Figures = {
  readonly healthy: Phase;
  readonly stalled: Phase;
  readonly baseBytes: number;
  readonly heapGrowth: number;
  readonly audit: StallAudit;
  readonly violations: readonly string[];
};

/** Measures the effect of a tenth of all watchers that stop reading, on the server and on the other watchers. */
export async function benchStalledSockets({ quick, profile }: BenchOptions): Promise<Report> {
  const seconds = quick ? 10 : 60;
  const closers: (() => unknown)[] = [];
  const opened = <T>(value: T, close: (value: T) => unknown): T => {
    closers.push(() => close(value));
    return value;
  };
  try {
    const stores = opened(await openStores(), (handle) => handle.close());
    opened(await keepRedisAlive(stores), (stop) => stop());
    const seats = 2 * HOLDS_PER_SECOND * (2 * seconds + 2 * WARM_UP_SECONDS) + 1000;
    const event = await seedEvent(stores.db, { seats, rows: 50, sections: 50 });
    const api = opened(await openOurApi(stores, newPrivateKey(), profile), (handle) => handle.close());
    const seller = opened(openChild(new URL('./support/seller.ts', import.meta.url)), (child) => child.close());
    const watchers = opened(openChild(new URL('./support/stalling-watchers.ts', import.meta.url)), (child) =>
      child.close(),
    );
    const { databaseUrl, redisUrl } = stores;
    await seller.ask({ kind: 'open', databaseUrl, redisUrl } satisfies SellQuestion);
    return reportOf(await measure({ stores, event, api, seller, watchers }, seconds), { stores, seconds });
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function measure(world: World, seconds: number): Promise<Figures> {
  const { api, event, watchers } = world;
  const ask = <Answer>(question: StallQuestion) => watchers.ask<Answer>(question);
  const { eventId, seatCount } = event;
  await ask({ kind: 'connect', port: api.port, sockets: SOCKETS, eventId, seatCount });
  await sell(world, WARM_UP_SECONDS, 0);
  const healthy = await sell(world, seconds, HOLDS_PER_SECOND * WARM_UP_SECONDS);
  await api.heapBytes();
  await sleep(SETTLE_MS);
  const heapBefore = await api.heapBytes();
  const baseBytes = rssOf(api.pid);
  await ask({ kind: 'stall' });
  const stalled = await sell(world, seconds, healthy.sold);
  const heapGrowth = (await api.heapBytes()) - heapBefore;
  await ask({ kind: 'resume' });
  await sell(world, WARM_UP_SECONDS, stalled.sold);
  const truth = await loadSeatMap(world.stores.db, eventId);
  if (!truth) throw new Error('There is no such event.');
  const audit = await ask<StallAudit>({ kind: 'audit', version: truth.version });
  const isTrue = audit.maps.length === 1 && audit.maps[0] === Buffer.from(truth.packed).toString('base64');
  const violations = [
    ...audit.wrong.slice(0, 5),
    ...(audit.late > 0 ? [`${audit.late} watchers did not come to the last version.`] : []),
    ...(isTrue ? [] : [`There are ${audit.maps.length} different maps, or they are not that of PostgreSQL.`]),
    ...(audit.healthyCuts > 0 ? [`${audit.healthyCuts} sockets of those who read were closed.`] : []),
  ];
  return { healthy, stalled, baseBytes, heapGrowth, audit, violations };
}

/** Sells at an even pace and returns the delays of the watchers that read. */
async function sell(world: World, seconds: number, soldBefore: number): Promise<Phase> {
  const { api, event, seller, watchers } = world;
  const holds = HOLDS_PER_SECOND * seconds;
  const { eventId, planId } = event;
  const samples = [sampleCpu([{ role: 'api', pid: api.pid }])];
  let mostBytes = 0;
  const sampling = setInterval(() => {
    mostBytes = Math.max(mostBytes, rssOf(api.pid));
  }, 500);
  const everyMs = 1000 / HOLDS_PER_SECOND;
  const question: SellQuestion = { kind: 'sell', eventId, planId, firstSeat: 2 * soldBefore, holds, everyMs };
  await seller.ask(question);
  samples.push(sampleCpu([{ role: 'api', pid: api.pid }]));
  // The last frame is still on its way.
  await sleep(1000);
  clearInterval(sampling);
  const commits = await seller.ask<Commit[]>({ kind: 'commits' } satisfies SellQuestion);
  const delays = await watchers.ask<Delays>({ kind: 'delays', commits } satisfies StallQuestion);
  const [before, after] = samples;
  const micros = before && after ? (cpuBetween(before, after).get('api') ?? 0) : Number.NaN;
  return { ...delays, mostBytes, cpuShare: micros / (seconds * 1e4), sold: soldBefore + holds };
}

/** The resident set, not the proportional size: the part that is shared with other processes is the code of Node. */
const rssOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

function reportOf(figures: Figures, { stores, seconds }: { stores: Stores; seconds: number }): Report {
  const { healthy, stalled, baseBytes, heapGrowth, audit, violations } = figures;
  const growth = stalled.mostBytes - baseBytes;
  const row = (name: string, phase: Phase) => [
    name,
    figure(phase.p50Ms),
    figure(phase.p99Ms),
    figure(phase.mostMs),
    figure(phase.count),
    megabytes(phase.mostBytes),
    `${figure(phase.cpuShare)} %`,
  ];
  const closed = Object.entries(audit.closed).map(([why, count]) => `${count} times "${why}"`);
  return {
    question: `What is the effect of ${SOCKETS / 10} of ${SOCKETS} watchers that stop reading, at ${2 * HOLDS_PER_SECOND} seat changes a second?`,
    tables: [
      {
        title: `${SOCKETS} sockets on one event, ${seconds} s each`,
        head: ['', 'p50 ms', 'p99 ms', 'most ms', 'changes heard', 'most memory', 'api, of a core'],
        rows: [row('all sockets read', healthy), row('a tenth has stopped reading', stalled)],
      },
    ],
    goals: [
      {
        name: `memory of the api grows by at most 100 MB (${megabytes(growth)})`,
        goal: 1,
        measured: MOST_GROWTH_BYTES / Math.max(1, growth),
      },
      {
        name: `p99 of those who read at most 250 ms (${figure(stalled.p99Ms)} ms)`,
        goal: 1,
        measured: MOST_P99_MS / stalled.p99Ms,
      },
    ],
    violations: [
      ...violations,
      ...(growth > MOST_GROWTH_BYTES ? [`The api grew by ${megabytes(growth)}.`] : []),
      ...(stalled.p99Ms > MOST_P99_MS ? [`The p99 of those who read was ${figure(stalled.p99Ms)} ms.`] : []),
    ],
    notes: [
      'A real api process; holds of two seats through an inventory writer of another process. From the commit of a version to its arrival at each watcher that reads; memory is the resident set, twice a second, against its value before the first socket stalled.',
      `The heap grew by ${megabytes(heapGrowth)}, after a collection each time.`,
      `Those that stalled have ten subscriptions each and took nothing from their sockets for ${seconds} s. The server closed: ${closed.join(', ') || 'none of them'}; they came back with \`sinceVersion\` when they read again (${audit.resets.stalled} resets, ${audit.frames.stalled} frames in all).`,
      'At the end all watchers had the map of PostgreSQL, seat by seat, and no watcher met a gap.',
    ],
    packages: ['ws', 'graphql', 'ioredis', 'postgres'],
    servers: stores.description,
  };
}
