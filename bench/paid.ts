import { openChild } from '#test/support/system/child.ts';
import { figure } from '#test/support/system/figures.ts';
import { checkOut } from './support/checkout.ts';
import {
  cpuMs,
  type Leg,
  LOADER,
  type Measured,
  ourProcesses,
  type Rest,
  Side,
  type Stored,
} from './support/paid-side.ts';
import { OWN_ROOT, openPaidSide, type PaidSide, processes } from './support/paid-world.ts';
import type { BenchOptions, Report, Table } from './support/report.ts';
import { abba, median } from './support/rounds.ts';

/** Bookings of a leg, by fans at a time. */
const legs = [
  { fans: 1, bookings: 60 },
  { fans: 8, bookings: 300 },
  { fans: 64, bookings: 1000 },
  { fans: 256, bookings: 1500 },
] as const;
const ROUNDS = 2;
const WARMUP = { fans: 16, bookings: 300 };
const OURS = 'ours';
const servers = ['PostgreSQL', 'Valkey', 'Kafka'];

type Results = ReadonlyMap<Leg, ReadonlyMap<string, readonly Measured[]>>;

/** Measures what a paid booking costs in each process, from the hold to the tickets, over the whole product. */
export async function benchPaid({ quick, only, profile, baseline, kafka }: BenchOptions): Promise<Report> {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const sides = [await openPaidSide({ name: OURS, root: OWN_ROOT, profile })];
    closers.push(() => closeAll(sides));
    if (baseline !== undefined) {
      const { root, name, remove } = await checkOut(baseline);
      closers.unshift(remove);
      sides.push(await openPaidSide({ name, root, profile: undefined }));
    }
    if (kafka)
      sides.push(await openPaidSide({ name: 'ours, Kafka', root: OWN_ROOT, profile: undefined, log: 'kafka' }));
    const crowd = openChild(new URL('./support/paid-crowd.ts', import.meta.url));
    closers.push(() => crowd.close());
    const runs = sides.map((side) => new Side(side, crowd));
    for (const run of runs) await run.measure(WARMUP);
    const rest = new Map<string, Rest>();
    for (const run of runs) rest.set(run.name, await run.rest());
    const results = await measureAll(runs, { quick, only });
    const stored = await Promise.all(runs.map((run) => run.stored()));
    const violations = (await Promise.all(runs.map((run) => run.violations()))).flat();
    return reportOf(sides, { results, rest, stored }, violations);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

const closeAll = (sides: readonly PaidSide[]) => Promise.all(sides.map((side) => side.close()));

async function measureAll(
  runs: readonly Side[],
  { quick, only }: Pick<BenchOptions, 'quick' | 'only'>,
): Promise<Results> {
  const results = new Map<Leg, Map<string, Measured[]>>();
  for (const leg of legs.filter(({ fans }) => only === undefined || String(fans) === only)) {
    const size = quick ? { fans: leg.fans, bookings: Math.ceil(leg.bookings / 4) } : leg;
    const ofLeg = new Map<string, Measured[]>();
    for (const run of abba(runs, quick ? 1 : ROUNDS))
      ofLeg.set(run.name, [...(ofLeg.get(run.name) ?? []), await run.measure(size)]);
    results.set(leg, ofLeg);
  }
  return results;
}

type Found = {
  readonly results: Results;
  readonly rest: ReadonlyMap<string, Rest>;
  readonly stored: readonly Stored[];
};

function reportOf(sides: readonly PaidSide[], { results, rest, stored }: Found, violations: readonly string[]): Report {
  const tables = [
    ...[...results].map(([{ fans }, ofLeg]) => tableOf(fans, ofLeg)),
    tableOfRest(rest),
    tableOfStored(stored),
  ];
  return {
    question: 'What does a paid booking cost, from the hold to the tickets, over all processes of the product?',
    tables,
    goals: [],
    violations,
    notes: [
      'Fans come on sockets: each opens one, holds two seats of one of 20 events, subscribes to bookingChanged, pays at the page of the sandbox gateway when it is named, and leaves with two tickets. The next fan comes when one has left.',
      'CPU: milliseconds per booking by /proc, until every consumer has read everything. Transactions: xact_commit of both databases per booking, everything included that runs meanwhile.',
      'Page: from the request of the hold to the address of the page. Tickets: from paying to the tickets. Every process in its production profile, one of each, with one log line for each message and request; only the request limits are off.',
      'Goals: at 64 fans at most 6 ms in the processes without the sandbox, 4 ms of PostgreSQL, 8 transactions.',
      `${ROUNDS} rounds in ABBA order, medians, after a warm-up of ${WARMUP.bookings} bookings. At the end SQL checked all invariants, three sets of books (bookings, payments, the gateway's ledger), that every message of both outboxes is in the log and was read, and the number of tickets.`,
      'pretix on a machine of this size: 5 to 10 paid orders a second (measured, its own test payment, PostgreSQL and Redis).',
    ],
    packages: ['graphql-yoga', 'graphql-ws', 'drizzle-orm', 'postgres', 'ioredis', 'undici'],
    servers: sides[0]?.stores.description ?? [],
  };
}

function tableOf(fans: number, ofLeg: ReadonlyMap<string, readonly Measured[]>): Table {
  const rows = [...ofLeg].map(([side, measured]) => {
    const of = (value: (one: Measured) => number) => figure(median(measured.map(value)));
    return [
      side,
      of(({ bookings, seconds }) => bookings / seconds),
      `${of(({ page }) => page.p50Ms)} / ${of(({ page }) => page.p99Ms)}`,
      `${of(({ confirmation }) => confirmation.p50Ms)} / ${of(({ confirmation }) => confirmation.p99Ms)}`,
      of((one) => cpuMs(one, ourProcesses)),
      ...[...processes, ...servers, LOADER].map((role) => of((one) => cpuMs(one, [role]))),
      of(({ transactions, bookings }) => transactions / bookings),
    ];
  });
  const head = ['', 'bookings/s', 'page p50 / p99 ms', 'tickets p50 / p99 ms', 'ours, CPU ms'];
  return {
    title: `${fans} fans at a time`,
    head: [...head, ...processes, ...servers, LOADER, 'transactions'],
    rows,
  };
}

function tableOfRest(rest: ReadonlyMap<string, Rest>): Table {
  const roles = [...processes, ...servers];
  const rows = [...rest].map(([side, { cpu, transactions, seconds }]) => [
    side,
    ...roles.map((role) => figure((cpu.get(role) ?? 0) / 1000 / seconds)),
    figure(transactions / seconds),
  ]);
  return { title: 'At rest, CPU ms a second', head: ['', ...roles, 'transactions'], rows };
}

function tableOfStored(stored: readonly Stored[]): Table {
  const rows = stored.map(({ side, bookings, bytes }) => [
    side,
    figure(bookings),
    figure(bytes.disk / bookings / 1000),
    figure(bytes.wal / bookings / 1000),
  ]);
  return { title: 'Stored for a paid booking of two seats, KB', head: ['', 'bookings', 'on disk', 'WAL'], rows };
}
