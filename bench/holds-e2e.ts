import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { openAccessTokens } from '#domain/account/access-tokens.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { checkHolds } from './support/hold-checks.ts';
import { type HttpLeg, httpTable, medianOf, perSecond, runHttpLeg } from './support/http-legs.ts';
import type { HoldRequests } from './support/http-load.ts';
import { type HttpServer, type HttpWorld, openHttpWorld } from './support/http-world.ts';
import type { BenchOptions, Report, Table } from './support/report.ts';
import { abba } from './support/rounds.ts';

const OURS = 'ours';
const STOCK = 'stock: yoga, Pothos, SET NX, a transaction per hold';
const NOTHING = 'nothing: a server with one answer';

const scenarios = [
  { name: 'spread over 20 events', events: 20 },
  { name: 'one hot event', events: 1 },
] as const;
const connectionCounts = [64, 256] as const;
const PLAN_SEATS = 100_000;
/** More than the stock server sells in a leg. */
const STOCK_SEATS = 20_000;
const BUYERS = 5000;

export const HOLD_MUTATION = `mutation ($input: CreateBookingInput!) { createBooking(input: $input) { __typename
  ... on CreateBookingSuccess { booking { id status holdExpiresAt total { amountMinor currency }
    seats { seat { id } price { amountMinor currency } } } }
  ... on SeatsUnavailable { code message } } }`;
export const HOLD_ANSWER = '{"data":{"createBooking":{"__typename":"CreateBookingSuccess"';

type Run = {
  readonly name: string;
  readonly events: number;
  readonly connections: number;
  readonly warmupMs: number;
  readonly measureMs: number;
};
type World = HttpWorld & { readonly plan: SeededEvent; readonly tokens: readonly string[] };

/** Measures how many bookings a second the GraphQL mutation creates, against the stock server on the same stores. */
export async function benchHoldsEndToEnd({ quick, only, profile }: BenchOptions): Promise<Report> {
  const http = await openHttpWorld(profile);
  try {
    const plan = await seedEvent(http.stores.db, { seats: quick ? 20_000 : PLAN_SEATS, rows: 20, sections: 50 });
    const world: World = { ...http, plan, tokens: await signInBuyers(http) };
    const time = quick ? { warmupMs: 200, measureMs: 500 } : { warmupMs: 500, measureMs: 2500 };
    const runs = scenarios
      .flatMap(({ name, events }) => connectionCounts.map((connections) => ({ name, events, connections, ...time })))
      .filter((run) => titleOf(run).includes(only ?? ''));
    const results = new Map<Run, ReadonlyMap<string, HttpLeg[]>>();
    for (const run of runs) results.set(run, await runRounds(world, run, quick ? 1 : 4));
    return reportOf(world, results);
  } finally {
    await http.close();
  }
}

const titleOf = ({ name, connections }: Run) => `${name}, ${connections} connections`;

async function runRounds(world: World, run: Run, rounds: number): Promise<ReadonlyMap<string, HttpLeg[]>> {
  const legs = new Map<string, HttpLeg[]>();
  const add = async (side: string, server: HttpServer) =>
    legs.set(side, [...(legs.get(side) ?? []), await runLeg(world, { run, side, server })]);
  // Both have compiled their code and opened their connections before the first leg that counts.
  await runLeg(world, { run, side: OURS, server: world.ours });
  await runLeg(world, { run, side: STOCK, server: world.stock });
  for (const side of abba([OURS, STOCK], rounds)) await add(side, side === OURS ? world.ours : world.stock);
  await add(NOTHING, await world.openNull(`${HOLD_ANSWER},"booking":{"seats":[{},{}]}}}}`));
  return legs;
}

async function runLeg(world: World, leg: { run: Run; side: string; server: HttpServer }): Promise<HttpLeg> {
  const { run, side, server } = leg;
  const { plan, tokens, stores, loader } = world;
  const eventIds = await putOnSale(world, run.events, side);
  const seatCount = side === NOTHING ? Number.MAX_SAFE_INTEGER : plan.seatCount;
  const requests: HoldRequests = {
    kind: 'holds',
    query: HOLD_MUTATION,
    eventIds,
    planId: plan.planId,
    seatCount,
    tokens,
    answer: HOLD_ANSWER,
  };
  const { connections, warmupMs, measureMs } = run;
  const load = { port: server.port, connections, warmupMs, measureMs, requests };
  const figures = await runHttpLeg(loader, load, server.watched);
  if (side !== NOTHING)
    await checkHolds(stores.db, { eventIds, held: figures.total, released: 0, hasCounters: side === OURS });
  return figures;
}

/** Access tokens, each of another buyer. */
export async function signInBuyers({ tokenPrivateKey }: Pick<HttpWorld, 'tokenPrivateKey'>): Promise<string[]> {
  const accessTokens = openAccessTokens({ privateKey: tokenPrivateKey });
  const tokens: string[] = [];
  for (let index = 0; index < BUYERS; index++) {
    const viewer = { userId: randomUUIDv7(), role: 'FAN', sessionId: randomUUIDv7() } as const;
    tokens.push((await accessTokens.issue(viewer)).token);
  }
  return tokens;
}

/** New events. The stock server needs a row for each seat, which is inserted beforehand. */
export async function putOnSale(
  { stores: { db }, plan }: Pick<World, 'stores' | 'plan'>,
  events: number,
  side: string,
): Promise<string[]> {
  const eventIds: string[] = [];
  for (let index = 0; index < events; index++) {
    const { planId: _, seatCount, sectionIds, organizerId } = plan;
    const event = await seedEvent(db, { like: plan, seats: seatCount, sections: sectionIds.length, organizerId });
    eventIds.push(event.eventId);
  }
  if (side === STOCK) {
    await db.execute(sql`insert into event_seats (event_id, seat_no, status)
      select event_id, seat_no, 'AVAILABLE' from unnest(${sql.param(eventIds)}::uuid[]) as event_id,
        generate_series(0, ${STOCK_SEATS / events}::int - 1) as seat_no`);
  }
  return eventIds;
}

function reportOf(world: World, results: ReadonlyMap<Run, ReadonlyMap<string, HttpLeg[]>>): Report {
  const tables: Table[] = [];
  const goals: Report['goals'][number][] = [];
  for (const [run, legs] of results) {
    tables.push(httpTable(titleOf(run), legs));
    const ratio = (value: (leg: HttpLeg) => number) =>
      medianOf(legs.get(OURS), value) / medianOf(legs.get(STOCK), value);
    if (run.connections === 256)
      goals.push({ name: `${titleOf(run)}, bookings/s`, goal: 10, measured: ratio(perSecond) });
    else goals.push({ name: `${titleOf(run)}, p50 lower`, goal: 5, measured: 1 / ratio((leg) => leg.p50Ms) });
  }
  return {
    question: 'How many bookings a second does the createBooking mutation make over HTTP, against the stock server?',
    tables,
    goals,
    notes: [
      'Four rounds in ABBA order, medians (in brackets: the extremes), the first 0.5 s of 3 s dropped, after a leg of each side that does not count.',
      'Ours: the api process with authentication, limits on seats, Redis seat locks, idempotency, counters, live-map changes and one log line a request; only the request limits are off, because all buyers share one address. Stock: yoga as documented, Pothos, jose, SET NX per seat and one transaction per hold, without the rest.',
      `Both get the same mutation of ${BUYERS} signed-in buyers. After each leg SQL showed what "holds" checks, with as many bookings as were answered.`,
      'CPU: microseconds per answer of the server process (node), PostgreSQL with all its processes, and Valkey. The last row is a server that answers with one text, over the same load generator.',
    ],
    packages: ['graphql-yoga', '@pothos/core', 'graphql', 'drizzle-orm', 'postgres', 'ioredis', 'jose'],
    servers: world.stores.description,
  };
}
