import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { cpuBetween, sampleCpu } from '#test/support/system/cpu.ts';
import { figure } from '#test/support/system/figures.ts';
import { type HoldsPlan, seedHolds } from './support/many-holds.ts';
import { openOurWorker } from './support/our-worker.ts';
import type { BenchOptions, Report, Table } from './support/report.ts';
import { abba, median } from './support/rounds.ts';
import { openStockExpiry } from './support/stock-expiry.ts';
import { openStores, type Stores } from './support/stores.ts';

const OURS = 'ours: release-expired-holds';
const STOCK = 'stock: a transaction per booking';
const MOST_MS = 2_000;
const ROUNDS = 2;
/** In this time the holds get their ends and the side starts; then it knows when the first hold ends, as it does in use. */
const LEAD_MS = 15_000;
const LOOK_EVERY_MS = 50;
const GIVE_UP_MS = 300_000;

type Scenario = { readonly name: string; readonly plan: HoldsPlan; readonly stockPart: number };
/** The stock way gets a part of the holds, because it needs minutes for all of them. */
const scenarios: readonly Scenario[] = [
  {
    name: '100,000 bookings of one seat at 20 events',
    plan: { seatsAt: Array<number>(20).fill(5_000), seatsPerBooking: 1 },
    stockPart: 10,
  },
  {
    name: '50,000 bookings of two seats at one event',
    plan: { seatsAt: [100_000], seatsPerBooking: 2 },
    stockPart: 10,
  },
];

type Leg = {
  readonly bookings: number;
  /** From the end of the last hold until its seat was free. */
  readonly lastFreeMs: number;
  /** From the end of the first hold until the last seat was free. */
  readonly tookMs: number;
  readonly cpu: ReadonlyMap<string, number>;
};
type Legs = Map<string, Leg[]>;

/** Measures how long seats stay taken when 100,000 holds end within one second. */
export async function benchExpiry({ quick, only }: BenchOptions): Promise<Report> {
  const stores = await openStores();
  try {
    const violations: string[] = [];
    const results = new Map<Scenario, Legs>();
    for (const scenario of scenarios.filter(({ name }) => name.includes(only ?? ''))) {
      const legs: Legs = new Map();
      for (const side of abba([OURS, STOCK], quick ? 1 : ROUNDS)) {
        const part = (side === STOCK ? scenario.stockPart : 1) * (quick ? 10 : 1);
        legs.set(side, [...(legs.get(side) ?? []), await runLeg(stores, { scenario, side, part, violations })]);
      }
      results.set(scenario, legs);
    }
    return reportOf(stores, results, violations);
  } finally {
    await stores.close();
  }
}

async function runLeg(
  stores: Stores,
  leg: { scenario: Scenario; side: string; part: number; violations: string[] },
): Promise<Leg> {
  const { db } = stores;
  const { seatsAt, seatsPerBooking } = leg.scenario.plan;
  await db.execute(sql`truncate bookings, booking_seats, event_seats, outbox`);
  const events = await seedHolds(db, { seatsAt: seatsAt.map((seats) => Math.ceil(seats / leg.part)), seatsPerBooking });
  const eventIds = events.map(({ eventId }) => eventId);
  const { bookings, firstMs, lastMs } = await letEnd(db, eventIds);
  const side = leg.side === OURS ? await openOurs(stores) : openStockExpiry(stores.databaseUrl);
  try {
    if (Date.now() > firstMs) throw new Error('The holds were not ready in time.');
    const watched = [...stores.watched, { role: 'process', pid: side.pid }];
    const before = sampleCpu(watched);
    await untilAllFree(db, lastMs);
    const doneMs = Date.now();
    const cpu = cpuBetween(before, sampleCpu(watched));
    leg.violations.push(...(await findBroken(db, eventIds, { bookings, hasCounters: leg.side === OURS })));
    return { bookings, lastFreeMs: doneMs - lastMs, tookMs: doneMs - firstMs, cpu };
  } finally {
    await side.close();
  }
}

const openOurs = ({ databaseUrl, redisUrl }: Stores) =>
  openOurWorker({ databaseUrl, redisUrl }, ['release-expired-holds']);

/** Spreads the ends of all holds evenly over one second that begins soon. Times are those of this machine's clock. */
async function letEnd(
  db: Db,
  eventIds: readonly string[],
): Promise<{ bookings: number; firstMs: number; lastMs: number }> {
  const ids = sql.param(eventIds);
  await db.execute(sql`update bookings set payment_status = 'SESSION_CREATED' where event_id = any (${ids}::uuid[])`);
  const firstMs = Date.now() + LEAD_MS;
  await db.execute(sql`
    with ends as (
      update bookings set hold_expires_at = to_timestamp(${firstMs / 1000}::float8) + random() * interval '1 second'
      where event_id = any (${ids}::uuid[]) returning id, hold_expires_at
    )
    update event_seats s set hold_expires_at = ends.hold_expires_at from ends where s.booking_id = ends.id`);
  const [row] = await db.execute<{ count: number; last_ms: number }>(sql`
    select count(*)::int as count, (extract(epoch from max(hold_expires_at)) * 1000)::float8 as last_ms
    from bookings where event_id = any (${ids}::uuid[])`);
  if (!row) throw new Error('PostgreSQL did not answer.');
  return { bookings: row.count, firstMs, lastMs: row.last_ms };
}

async function untilAllFree(db: Db, lastMs: number): Promise<void> {
  await sleep(Math.max(0, lastMs - Date.now()));
  for (;;) {
    const [open] = await db.execute(sql`select 1 from bookings where status = 'PENDING_PAYMENT' limit 1`);
    if (!open) return;
    if (Date.now() > lastMs + GIVE_UP_MS) throw new Error('The holds are not ended after minutes.');
    await sleep(LOOK_EVERY_MS);
  }
}

type Expected = { readonly bookings: number; readonly hasCounters: boolean };

async function findBroken(db: Db, eventIds: readonly string[], { bookings, hasCounters }: Expected): Promise<string[]> {
  const ids = sql.param(eventIds);
  const [found] = await db.execute<{ expired: number; taken: number; messages: number; wrong: number }>(sql`
    select
      (select count(*) from bookings where event_id = any (${ids}::uuid[]) and status = 'EXPIRED')::int as expired,
      (select count(*) from event_seats where event_id = any (${ids}::uuid[]) and status <> 'AVAILABLE')::int as taken,
      (select count(distinct aggregateid) from outbox where event_id = any (${ids}::uuid[]))::int as messages,
      (select count(*) from seat_inventories where event_id = any (${ids}::uuid[])
        and (held <> 0 or available <> capacity))::int as wrong`);
  if (!found) return ['PostgreSQL did not answer.'];
  const wanted = { expired: bookings, taken: 0, messages: bookings, wrong: hasCounters ? 0 : found.wrong };
  return Object.entries(wanted).flatMap(([name, value]) =>
    found[name as keyof typeof found] === value
      ? []
      : [`${name} is ${found[name as keyof typeof found]}, not ${value}`],
  );
}

function reportOf(stores: Stores, results: ReadonlyMap<Scenario, Legs>, violations: readonly string[]): Report {
  return {
    question: 'How long do seats stay taken when 100,000 holds end within one second?',
    tables: [...results].map(([{ name }, legs]) => tableOf(name, legs)),
    goals: [...results].map(([{ name }, legs]) => ({
      name: `${name}: the last is free within 2 s`,
      goal: 1,
      measured: MOST_MS / median((legs.get(OURS) ?? []).map(({ lastFreeMs }) => lastFreeMs)),
    })),
    violations,
    notes: [
      'The ends of the holds are spread evenly over one second. Two rounds in ABBA order, medians, with the extremes in brackets.',
      'Ours: the worker process of the product with this one worker, which also writes the counters, the version of the seat map and the seat locks. Stock: ten connections, each with one transaction of drizzle per booking, without those; it gets a tenth of the holds.',
      'After each leg SQL showed: each booking is EXPIRED, no seat is taken, one message for each booking, and (ours) counters that equal the rows.',
      'CPU: microseconds per booking of the process and of PostgreSQL with all its processes.',
    ],
    packages: ['drizzle-orm', 'postgres', 'ioredis'],
    servers: stores.description,
  };
}

function tableOf(name: string, legs: Legs): Table {
  const rows = [...legs].map(([side, own]) => {
    const of = (value: (leg: Leg) => number) => {
      const values = own.map(value);
      return `${figure(median(values))} (${figure(Math.min(...values))} to ${figure(Math.max(...values))})`;
    };
    const cpuOf = (role: string) => of(({ cpu, bookings }) => (cpu.get(role) ?? 0) / bookings);
    return [
      side,
      figure(own[0]?.bookings ?? 0),
      of(({ bookings, tookMs }) => (1000 * bookings) / tookMs),
      of(({ lastFreeMs }) => lastFreeMs),
      cpuOf('process'),
      cpuOf('PostgreSQL'),
    ];
  });
  const head = ['', 'bookings', 'ended/s', 'last free after ms', 'process us', 'PostgreSQL us'];
  return { title: name, head, rows };
}
