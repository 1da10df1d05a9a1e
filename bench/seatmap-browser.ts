import { setTimeout as sleep } from 'node:timers/promises';
import { cpuBetween, sampleCpu, type Watched } from '#test/support/system/cpu.ts';
import { percentile } from '#test/support/system/figures.ts';
import {
  moveAround,
  readPainted,
  type Usable,
  untilUsable,
  versionOf,
  watchPainted,
  watchUsable,
} from './support/map-page.ts';
import { type MapLeg, reportOf } from './support/map-report.ts';
import { type Side, sides } from './support/map-sides.ts';
import { type MapWorld, openMapWorld } from './support/map-world.ts';
import type { BenchOptions, Report } from './support/report.ts';
import { abba } from './support/rounds.ts';
import type { SellQuestion } from './support/seller.ts';

const SEATS = 90_000;
const HOLDS_PER_SECOND = 200;
const GIVE_UP_MS = 20_000;

type Run = { readonly moveMs: number; readonly sellMs: number; sold: number };

/** Measures the seat map of a stadium in a real browser, beside the obvious ways to draw so many seats. */
export async function benchSeatmapBrowser({ quick, only, profile }: BenchOptions): Promise<Report> {
  const world = await openMapWorld(SEATS, profile);
  try {
    const chosen = sides.filter(({ name }) => name.includes(only ?? ''));
    const run: Run = { moveMs: quick ? 1_600 : 2_400, sellMs: quick ? 1_000 : 2_000, sold: 0 };
    // The first page of a browser and of an api process loads code that the following ones have.
    for (const side of chosen) await open(world, side);
    const legs = new Map<string, MapLeg[]>(chosen.map(({ name }) => [name, []]));
    for (const side of abba(chosen, quick ? 1 : 4)) legs.get(side.name)?.push(await runLeg(world, side, run));
    return reportOf(world, { legs, seats: SEATS, holdsPerSecond: HOLDS_PER_SECOND });
  } finally {
    await world.close();
  }
}

async function open(world: MapWorld, side: Side): Promise<void> {
  const { context, page } = await world.chromium.openPage();
  await page.addInitScript(watchUsable);
  await side.open(page, world.apiUrl, `Event_${world.event.eventId}`);
  await untilUsable(page);
  await context.close();
}

async function runLeg(world: MapWorld, side: Side, run: Run): Promise<MapLeg> {
  const { chromium, apiUrl, event } = world;
  const { context, page } = await chromium.openPage();
  try {
    await page.addInitScript(watchUsable);
    const emptyBytes = await chromium.privateBytes(page);
    await side.open(page, apiUrl, `Event_${event.eventId}`);
    const usable: Usable = await untilUsable(page);
    // The service worker of the client keeps its files in the background.
    await sleep(500);
    const bytes = (await chromium.privateBytes(page)) - emptyBytes;
    const moving = await busy(world, run.moveMs, () => moveAround(page, run.moveMs));
    const frames = Float64Array.from(moving.result).sort();
    await watchPainted(page, run.sold);
    const selling = await busy(world, run.sellMs, () => sell(world, run));
    const paintedAt = await untilPainted(page, selling.result);
    return {
      ...{ usable, bytes, paintedMs: paintedAt, frames: frames.length },
      frameP50Ms: percentile(frames, 0.5),
      frameP95Ms: percentile(frames, 0.95),
      moveCpu: moving.cpu,
      sellCpu: selling.cpu,
    };
  } finally {
    await context.close();
  }
}

/** Runs the work and returns which share of a core each kind of process used meanwhile. */
async function busy<T>({ api, seller, stores, chromium }: MapWorld, ms: number, work: () => Promise<T>) {
  const watched: Watched[] = [
    ...(await chromium.processes()),
    { role: 'api', pid: api.pid },
    { role: 'seller', pid: seller.pid },
    ...stores.watched,
  ];
  const before = sampleCpu(watched);
  const result = await work();
  const cpu = new Map<string, number>();
  for (const [role, micros] of cpuBetween(before, sampleCpu(watched))) {
    const kind = role.replace(/ \d+$/, '');
    cpu.set(kind, (cpu.get(kind) ?? 0) + micros / 1000 / ms);
  }
  return { result, cpu };
}

async function sell({ seller, event }: MapWorld, run: Run): Promise<[version: number, atMs: number][]> {
  const holds = (run.sellMs / 1000) * HOLDS_PER_SECOND;
  const { eventId, planId } = event;
  const everyMs = 1000 / HOLDS_PER_SECOND;
  await seller.ask({ kind: 'sell', eventId, planId, firstSeat: run.sold, holds, everyMs } satisfies SellQuestion);
  run.sold += 2 * holds;
  return seller.ask<[number, number][]>({ kind: 'commits' } satisfies SellQuestion);
}

/** Milliseconds from the commit of each version until it was on the screen. */
async function untilPainted(
  page: Parameters<typeof readPainted>[0],
  commits: readonly [version: number, atMs: number][],
): Promise<number[]> {
  const last = Math.max(...commits.map(([version]) => version));
  const deadline = performance.now() + GIVE_UP_MS;
  let painted = await readPainted(page);
  while ((painted.at(-1)?.[0] ?? -1) < last) {
    if (performance.now() > deadline)
      throw new Error(`Version ${last} is not on the screen, but ${await versionOf(page)}.`);
    await sleep(100);
    painted = await readPainted(page);
  }
  return commits.map(([version, atMs]) => (painted.find(([shown]) => shown >= version)?.[1] ?? Number.NaN) - atMs);
}
