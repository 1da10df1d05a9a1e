import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startTypesense } from '#processes/dev/servers/typesense.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { cpuPerAnswer, type HttpLeg, httpTable, medianOf, perSecond, runHttpLeg } from './support/http-legs.ts';
import type { SameRequest } from './support/http-load.ts';
import { type HttpServer, type HttpWorld, openHttpWorld } from './support/http-world.ts';
import type { BenchOptions, Report } from './support/report.ts';
import { abba } from './support/rounds.ts';
import type { StockEventsOptions } from './support/stock-events-api.ts';

const OURS = 'ours';
const YOGA = 'stock: yoga, Pothos, drizzle, DataLoader';
const MERCURIUS = 'mercurius with its JIT, the same resolvers';
const NOTHING = 'nothing: a server with one answer';

const EVENTS = 20;
const CONNECTIONS = 32;
const ROUNDS = 4;

const QUERY = `{ searchEvents(first: ${EVENTS}) { edges { node { id title startsAt
  venue { name city countryCode } priceFrom { amountMinor currency }
  priceTiers { name price { amountMinor currency } } } } } }`;
const ANSWER = '{"data":{"searchEvents":{"edges":[{"node":{"id":"Event_';

/** Measures what a list of 20 events with venue and prices costs over HTTP. */
export async function benchGraphql({ quick, profile }: BenchOptions): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const engine = await openEngine(stack);
  const world = await openHttpWorld(profile, engine);
  try {
    await seedEvents(world);
    await buildIndex(world, engine);
    const body = JSON.stringify({ query: QUERY });
    const sides = new Map<string, HttpServer>([
      [OURS, world.ours],
      [YOGA, await world.openServer(stockModule, stockOptions(world, 'yoga'))],
      [MERCURIUS, await world.openServer(stockModule, stockOptions(world, 'mercurius'))],
    ]);
    const answers = await Promise.all([...sides.values()].map(({ port }) => ask(port, body)));
    if (!answers.every((answer) => answer === answers[0] && answer.startsWith(ANSWER)))
      throw new Error(`The answers differ: ${answers.map((answer) => answer.slice(0, 300)).join('\n')}`);
    sides.set(NOTHING, await world.openNull(answers[0] ?? ''));
    return reportOf(world, await runRounds(world, { sides, body, quick }));
  } finally {
    await world.close();
  }
}

const stockModule = new URL('./support/stock-events-api.ts', import.meta.url);
const stockOptions = ({ stores: { databaseUrl } }: HttpWorld, kind: StockEventsOptions['kind']) =>
  ({ databaseUrl, kind }) satisfies StockEventsOptions;

/** Four venues, five events each, with three price tiers. */
async function seedEvents({ stores: { db } }: HttpWorld): Promise<void> {
  const made: SeededEvent[] = [];
  for (let index = 0; index < EVENTS; index++) {
    const like = index % 5 === 0 ? undefined : made.at(-1);
    made.push(
      await seedEvent(db, {
        seats: 60,
        sections: 3,
        title: `Match ${index}`,
        ...(like && { like, organizerId: like.organizerId }),
      }),
    );
  }
}

type Engine = { readonly TYPESENSE_URL: string; readonly TYPESENSE_API_KEY: string };

async function openEngine(stack: AsyncDisposableStack): Promise<Engine> {
  const dataDir = await mkdtemp(join(tmpdir(), 'frontrow-bench-engine-'));
  const apiKey = randomBytes(16).toString('hex');
  const log = (line: string) => console.log(line);
  const engine = await startTypesense({ dataDir, apiKey, durable: false, disposableDir: dataDir, log });
  stack.defer(() => engine.stop());
  return { TYPESENSE_URL: engine.url, TYPESENSE_API_KEY: apiKey };
}

async function buildIndex({ stores }: HttpWorld, engine: Engine): Promise<void> {
  const env = { PATH: process.env.PATH, DATABASE_URL: stores.databaseUrl, ...engine };
  await promisify(execFile)(process.execPath, [frontrow, 'reindex'], { env });
}
const frontrow = fileURLToPath(new URL('../src/processes/frontrow.ts', import.meta.url));

async function ask(port: number, body: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, { method: 'POST', headers, body });
  return await response.text();
}

type Running = {
  readonly sides: ReadonlyMap<string, HttpServer>;
  readonly body: string;
  readonly quick: boolean;
};

async function runRounds(world: HttpWorld, { sides, body, quick }: Running): Promise<ReadonlyMap<string, HttpLeg[]>> {
  const requests: SameRequest = { kind: 'same', body, answer: ANSWER };
  const time = quick ? { warmupMs: 300, measureMs: 700 } : { warmupMs: 1000, measureMs: 3000 };
  const legs = new Map<string, HttpLeg[]>();
  for (const side of abba([OURS, YOGA, MERCURIUS, NOTHING], quick ? 1 : ROUNDS)) {
    const server = sides.get(side);
    if (!server) throw new Error(`${side} does not run.`);
    const load = { port: server.port, connections: CONNECTIONS, requests, ...time };
    legs.set(side, [...(legs.get(side) ?? []), await runHttpLeg(world.loader, load, server.watched)]);
  }
  return legs;
}

function reportOf(world: HttpWorld, legs: ReadonlyMap<string, HttpLeg[]>): Report {
  const of = (side: string, value: (leg: HttpLeg) => number) => medianOf(legs.get(side), value);
  const cpu = (leg: HttpLeg) => cpuPerAnswer(leg, 'node');
  return {
    question: 'What does a list of 20 events with venue and prices cost over HTTP?',
    tables: [httpTable(`${EVENTS} events, ${CONNECTIONS} connections`, legs)],
    goals: [
      { name: 'requests/s, against stock', goal: 5, measured: of(OURS, perSecond) / of(YOGA, perSecond) },
      { name: 'CPU of node, mercurius against ours', goal: 1, measured: of(MERCURIUS, cpu) / of(OURS, cpu) },
    ],
    notes: [
      'Rounds in ABBA order, medians (in brackets: the extremes), warm-up dropped. Before the runs the answers of all three were equal byte for byte.',
      'Ours: the api process with its guards, its log line, Typesense behind a cache of one second, and its cache of events. The others read the soonest events from PostgreSQL, their venues and prices with DataLoader, and have no guards.',
      'CPU: microseconds per answer of the server process (node), PostgreSQL with all its processes, and Valkey. The last row is a server that does nothing but send our answer, over the same load generator.',
    ],
    packages: ['graphql-yoga', '@pothos/core', 'mercurius', 'graphql', 'drizzle-orm', 'postgres', 'dataloader'],
    servers: world.stores.description,
  };
}
