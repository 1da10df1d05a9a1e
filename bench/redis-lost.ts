import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { findRedisDisagreements } from '#test/support/redis/redis-agreement.ts';
import { figure } from '#test/support/system/figures.ts';
import { checkHolds } from './support/hold-checks.ts';
import { type HoldsPlan, seedHolds } from './support/many-holds.ts';
import { MapProbe } from './support/map-probe.ts';
import type { PacedFigures, PacedHolds } from './support/paced-holds.ts';
import { openRedisWorld, type RedisWorld, untilEpoch } from './support/redis-world.ts';
import type { BenchOptions, Report, Table } from './support/report.ts';
import { abba, median } from './support/rounds.ts';

const MOST_REBUILD_MS = 2000;
const MOST_RATIO = 2;
const HOLDS_PER_SECOND = 300;
const EVENTS = 20;
const FAULT_AFTER_MS = 500;

const QUERY = `mutation ($input: CreateBookingInput!) { createBooking(input: $input) { __typename
  ... on CreateBookingSuccess { booking { id status } } ... on SeatsUnavailable { code message } } }`;
const ANSWER = '{"data":{"createBooking":{"__typename":"CreateBookingSuccess"';

const plans: readonly (HoldsPlan & { readonly name: string })[] = [
  {
    name: '50,000 bookings of two seats, 60,000 seats of one event',
    seatsAt: [60_000, ...Array<number>(20).fill(2_000)],
    seatsPerBooking: 2,
  },
  {
    name: '100,000 bookings of one seat at 401 events',
    seatsAt: [60_000, ...Array<number>(400).fill(100)],
    seatsPerBooking: 1,
  },
];

const WITH = 'with Redis';
const KILLED = 'killed meanwhile';
const SWALLOWED = 'swallowed by the network meanwhile';
type Side = typeof WITH | typeof KILLED | typeof SWALLOWED;

type Rebuild = { readonly what: string; readonly noticedMs: number; readonly doneMs: number };
type Leg = PacedFigures & { readonly seenMs: readonly number[] };
type Figures = {
  readonly rebuilds: ReadonlyMap<string, Rebuild[]>;
  readonly legs: ReadonlyMap<Side, Leg[]>;
  readonly violations: readonly string[];
};

/** Measures the cost of losing Redis: the time until the seat locks are back, and the effect on buyers and watchers. */
export async function benchRedisLost({ quick, profile }: BenchOptions): Promise<Report> {
  const world = await openRedisWorld(profile);
  try {
    const violations: string[] = [];
    const rebuilds = new Map<string, Rebuild[]>();
    for (const plan of plans) {
      await forgetHolds(world);
      await seedHolds(world.stores.db, plan);
      rebuilds.set(plan.name, await rebuildOften(world, quick ? 1 : 3, violations));
    }
    const legs = await holdOften(world, quick, violations);
    return reportOf(world, { rebuilds, legs, violations });
  } finally {
    await world.close();
  }
}

/** Removes the bookings of the plan before. Their events stay inconsistent, because no later part uses them. */
async function forgetHolds({ stores: { db } }: RedisWorld): Promise<void> {
  await db.execute(sql`truncate bookings, booking_seats, event_seats`);
}

async function rebuildOften(world: RedisWorld, rounds: number, violations: string[]): Promise<Rebuild[]> {
  const { redis, server, stores } = world;
  const rebuilds: Rebuild[] = [];
  const note = async (what: string, lose: () => Promise<unknown>) => {
    await lose();
    rebuilds.push({ what, ...(await untilEpoch(redis)) });
    violations.push(...(await disagreements(world)));
  };
  await note('emptied', () => redis.flushall());
  for (let round = 0; round < rounds; round++) {
    await note('emptied', () => redis.flushall());
    await server.dump();
    await note('killed, back with an old dump', async () => {
      await server.kill();
      await server.startWithDump();
      await stores.db.execute(sql`select 1`);
      // The old epoch is there until the worker looks.
      await untilClaimed(world);
    });
    await note('killed, back empty', async () => {
      await server.kill();
      await server.startEmpty();
    });
  }
  // The first one is also the first after thousands of inserts.
  return rebuilds.slice(1);
}

async function untilClaimed({ redis }: RedisWorld): Promise<void> {
  for (let epoch: string | null | undefined = ''; !epoch?.startsWith('rebuilding:'); await sleep(1))
    epoch = await redis.get('frontrow:epoch').catch(() => undefined);
}

const disagreements = ({ stores, server }: RedisWorld) =>
  findRedisDisagreements({ bookingUrl: stores.databaseUrl, redisUrl: server.url }, { afterRebuild: true }).then((all) =>
    all.slice(0, 3),
  );

async function holdOften(world: RedisWorld, quick: boolean, violations: string[]): Promise<Map<Side, Leg[]>> {
  const { stores, api, tokens } = world;
  const ms = quick ? 5_000 : 12_000;
  const perEvent = Math.ceil((2 * HOLDS_PER_SECOND * ms) / 1000 / EVENTS) + 2;
  const sides = abba<Side>([WITH, KILLED, SWALLOWED], quick ? 1 : 4);
  const plan = await seedEvent(stores.db, { seats: perEvent * (sides.length + 1), rows: 20, sections: 10 });
  const eventIds: string[] = [];
  for (let index = 0; index < EVENTS; index++) eventIds.push((await sameEvent(world, plan)).eventId);
  const probe = await MapProbe.open({ api, tokens, db: stores.db, event: await sameEvent(world, plan), query: QUERY });
  const legs = new Map<Side, Leg[]>();
  const load = {
    port: api.port,
    query: QUERY,
    answer: ANSWER,
    perSecond: HOLDS_PER_SECOND,
    eventIds,
    planId: plan.planId,
    tokens,
  };
  // Everything is compiled and every connection is open before the first leg that counts.
  let held = (await world.loader.ask<PacedFigures>({ ...load, ms: ms / 2, firstSeat: 0 } satisfies PacedHolds)).held;
  for (const [index, side] of sides.entries()) {
    const leg = await runLeg(world, { ...load, ms, firstSeat: perEvent * (index + 1) }, { side, probe });
    held += leg.held;
    violations.push(...leg.other.map((other) => `${side}: ${other}`));
    legs.set(side, [...(legs.get(side) ?? []), leg]);
  }
  probe.close();
  violations.push(...probe.wrong);
  await checkHolds(stores.db, { eventIds, held, released: 0, hasCounters: true });
  return legs;
}

const sameEvent = ({ stores }: RedisWorld, plan: SeededEvent) =>
  seedEvent(stores.db, {
    like: plan,
    seats: plan.seatCount,
    sections: plan.sectionIds.length,
    organizerId: plan.organizerId,
  });

/** Redis works at the beginning of each leg, so that the moment of its loss counts. */
async function runLeg(
  world: RedisWorld,
  load: PacedHolds,
  { side, probe }: { side: Side; probe: MapProbe },
): Promise<Leg> {
  const { loader, server, proxy, redis } = world;
  const buying = loader.ask<PacedFigures>(load);
  await sleep(FAULT_AFTER_MS);
  if (side === KILLED) await server.kill();
  else if (side === SWALLOWED) proxy.set({ kind: 'black-hole' });
  const seenMs = await probe.during(buying);
  const figures = await buying;
  if (side === KILLED) await server.startEmpty();
  proxy.set({ kind: 'pass' });
  await untilEpoch(redis);
  await probe.untilFast();
  return { ...figures, seenMs };
}

function reportOf(world: RedisWorld, { rebuilds, legs, violations }: Figures): Report {
  const most = Math.max(...[...rebuilds.values()].flat().map(tookMs));
  const p99 = (side: Side) => median((legs.get(side) ?? []).map((leg) => leg.p99Ms));
  const ratios = [KILLED, SWALLOWED].map((side) => [side, p99(side as Side) / p99(WITH)] as const);
  return {
    question: 'What happens to holds, their locks and live maps when Redis is lost?',
    tables: [...[...rebuilds].map(([name, all]) => rebuildTable(name, all)), legsTable(legs)],
    goals: [
      {
        name: `100,000 holds rebuilt within 2 s (longest ${figure(most)} ms)`,
        goal: 1,
        measured: MOST_REBUILD_MS / most,
      },
      ...ratios.map(([side, ratio]) => ({
        name: `p99 of holds, Redis ${side}, at most twice the normal (${figure(ratio)} times)`,
        goal: 1,
        measured: MOST_RATIO / ratio,
      })),
    ],
    violations,
    notes: [
      'Rebuilds: by a real worker process; from the moment Redis was empty or back until the worker had noticed, and from there until the epoch was written. After each the set of locks was that of the live holds.',
      `Holds: createBooking over HTTP at an even ${HOLDS_PER_SECOND} a second, two fresh seats each at ${EVENTS} events, with 100,000 live holds beside them. Legs in ABBA order, all on one api process; Redis is lost ${FAULT_AFTER_MS} ms into a leg, so the moment itself counts; times from when a buyer came, medians of the legs.`,
      'Live map: from the answer to a hold until a watcher of that event over WebSocket sees the seat as HELD, one after the other during the leg.',
    ],
    packages: ['ioredis', 'postgres', 'graphql', 'ws'],
    servers: world.stores.description,
  };
}

const tookMs = ({ noticedMs, doneMs }: Rebuild): number => doneMs - noticedMs;

function rebuildTable(name: string, all: readonly Rebuild[]): Table {
  const rows = [...Map.groupBy(all, ({ what }) => what)].map(([what, own]) => [
    what,
    own.map(({ noticedMs }) => figure(noticedMs)).join(', '),
    own.map((rebuild) => figure(tookMs(rebuild))).join(', '),
  ]);
  return { title: `Rebuild: ${name}`, head: ['Redis was', 'noticed after ms', 'rebuilt in ms'], rows };
}

function legsTable(legs: ReadonlyMap<Side, readonly Leg[]>): Table {
  const rows = [...legs].map(([side, own]) => {
    const of = (value: (leg: Leg) => number) => figure(median(own.map(value)));
    const seen = own.flatMap(({ seenMs }) => seenMs);
    return [
      side,
      of((leg) => leg.p50Ms),
      `${of((leg) => leg.p99Ms)} (${own.map((leg) => figure(leg.p99Ms)).join(', ')})`,
      of((leg) => leg.mostMs),
      figure(own.reduce((sum, leg) => sum + leg.held, 0)),
      `${figure(median(seen))}, at most ${figure(Math.max(...seen))} (${seen.length})`,
    ];
  });
  return {
    title: `${HOLDS_PER_SECOND} holds a second`,
    head: ['Redis', 'p50 ms', 'p99 ms', 'most ms', 'held', 'seen on the live map after ms'],
    rows,
  };
}
