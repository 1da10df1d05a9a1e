import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { Redis } from 'ioredis';
import type { CrowdOptions } from '#test/fans/room-crowd/crowd.ts';
import type { FanCounts, FansQuestion, KnownPlace } from '#test/fans/room-crowd/crowd-process.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { type BenchChild, openChild } from '#test/support/system/child.ts';
import { cpuBetween, memoryOf, sampleCpu } from '#test/support/system/cpu.ts';
import type { LiveWorld } from './live-world.ts';
import { seedRoom } from './waiting-room.ts';

/** The number of fans and their speed, in milliseconds. */
export type LiveSize = {
  readonly fans: number;
  readonly capacity: number;
  readonly graceSeconds: number;
  readonly idleMs: number;
  readonly calmMs: number;
  readonly outageMs: number;
  readonly pollEveryMs: number;
  readonly behaviour: Pick<CrowdOptions, 'showUp' | 'silent' | 'arriveWithinMs' | 'stayMs'>;
};

const CROWDS = 2;
export const SESSION_SECONDS = 60;

/** One waiting room with its fans, who are spread over two processes. */
export type LiveRoom = {
  readonly eventId: string;
  /** Asks both crowds the same question. */
  ask<Answer>(question: FansQuestion): Promise<Answer[]>;
  counts(): Promise<FanCounts>;
  known(): Promise<KnownPlace[]>;
  /** Waits until the condition holds and returns the milliseconds that it took; throws after `withinMs`. */
  until(what: string, look: () => Promise<boolean>, withinMs?: number): Promise<number>;
  /** `set` is SQL. */
  change(set: ReturnType<typeof sql>): Promise<void>;
  close(): Promise<void>;
};

export async function openLiveRoom(world: LiveWorld, size: LiveSize, from: number): Promise<LiveRoom> {
  const { db } = world;
  const { eventId } = await seedEvent(db, { seats: 200 });
  const { capacity, graceSeconds } = size;
  const settings = {
    state: 'OPEN',
    sessionSeconds: SESSION_SECONDS,
    opensInSeconds: -60,
    drawsInSeconds: 3600,
  } as const;
  await seedRoom(db, eventId, { ...settings, capacity, graceSeconds });
  const crowds = Array.from({ length: CROWDS }, () =>
    openChild(new URL('../../fans/room-crowd/crowd-process.ts', import.meta.url)),
  );
  const count = size.fans / CROWDS;
  const { ports, tokenPrivateKey } = world;
  await Promise.all(
    crowds.map((crowd, index) => {
      const options = { ...size.behaviour, ports, eventId, tokenPrivateKey, from: from + index * count, count };
      return crowd.ask({ kind: 'open', options } satisfies FansQuestion);
    }),
  );
  const ask = <Answer>(question: FansQuestion) =>
    Promise.all(crowds.map((crowd: BenchChild) => crowd.ask<Answer>(question)));
  return {
    eventId,
    ask,
    counts: async () => (await ask<FanCounts>({ kind: 'counts' })).reduce(addCounts),
    known: async () => (await ask<KnownPlace[]>({ kind: 'known' })).flat(),
    until,
    change: async (set) => {
      await db.execute(sql`update waiting_rooms set ${set}, version = version + 1, updated_at = clock_timestamp()
        where event_id = ${eventId}`);
    },
    async close() {
      await ask({ kind: 'close' });
      await Promise.all(crowds.map((crowd) => crowd.close()));
    },
  };
}

async function until(what: string, look: () => Promise<boolean>, withinMs = 120_000): Promise<number> {
  const beganAt = performance.now();
  while (!(await look())) {
    if (performance.now() - beganAt > withinMs) throw new Error(`It did not happen within ${withinMs} ms: ${what}.`);
    await sleep(50);
  }
  return performance.now() - beganAt;
}

function addCounts(a: FanCounts, b: FanCounts): FanCounts {
  const sum = (key: keyof FanCounts) => Number(a[key]) + Number(b[key]);
  const merge = (key: 'states' | 'refusals') => {
    const merged = { ...a[key] };
    for (const [name, count] of Object.entries(b[key])) merged[name] = (merged[name] ?? 0) + count;
    return merged;
  };
  return {
    frames: sum('frames'),
    bytes: sum('bytes'),
    entered: sum('entered'),
    atDoor: sum('atDoor'),
    left: sum('left'),
    silent: sum('silent'),
    touched: sum('touched'),
    renewed: sum('renewed'),
    cuts: sum('cuts'),
    failed: sum('failed'),
    away: sum('away'),
    placed: sum('placed'),
    states: merge('states'),
    refusals: merge('refusals'),
    problems: [...a.problems, ...b.problems],
  };
}

/** CPU milliseconds by process during the work. */
export async function cpuDuring(world: LiveWorld, work: () => Promise<unknown>): Promise<ReadonlyMap<string, number>> {
  const watched = world.watched();
  const before = sampleCpu(watched);
  await work();
  const used = cpuBetween(before, sampleCpu(watched));
  return new Map([...used].map(([role, micros]) => [role, micros / 1000]));
}

export function memoryBytes(world: LiveWorld): ReadonlyMap<string, number> {
  return new Map(world.watched().map((one) => [one.role, memoryOf(one)]));
}

/** Without the memory of the clients' connections. */
export async function redisBytes(world: LiveWorld): Promise<{ bytes: number; keys: number }> {
  const redis = new Redis(world.redisUrl);
  try {
    const bytes = Number(/used_memory_dataset:(\d+)/.exec(await redis.info('memory'))?.[1]);
    return { bytes, keys: await redis.dbsize() };
  } finally {
    redis.disconnect();
  }
}
