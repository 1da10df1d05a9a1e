import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type { AtStep } from '#test/fans/room-crowd/arrivals.ts';
import type { FanDelays } from '#test/fans/room-crowd/crowd-process.ts';
import { figure, megabytes } from '#test/support/system/figures.ts';
import { findBroken, findWrongPlaces, readSteps } from './live-audit.ts';
import { type Fault, runFaults } from './live-faults.ts';
import { cpuDuring, type LiveRoom, type LiveSize, memoryBytes, openLiveRoom, redisBytes } from './live-room.ts';
import { type LiveWorld, openLiveWorld } from './live-world.ts';

const behaviour = { showUp: 0.8, silent: 0.03, arriveWithinMs: 3000, stayMs: { least: 3000, most: 8000 } };
const brisk = { showUp: 0.8, silent: 0.02, arriveWithinMs: 300, stayMs: { least: 500, most: 1500 } };
export const sizeOf = (fans: number): LiveSize =>
  fans > 2000
    ? {
        fans,
        capacity: Math.round(0.03 * fans),
        graceSeconds: 10,
        idleMs: 20_000,
        calmMs: 30_000,
        outageMs: 5000,
        pollEveryMs: 10_000,
        behaviour,
      }
    : {
        fans,
        capacity: Math.max(4, Math.round(0.02 * fans)),
        graceSeconds: 5,
        idleMs: 1000,
        calmMs: 2000,
        outageMs: 1000,
        pollEveryMs: 1000,
        behaviour: brisk,
      };

type Row = [what: string, webSocket: string, polling: string];
export type LiveFindings = {
  readonly rows: readonly Row[];
  readonly faults: readonly Fault[];
  readonly violations: readonly string[];
};

/** Fills a waiting room, draws, admits, makes every part fail in turn, and compares what the fans know with PostgreSQL. */
export async function runLive(size: LiveSize, tell: (line: string) => void, only?: 'sockets'): Promise<LiveFindings> {
  const world = await openLiveWorld();
  try {
    await Promise.all((['api', 'api-2', 'worker'] as const).map((name) => world.start(name)));
    const faults: Fault[] = [];
    const note = (fault: Fault) => {
      tell(`${fault.what}: ${fault.effect}`);
      faults.push(fault);
    };
    const sockets = await runRoom({ world, size, tell, from: 0, listen: 'sockets', note });
    const polls = only ? undefined : await runRoom({ world, size, tell, from: size.fans, listen: 'polls' });
    const rows = [...sockets.figures].map(([what, value]): Row => [what, value, polls?.figures.get(what) ?? '']);
    const violations = [
      ...faults.flatMap((fault) => fault.violations),
      ...sockets.violations,
      ...(polls?.violations ?? []),
    ];
    if (violations.length > 0) for (const line of (await world.warnings()).slice(-20)) tell(line);
    return { rows, faults, violations };
  } finally {
    await world.close();
  }
}

type Run = {
  readonly world: LiveWorld;
  readonly size: LiveSize;
  readonly tell: (line: string) => void;
  readonly from: number;
  readonly listen: 'sockets' | 'polls';
  readonly note?: (fault: Fault) => void;
};
type Outcome = { readonly figures: ReadonlyMap<string, string>; readonly violations: readonly string[] };

const ms = (value: number) => `${figure(value)} ms`;
const inSeconds = (value: number) => `${figure(value / 1000)} s`;

async function runRoom(run: Run): Promise<Outcome> {
  const { world, size, tell, note } = run;
  const figures = new Map<string, string>();
  const add = (what: string, value: string) => {
    tell(`${run.listen}: ${what}: ${value}`);
    figures.set(what, value);
  };
  const room = await openLiveRoom(world, size, run.from);
  try {
    await gather(run, room, add);
    await drawAndAdmit(run, room, add);
    if (note) await runFaults({ world, room, size }, note);
    return { figures, violations: await settle(run, room, add) };
  } finally {
    await room.close();
  }
}

type Add = (what: string, value: string) => void;

async function gather({ world, size, listen }: Run, room: LiveRoom, add: Add): Promise<void> {
  const redisBefore = await redisBytes(world);
  const joined = await timed(() => room.ask({ kind: 'join' }));
  add('all joined', `${inSeconds(joined)}, ${figure(size.fans / (joined / 1000))} a second`);
  if (listen === 'polls') await room.ask({ kind: 'poll', everyMs: size.pollEveryMs });
  else {
    const connected = await timed(() => room.ask({ kind: 'watch' }));
    add('all connected and placed', inSeconds(connected));
  }
  const redisAfter = await redisBytes(world);
  add('Redis', `${figure(redisAfter.bytes - redisBefore.bytes)} bytes more, ${redisAfter.keys} keys`);
  const cpu = await cpuDuring(world, () => sleep(size.idleMs));
  add('CPU per fan and minute, filling', perFan(cpu, size.idleMs, size.fans));
  add('memory', [...memoryBytes(world)].map(([role, bytes]) => `${role} ${megabytes(bytes)}`).join(', '));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now();
  await work();
  return performance.now() - beganAt;
}

function perFan(cpu: ReadonlyMap<string, number>, duringMs: number, fans: number): string {
  const share = (value: number) => (value * 60_000) / duringMs / fans;
  const parts = [...cpu].map(([role, value]) => `${role} ${figure(share(value))}`);
  return `${ms(share([...cpu.values()].reduce((sum, value) => sum + value, 0)))} (${parts.join(', ')})`;
}

async function drawAndAdmit({ world, size }: Run, room: LiveRoom, add: Add): Promise<void> {
  await room.ask({ kind: 'act', isActing: true });
  const drawn = await timed(async () => {
    await room.change(sql`draw_at = clock_timestamp()`);
    await room.until('all fans have a position', async () => (await room.counts()).placed === size.fans);
  });
  add('drawn, and all fans have a position', inSeconds(drawn));
  const fromMs = Date.now();
  const framesBefore = (await room.counts()).frames;
  const cpu = await cpuDuring(world, () => sleep(size.calmMs));
  const toMs = Date.now();
  add('CPU per fan and minute, admitting', perFan(cpu, size.calmMs, size.fans));
  add('frames or polls a second', figure(((await room.counts()).frames - framesBefore) / (size.calmMs / 1000)));
  await sleep(1000);
  const steps = await readSteps(world.db, room.eventId);
  const inTime = steps.filter(([, atMs]) => atMs >= fromMs && atMs < toMs);
  const admitted = (inTime.at(-1)?.[0] ?? 0) - (inTime[0]?.[0] ?? 0);
  add('turns a second', figure(admitted / (size.calmMs / 1000)));
  for (const [what, value] of await delays(room, steps, { fromMs, toMs })) add(what, value);
}

/** Of the slower of the two processes. */
async function delays(
  room: LiveRoom,
  steps: readonly AtStep[],
  during: { fromMs: number; toMs: number },
): Promise<[string, string][]> {
  const found = await room.ask<FanDelays>({ kind: 'delays', steps, ...during });
  const text = (kind: keyof FanDelays) => {
    const own = found.map((one) => one[kind]);
    const most = (key: 'p50Ms' | 'p99Ms' | 'mostMs') => figure(Math.max(...own.map((one) => one[key])));
    const count = own.reduce((sum, one) => sum + one.count, 0);
    return `p50 ${most('p50Ms')}, p99 ${most('p99Ms')}, most ${most('mostMs')} ms (${figure(count)} frames)`;
  };
  return [
    ['heard of fewer ahead, after the step', text('ahead')],
    ['heard of the turn, after the step', text('turns')],
  ];
}

/** All fans stop where they are; then the state that each fan has must be the true one. */
async function settle({ world, size, tell, listen }: Run, room: LiveRoom, add: Add): Promise<string[]> {
  const { db } = world;
  await room.ask({ kind: 'act', isActing: false });
  await room.change(sql`paused = true`);
  await sleep(size.graceSeconds * 1000 + size.pollEveryMs);
  const look = async () => findWrongPlaces(db, room.eventId, await room.known());
  // Sessions still end by themselves; a fan who hears of that in time is not counted as wrong.
  let found = await look();
  for (let tries = 0; found.size > 0 && tries < 3; tries++) {
    await sleep(2000 + (listen === 'polls' ? 1.5 * size.pollEveryMs : 0));
    const still = await look();
    found = new Map([...still].filter(([userId]) => found.has(userId)));
  }
  const wrong = [...found.values()];
  const counts = await room.counts();
  const { states, entered, left, silent, atDoor, touched, renewed, cuts, failed, refusals } = counts;
  add(
    'fans at the end',
    Object.entries(states)
      .map(([state, count]) => `${state} ${count}`)
      .join(', '),
  );
  tell(JSON.stringify({ entered, left, silent, atDoor, touched, renewed, cuts, failed, refusals }));
  add('wrong places at the end', String(wrong.length));
  const summary = (what: string, found: readonly string[]) =>
    found.length > 0 ? [`${found.length} ${what}: ${found.slice(0, 5).join('; ')}`] : [];
  return [
    ...(await findBroken(world, room.eventId)),
    ...summary('fans know a wrong place', wrong),
    ...summary('fans received impossible states', counts.problems),
  ];
}
