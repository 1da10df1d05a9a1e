import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type { LiveRoom, LiveSize } from './live-room.ts';
import type { LiveProcess, LiveWorld } from './live-world.ts';

export type Fault = { readonly what: string; readonly effect: string; readonly violations: readonly string[] };

type Stage = { readonly world: LiveWorld; readonly room: LiveRoom; readonly size: LiveSize };

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
/** A tick that began while Redis worked may still be under way. */
const UNDER_WAY_MS = 1500;

/** Makes every part fail, one after the other, while fans come and go. */
export async function runFaults(stage: Stage, note: (fault: Fault) => void): Promise<void> {
  for (const fault of [loseRedis, loseWorker, loseStandby, loseApi, raiseCapacity, closeDoors]) {
    note(await fault(stage));
    // Everything has to work again before the next fault.
    await sleep(stage.size.outageMs);
  }
}

async function loseRedis(stage: Stage): Promise<Fault> {
  const { world, size } = stage;
  const killedAtMs = Date.now();
  await world.killRedis();
  await sleep(UNDER_WAY_MS + size.outageMs);
  const steps = await countSteps(stage, killedAtMs + UNDER_WAY_MS);
  const entered = await countEntries(stage, killedAtMs);
  await world.startRedis();
  const backAtMs = Date.now();
  await stage.room.until('a step after Redis came back', async () => (await countSteps(stage, backAtMs)) > 0);
  return {
    what: `Redis killed, empty again after ${seconds(backAtMs - killedAtMs)}`,
    effect: `${steps} steps meanwhile, ${entered} of those whose turn it was went in; admission went on ${seconds(Date.now() - backAtMs)} after it was back`,
    violations: steps > 0 ? [`The watermark moved ${steps} times without Redis.`] : [],
  };
}

async function loseWorker(stage: Stage): Promise<Fault> {
  const what = 'the worker killed, a second one started';
  return await changeWorkers(stage, { kill: 'worker', start: 'worker-2', what });
}

async function loseStandby(stage: Stage): Promise<Fault> {
  await stage.world.start('worker');
  await sleep(1000);
  return await changeWorkers(stage, { kill: 'worker-2', what: 'the second one killed, with another standing by' });
}

async function changeWorkers(
  stage: Stage,
  { kill, start, what }: { kill: LiveProcess; start?: LiveProcess; what: string },
): Promise<Fault> {
  const { world, room } = stage;
  const fence = await readFence(stage);
  const killedAtMs = Date.now();
  await world.kill(kill);
  if (start) await world.start(start);
  await room.until('a tick of the next controller', async () => (await readFence(stage)) > fence);
  return {
    what,
    effect: `the next controller wrote ${seconds(Date.now() - killedAtMs)} after the kill`,
    violations: [],
  };
}

async function loseApi(stage: Stage): Promise<Fault> {
  const { world, room } = stage;
  const before = await room.known();
  const { cuts } = await room.counts();
  const killedAtMs = Date.now();
  await world.kill('api-2');
  const restarted = sleep(1000).then(() => world.start('api-2'));
  await sleep(500);
  await room.until('all fans listen again', async () => (await room.counts()).away === 0);
  const backMs = Date.now() - killedAtMs;
  await restarted;
  const positions = new Map((await room.known()).map(({ userId, position }) => [userId, position]));
  const moved = before.filter(({ userId, position }) => positions.get(userId) !== position).length;
  return {
    what: 'an api process killed, started again after 1 s',
    effect: `${(await room.counts()).cuts - cuts} fans cut; all listened again ${seconds(backMs)} after the kill (they wait up to 3 s), ${moved} with another position`,
    violations: moved > 0 ? [`${moved} fans have another position since an api process was killed.`] : [],
  };
}

async function raiseCapacity(stage: Stage): Promise<Fault> {
  const { room, size } = stage;
  const { capacity } = size;
  const changedAtMs = Date.now();
  await room.change(sql`capacity = ${2 * capacity}`);
  await room.until('more inside than before', async () => (await countInside(stage)) > capacity);
  const reachedMs = Date.now() - changedAtMs;
  return {
    what: `capacity ${capacity} raised to ${2 * capacity}`,
    effect: `more than ${capacity} inside after ${seconds(reachedMs)}`,
    violations: [],
  };
}

async function closeDoors(stage: Stage): Promise<Fault> {
  const { room, size } = stage;
  const before = await countInside(stage);
  await room.change(sql`capacity = 0`);
  const closedAtMs = Date.now();
  await sleep(UNDER_WAY_MS + size.outageMs);
  const entered = await countEntries(stage, closedAtMs);
  const inside = await countInside(stage);
  await room.change(sql`capacity = ${size.capacity}`);
  const openedAtMs = Date.now();
  await room.until('an entry after the doors opened', async () => (await countEntries(stage, openedAtMs)) > 0);
  return {
    what: `capacity lowered to 0 for ${seconds(openedAtMs - closedAtMs)}, and back to ${size.capacity}`,
    effect: `${entered} entered meanwhile, ${before - inside} of ${before} inside left; the next entered ${seconds(Date.now() - openedAtMs)} after`,
    violations: entered > 0 ? [`${entered} entered a room with a capacity of 0.`] : [],
  };
}

type Counted = { count: number };
const at = (ms: number) => sql`to_timestamp(${ms / 1000}::float8)`;

async function countSteps({ world, room }: Stage, fromMs: number): Promise<number> {
  const [row] = await world.db.execute<Counted>(sql`select count(*)::int as count from waiting_room_steps
    where event_id = ${room.eventId} and at > ${at(fromMs)}`);
  return row?.count ?? 0;
}

async function countEntries({ world, room }: Stage, fromMs: number): Promise<number> {
  const [row] = await world.db.execute<Counted>(sql`select count(*)::int as count from waiting_room_sessions
    where event_id = ${room.eventId} and entered_at > ${at(fromMs)}`);
  return row?.count ?? 0;
}

async function countInside({ world, room }: Stage): Promise<number> {
  const [row] = await world.db.execute<Counted>(sql`select count(*)::int as count from waiting_room_sessions
    where event_id = ${room.eventId} and entered_at is not null and ended_at is null`);
  return row?.count ?? 0;
}

async function readFence({ world, room }: Stage): Promise<number> {
  const [row] = await world.db.execute<Counted>(
    sql`select fence::int as count from waiting_rooms where event_id = ${room.eventId}`,
  );
  return row?.count ?? 0;
}
