import { sql } from 'drizzle-orm';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type BenchChild, openChild } from '#test/support/system/child.ts';
import { type CpuSample, cpuBetween, memoryOf, sampleCpu, type Watched } from '#test/support/system/cpu.ts';
import { figure, megabytes } from '#test/support/system/figures.ts';
import type { HoldFigures, HoldLoad, HoldQuestion } from './support/hold-callers.ts';
import { checkHolds } from './support/hold-checks.ts';
import type { HoldSideName } from './support/hold-sides.ts';
import type { BenchOptions, Report, Table } from './support/report.ts';
import { abba, median } from './support/rounds.ts';
import { openStores, type Stores } from './support/stores.ts';

const sides = ['ours', 'redisLock', 'rowLock'] as const;
const sideTitles: Record<HoldSideName, string> = {
  ours: 'ours: inventory writer',
  redisLock: '(a) SET NX per seat + a transaction per hold',
  rowLock: '(b) a transaction per hold',
  nothing: 'nothing: the callers alone',
};

const PLAN_SEATS = 100_000;
/** More than a stock way sells in a leg. */
const STOCK_SEATS = 20_000;

const scenarios = [
  { name: 'spread over 20 events', events: 20, wants: 'fresh' },
  { name: 'one hot event', events: 1, wants: 'fresh' },
  { name: '200 hot seats', events: 1, wants: 'fought' },
] as const;
type Scenario = (typeof scenarios)[number];
const callerCounts = [64, 256] as const;

type Leg = HoldFigures & { readonly cpu: ReadonlyMap<string, number>; readonly memory: ReadonlyMap<string, number> };
type World = { stores: Stores; children: ReadonlyMap<HoldSideName, BenchChild>; plan: SeededEvent; hall: SeededEvent };

/** Measures how many 2-seat holds a second the writer makes, against code as the libraries' documentation shows it. */
export async function benchHolds({ quick, only, profile }: BenchOptions): Promise<Report> {
  const stores = await openStores();
  const children = new Map<HoldSideName, BenchChild>();
  try {
    for (const side of [...sides, 'nothing'] as const) children.set(side, await openSide(stores, side, profile));
    const plan = await seedEvent(stores.db, { seats: quick ? 20_000 : PLAN_SEATS, rows: 20, sections: 50 });
    const hall = await seedEvent(stores.db, { seats: 200, rows: 10 });
    const world = { stores, children, plan, hall };
    const time = quick ? { warmupMs: 100, measureMs: 300 } : { warmupMs: 300, measureMs: 1000 };
    for (const side of sides) await runLeg(world, side, { scenario: scenarios[0], callers: 64, ...time });
    await stores.db.execute(sql`analyze`);
    const runs = scenarios
      .flatMap((scenario) => callerCounts.map((callers) => ({ scenario, callers, ...time })))
      .filter(({ scenario, callers }) => `${scenario.name}, ${callers} callers`.includes(only ?? ''));
    const tables: Table[] = [];
    const ratios = new Map<string, number>();
    for (const run of runs) {
      const legs = await runRounds(world, run, quick ? 1 : 4);
      tables.push(tableOf(`${run.scenario.name}, ${run.callers} callers`, legs));
      ratios.set(`${run.scenario.name}, ${run.callers}`, ratioOf(legs));
    }
    return reportOf(stores, tables, ratios);
  } finally {
    await Promise.all([...children.values()].map((child) => child.close()));
    await stores.close();
  }
}

async function runRounds(world: World, run: LegRequest, rounds: number): Promise<ReadonlyMap<HoldSideName, Leg[]>> {
  const legs = new Map<HoldSideName, Leg[]>();
  for (const side of abba(sides, rounds)) legs.set(side, [...(legs.get(side) ?? []), await runLeg(world, side, run)]);
  return legs.set('nothing', [await runLeg(world, 'nothing', run)]);
}

async function openSide(stores: Stores, side: HoldSideName, profile: string | undefined): Promise<BenchChild> {
  const nodeArgs = profile && side === 'ours' ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
  const child = openChild(new URL('./support/hold-callers.ts', import.meta.url), { nodeArgs });
  const { databaseUrl, redisUrl } = stores;
  await child.ask({ kind: 'open', side, databaseUrl, redisUrl } satisfies HoldQuestion);
  return child;
}

type LegRequest = { scenario: Scenario; callers: number; warmupMs: number; measureMs: number };

async function runLeg(world: World, side: HoldSideName, request: LegRequest): Promise<Leg> {
  const child = world.children.get(side);
  if (!child) throw new Error(`There is no process for ${side}.`);
  const { db } = world.stores;
  const { scenario, callers, warmupMs, measureMs } = request;
  const eventIds = await putOnSale(world, scenario, side);
  const watched: Watched[] = [...world.stores.watched, { role: 'node', pid: child.pid }];
  const samples: CpuSample[] = [];
  const { planId, seatCount } = scenario.wants === 'fought' ? world.hall : world.plan;
  const load: HoldLoad = {
    sale: { eventIds, planId, seatCount: side === 'nothing' ? Number.MAX_SAFE_INTEGER : seatCount },
    wants: scenario.wants,
    callers,
    warmupMs,
    measureMs,
  };
  const question: HoldQuestion = { kind: 'load', load };
  const figures = await child.ask<HoldFigures>(question, () => samples.push(sampleCpu(watched)));
  const [before, after] = samples;
  if (!before || !after) throw new Error('The callers named no moments.');
  if (side !== 'nothing') await checkHolds(db, { eventIds, ...figures, hasCounters: side === 'ours' });
  const memory = new Map(watched.map((one) => [one.role, memoryOf(one)]));
  return { ...figures, cpu: cpuBetween(before, after), memory };
}

/** New events. The stock ways need a row for each seat, which is inserted beforehand. */
async function putOnSale({ stores, plan, hall }: World, scenario: Scenario, side: HoldSideName): Promise<string[]> {
  const { db } = stores;
  const like = scenario.wants === 'fought' ? hall : plan;
  const eventIds: string[] = [];
  for (let index = 0; index < scenario.events; index++) {
    const { eventId } = await seedEvent(db, {
      like,
      seats: like.seatCount,
      sections: like.sectionIds.length,
      organizerId: like.organizerId,
    });
    eventIds.push(eventId);
  }
  if (side === 'redisLock' || side === 'rowLock') {
    const rows = Math.min(like.seatCount, STOCK_SEATS / scenario.events);
    await db.execute(sql`insert into event_seats (event_id, seat_no, status)
      select event_id, seat_no, 'AVAILABLE' from unnest(${sql.param(eventIds)}::uuid[]) as event_id,
        generate_series(0, ${rows}::int - 1) as seat_no`);
  }
  return eventIds;
}

const perSecond = (leg: Leg) => leg.answered / leg.seconds;
const heldPerSecond = (leg: Leg) => leg.heldInTime / leg.seconds;
const cpuPerOperation = (leg: Leg, role: string) => (leg.cpu.get(role) ?? 0) / leg.answered;
const medianOf = (legs: readonly Leg[] | undefined, value: (leg: Leg) => number) => median((legs ?? []).map(value));

/** Acknowledged holds, against the faster of the two stock ways. */
function ratioOf(legs: ReadonlyMap<HoldSideName, Leg[]>): number {
  const [ours = 0, ...stock] = sides.map((side) => medianOf(legs.get(side), heldPerSecond));
  return ours / Math.max(...stock);
}

function tableOf(title: string, legs: ReadonlyMap<HoldSideName, Leg[]>): Table {
  const rows = [...legs].map(([side, own]) => {
    const of = (value: (leg: Leg) => number) => figure(medianOf(own, value));
    const all = own.map(perSecond);
    return [
      sideTitles[side],
      `${of(perSecond)} (${figure(Math.min(...all))} to ${figure(Math.max(...all))})`,
      of(heldPerSecond),
      of((leg) => leg.p50Ms),
      of((leg) => leg.p99Ms),
      of((leg) => cpuPerOperation(leg, 'node')),
      of((leg) => cpuPerOperation(leg, 'PostgreSQL')),
      of((leg) => cpuPerOperation(leg, 'Valkey')),
      megabytes(medianOf(own, (leg) => leg.memory.get('node') ?? 0)),
    ];
  });
  const head = ['', 'answered/s', 'held/s', 'p50 ms', 'p99 ms', 'node us', 'PostgreSQL us', 'Valkey us', 'node memory'];
  return { title, head, rows };
}

function reportOf(stores: Stores, tables: readonly Table[], ratios: ReadonlyMap<string, number>): Report {
  const goal = (name: string, wanted: number) => ({ name, goal: wanted, measured: ratios.get(name) ?? Number.NaN });
  return {
    question: 'How many 2-seat holds a second does the inventory writer acknowledge, against one transaction per hold?',
    tables,
    goals: [
      goal('spread over 20 events, 64', 8),
      goal('spread over 20 events, 256', 12),
      goal('one hot event, 64', 20),
      goal('one hot event, 256', 20),
      goal('200 hot seats, 64', 8),
      goal('200 hot seats, 256', 12),
    ].filter(({ measured }) => !Number.isNaN(measured)),
    notes: [
      'Four rounds in ABBA order, medians (in brackets: the extremes), the first 0.3 s of 1.3 s dropped; ratios are against the faster stock way.',
      'CPU: microseconds per answered hold of the process with the callers (node), of PostgreSQL with all its processes, and of Valkey.',
      '"200 hot seats": neighbouring pairs at random, a winner gives them back at once. Answers and their times include refusals; the ratio is of acknowledged holds.',
      'After each leg SQL showed: no seat in two open bookings, seats, bookings and acknowledged holds agree, one outbox row per transition, counters equal rows (ours; the stock ways have none).',
      'The stock ways use the same tables with the rows of all seats made beforehand, and leave out limits, idempotency, prices, counters and version.',
    ],
    packages: ['drizzle-orm', 'postgres', 'ioredis'],
    servers: stores.description,
  };
}
