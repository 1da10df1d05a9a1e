import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { statusAt } from '#domain/inventory/packed-statuses-rules.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { figure } from '#test/support/system/figures.ts';
import { type HttpLeg, httpTable, medianOf, perSecond, runHttpLeg } from './support/http-legs.ts';
import type { HttpLoad, SameRequest } from './support/http-load.ts';
import { type HttpServer, type HttpWorld, openHttpWorld } from './support/http-world.ts';
import type { BenchOptions, Report, Table } from './support/report.ts';
import { abba } from './support/rounds.ts';

const OURS = 'ours: packed snapshot';
const STOCK = 'stock: a list of seat objects';
const NOTHING = 'nothing: a server with one answer';

const sizes = [20_000, 100_000] as const;

const queries = {
  ours: 'query ($eventId: ID!) { seatMap(eventId: $eventId) { version statuses } }',
  stock:
    'query ($eventId: ID!) { seatMap(eventId: $eventId) { version seats { seatNo section row label x y status } } }',
};

type Time = { readonly warmupMs: number; readonly measureMs: number };
type Run = { readonly seats: number; readonly eventId: string; readonly rounds: number; readonly quick: boolean };

/** Measures the cost of the state of all seats of an event, packed and as the obvious list of objects. */
export async function benchSeatMap({ quick, only, profile }: BenchOptions): Promise<Report> {
  const world = await openHttpWorld(profile);
  try {
    const tables: Table[] = [];
    const goals = [];
    for (const seats of sizes.filter((size) => `${size} seats`.includes(only ?? ''))) {
      const eventId = await sellSome(world.stores.db, seats);
      await compareAnswers(world, eventId, seats);
      const legs = await runRounds(world, { seats, eventId, rounds: quick ? 1 : 4, quick });
      tables.push(httpTable(`${figure(seats)} seats`, legs));
      goals.push(...goalsOf(seats, legs));
    }
    return reportOf(world, tables, goals);
  } finally {
    await world.close();
  }
}

async function runRounds(world: HttpWorld, run: Run): Promise<ReadonlyMap<string, HttpLeg[]>> {
  const { eventId, quick } = run;
  const ours: SameRequest = { kind: 'same', body: bodyOf('ours', eventId), answer: '{"data":{"seatMap":{"version":' };
  const stock: SameRequest = { ...ours, body: bodyOf('stock', eventId) };
  const nothing = await world.openNull(await ask(world.ours.port, ours.body));
  const short = quick ? { warmupMs: 200, measureMs: 500 } : { warmupMs: 500, measureMs: 2000 };
  const long = quick ? { warmupMs: 200, measureMs: 1500 } : { warmupMs: 500, measureMs: run.seats / 20 + 4000 };
  const legs = new Map<string, HttpLeg[]>();
  const add = async (side: string, server: HttpServer, load: Omit<HttpLoad, 'port'>) => {
    const leg = await runHttpLeg(world.loader, { port: server.port, ...load }, server.watched);
    legs.set(side, [...(legs.get(side) ?? []), leg]);
  };
  for (const side of abba([OURS, STOCK], run.rounds)) {
    if (side === OURS) await add(side, world.ours, { requests: ours, connections: 32, ...short });
    else await add(side, world.stock, { requests: stock, connections: 2, ...long });
  }
  await add(NOTHING, nothing, { requests: ours, connections: 32, ...short } satisfies Time & Omit<HttpLoad, 'port'>);
  return legs;
}

/** An event with a third of its seats sold, spread over the plan. */
async function sellSome(db: Db, seats: number): Promise<string> {
  const { eventId } = await seedEvent(db, { seats, rows: 20, sections: 50 });
  await db.execute(sql`insert into event_seats (event_id, seat_no, status, booking_id)
    select ${eventId}::uuid, seat_no, 'BOOKED', gen_random_uuid() from generate_series(0, ${seats}::int - 1) as seat_no
    where hashint4(seat_no) % 3 = 0`);
  await db.execute(sql`update seat_inventories i set version = 1000, booked = s.booked, available = capacity - s.booked
    from (select count(*) as booked from event_seats where event_id = ${eventId}::uuid) s
    where i.event_id = ${eventId}::uuid`);
  await db.execute(sql`analyze`);
  return eventId;
}

const bodyOf = (side: keyof typeof queries, eventId: string): string =>
  JSON.stringify({ query: queries[side], variables: { eventId: `Event_${eventId}` } });

async function ask(port: number, body: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, { method: 'POST', headers, body });
  return await response.text();
}

type OurAnswer = { data: { seatMap: { version: number; statuses: string } } };
type StockAnswer = { data: { seatMap: { version: number; seats: { seatNo: number; status: string }[] } } };

/** Throws unless both answers have the same status for every seat. */
async function compareAnswers(world: HttpWorld, eventId: string, seats: number): Promise<void> {
  const [ourText, stockText] = await Promise.all([
    ask(world.ours.port, bodyOf('ours', eventId)),
    ask(world.stock.port, bodyOf('stock', eventId)),
  ]);
  const ours = (JSON.parse(ourText) as Partial<OurAnswer>).data?.seatMap;
  const stock = (JSON.parse(stockText) as Partial<StockAnswer>).data?.seatMap;
  if (!ours || !stock) throw new Error(`There is no answer to compare: ${ourText.slice(0, 300)}`);
  const packed = Buffer.from(ours.statuses, 'base64');
  const same = stock.seats.filter((seat, seatNo) => seat.seatNo === seatNo && seat.status === statusAt(packed, seatNo));
  if (same.length !== seats || ours.version !== stock.version)
    throw new Error(`The answers differ: ${seats - same.length} of ${seats} seats, ${ours.version}, ${stock.version}`);
}

function goalsOf(seats: number, legs: ReadonlyMap<string, HttpLeg[]>): Report['goals'] {
  const ratio = (value: (leg: HttpLeg) => number) => medianOf(legs.get(OURS), value) / medianOf(legs.get(STOCK), value);
  return [
    { name: `${figure(seats)} seats, requests/s`, goal: 500, measured: ratio(perSecond) },
    { name: `${figure(seats)} seats, fewer bytes`, goal: 200, measured: 1 / ratio((leg) => leg.bytesPerAnswer) },
  ];
}

function reportOf(world: HttpWorld, tables: readonly Table[], goals: Report['goals']): Report {
  return {
    question: 'What does the state of every seat of an event cost over HTTP, packed in 2 bits a seat or as objects?',
    tables,
    goals,
    notes: [
      'Four rounds in ABBA order, medians (in brackets: the extremes), warm-up dropped. Ours over 32 connections, stock over 2, with which its process is busy; both uncompressed.',
      'Before the runs both answers were compared: the same version, and the same status of every seat. Of the seats a third is BOOKED.',
      'CPU: microseconds per answer of the server process (node), PostgreSQL with all its processes, and Valkey. The last row is a server that does nothing but send our answer, over the same load generator.',
    ],
    packages: ['graphql-yoga', '@pothos/core', 'graphql', 'drizzle-orm', 'postgres', 'ioredis'],
    servers: world.stores.description,
  };
}
