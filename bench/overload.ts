import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type BenchChild, openChild } from '#test/support/system/child.ts';
import { HOLD_ANSWER, HOLD_MUTATION, putOnSale } from './holds-e2e.ts';
import { checkHolds } from './support/hold-checks.ts';
import { perSecond, runHttpLeg } from './support/http-legs.ts';
import { loneTable, type Measured, runStorm, stormTable } from './support/overload-legs.ts';
import type { BenchOptions, Report } from './support/report.ts';
import { openSettingsPair, PLAN_SEATS, type SettingsPair } from './support/settings-pair.ts';
import type { HoldAsks, LookAsks, StormLoad } from './support/storm-load.ts';

const OURS = 'ours';
const OFF = 'control off: only the bound of 4,096';
const EVENTS = 20;
const levels = [1, 2, 5, 20] as const;
/** How many callers at a time show what the process can do. */
const CALLERS = 128;
const AFTER_MS = 4_000;
const FANS_PER_SECOND = 40;
const LOOK = `query ($id: ID!) { event(id: $id) { id title startsAt venue { name city } }
  seatMap(eventId: $id) { version statuses } }`;
const LOOK_ANSWER = '{"data":{"event":{"id":"';

type World = SettingsPair & {
  readonly plan: SeededEvent;
  readonly storm: BenchChild;
  readonly fans: BenchChild;
  readonly ms: number;
  readonly violations: string[];
};

/** Sends a multiple of what an api process can do, and measures what is left of its work. */
export async function benchOverload({ quick, only, profile, seconds }: BenchOptions): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const pair = await openSettingsPair(stack, { [OURS]: { OVERLOAD_CONTROL: 'on' }, [OFF]: {} }, profile);
  const [storm, fans] = [openLoad(stack), openLoad(stack)];
  const plan = await seedEvent(pair.stores.db, { seats: PLAN_SEATS, rows: 20, sections: 50 });
  const ms = 1000 * (seconds ?? (quick ? 5 : 60));
  const world: World = { ...pair, plan, storm, fans, ms, violations: [] };
  const limits = { holds: await holdLimit(world), looks: await lookLimit(world) };
  const chosen = levels.filter((level) => `${level}x`.includes(only ?? 'x'));
  const results = new Map<number, Map<string, Measured>>();
  for (const [index, level] of chosen.entries()) {
    const ofLevel = new Map<string, Measured>();
    for (const side of index % 2 === 0 ? [OURS, OFF] : [OFF, OURS])
      ofLevel.set(side, await holdStorm(world, { side, level, limit: limits.holds }));
    results.set(level, ofLevel);
  }
  const mixed = only === undefined ? await lookStorms(world, limits.looks) : new Map<string, Measured>();
  return reportOf(world, { limits, results, mixed });
}

function openLoad(stack: AsyncDisposableStack): BenchChild {
  const child = openChild(new URL('./support/storm-load.ts', import.meta.url));
  stack.defer(() => child.close());
  return child;
}

/** Holds a second with as many callers as make it busy, and nothing refused. */
async function holdLimit(world: World): Promise<number> {
  const requests = { ...(await holdsOf(world, OFF)), seatCount: world.plan.seatCount };
  const leg = await runHttpLeg(world.loader, { ...loadOf(world, OFF), requests }, watchedOf(world, OFF));
  await checkHolds(world.stores.db, { eventIds: requests.eventIds, held: leg.total, released: 0, hasCounters: true });
  return perSecond(leg);
}

async function lookLimit(world: World): Promise<number> {
  const [body = ''] = (await looksOf(world)).bodies;
  const requests = { kind: 'same' as const, body, answer: LOOK_ANSWER };
  return perSecond(await runHttpLeg(world.loader, { ...loadOf(world, OFF), requests }, watchedOf(world, OFF)));
}

const loadOf = ({ apis }: World, side: string) => ({
  port: apis[side]?.port ?? 0,
  connections: CALLERS,
  warmupMs: 1_500,
  measureMs: 3_000,
});

const watchedOf = ({ apis, stores }: World, side: string) => [
  { role: 'node', pid: apis[side]?.pid ?? 0 },
  ...stores.watched,
];

async function holdsOf(world: World, side: string): Promise<HoldAsks> {
  const eventIds = await putOnSale(world, EVENTS, side);
  const { planId } = world.plan;
  return { kind: 'holds', query: HOLD_MUTATION, eventIds, planId, tokens: world.tokens, answer: HOLD_ANSWER };
}

async function looksOf(world: World): Promise<LookAsks> {
  const eventIds = await putOnSale(world, EVENTS, OURS);
  const bodies = eventIds.map((id) => JSON.stringify({ query: LOOK, variables: { id: `Event_${id}` } }));
  return { kind: 'looks', bodies, answer: LOOK_ANSWER };
}

type Leg = { readonly side: string; readonly level: number; readonly limit: number };

async function holdStorm(world: World, { side, level, limit }: Leg): Promise<Measured> {
  const asks = await holdsOf(world, side);
  const load: StormLoad = { ...paceOf(world, side, limit), perSecond: level * limit, asks };
  const measured = await runStorm(world.storm, load, watchedOf(world, side));
  if (side === OURS) world.violations.push(...brokenIn(measured, level));
  const { broken, unanswered, late } = measured;
  if (side === OURS && broken + unanswered + late === 0)
    await checkHolds(world.stores.db, { eventIds: asks.eventIds, held: measured.held, released: 0, hasCounters: true });
  return measured;
}

const paceOf = ({ apis, ms }: World, side: string, limit: number) => ({
  port: apis[side]?.port ?? 0,
  ms,
  afterPerSecond: limit / 2,
  afterMs: AFTER_MS,
});

/** Looks at five times the limit, and beside them fans who hold seats. */
async function lookStorms(world: World, limit: number): Promise<Map<string, Measured>> {
  const looks = await looksOf(world);
  const mixed = new Map<string, Measured>();
  for (const side of [OFF, OURS]) {
    const pace = paceOf(world, side, limit);
    const storm = runStorm(world.storm, { ...pace, perSecond: 5 * limit, asks: looks }, watchedOf(world, side));
    const asks = await holdsOf(world, side);
    const fans = { ...pace, perSecond: FANS_PER_SECOND, afterPerSecond: 0, afterMs: 0, asks };
    const [lookers, holders] = await Promise.all([storm, runStorm(world.fans, fans, watchedOf(world, side))]);
    mixed.set(`${side}: looks at 5x`, lookers);
    mixed.set(`${side}: fans who hold`, holders);
  }
  return mixed;
}

const brokenIn = ({ wrong, wrongTexts, broken }: Measured, level: number): string[] => [
  ...(wrong > 0
    ? [`At ${level}x, ${wrong} answers were neither good nor typed refusals: ${wrongTexts.join(' / ')}`]
    : []),
  ...(broken > 0 ? [`At ${level}x, ${broken} connections ended without an answer.`] : []),
];

type Found = {
  readonly limits: { readonly holds: number; readonly looks: number };
  readonly results: ReadonlyMap<number, ReadonlyMap<string, Measured>>;
  readonly mixed: ReadonlyMap<string, Measured>;
};

function reportOf(world: World, { limits, results, mixed }: Found): Report {
  const goodOf = (level: number) => (results.get(level)?.get(OURS)?.good ?? 0) / (world.ms / 1000);
  const best = Math.max(...[...results.keys()].map(goodOf));
  return {
    question:
      'What is left of the work of an api process when 1, 2, 5 and 20 times as many requests arrive as it can do?',
    tables: [
      ...[...results].map(([level, sides]) => stormTable(`Holds at ${level}x`, sides, limits.holds)),
      ...(mixed.size > 0
        ? [loneTable('Fans who hold seats, in a storm of looks at events with their maps', mixed)]
        : []),
    ],
    goals: [...results.keys()].map((level) => ({
      name: `goodput at ${level}x, of the best`,
      goal: 0.9,
      measured: goodOf(level) / best,
    })),
    violations: world.violations,
    notes: [
      `The limit, measured first with ${CALLERS} callers that each wait for their answer: ${Math.round(limits.holds)} holds a second, ${Math.round(limits.looks)} looks a second.`,
      `Arrivals keep their rate, whether or not earlier ones have an answer, from 250 addresses on up to 1,500 connections that are open before, as those of a load balancer, for ${world.ms / 1000} s a level. A fan leaves after 10 s without an answer. Times count from the planned arrival, so they include what the load generator is late.`,
      'Good: answered as it was asked. Refused: a typed error with TEMPORARILY_UNAVAILABLE or TRY_AGAIN. Wrong: any other answer. Broken: the connection ended without one.',
      'Normal again: half seconds after the storm, with arrivals at half the limit, until p99 is at most 100 ms and nothing is refused.',
      'Both sides are the api process in its production profile on the same stores; only the request limits are off, because all buyers share few addresses. The load generator, PostgreSQL and the process share the cores.',
    ],
    packages: ['graphql-yoga', 'graphql', 'drizzle-orm', 'postgres', 'ioredis'],
    servers: world.stores.description,
  };
}
