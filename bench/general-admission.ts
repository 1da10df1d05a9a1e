import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type BenchChild, openChild } from '#test/support/system/child.ts';
import { type CpuSample, cpuBetween, sampleCpu, type Watched } from '#test/support/system/cpu.ts';
import { figure } from '#test/support/system/figures.ts';
import { type ChoiceFigures, seedHalfSold, seedStadium, timeChoices } from './support/half-sold.ts';
import type { HoldFigures, HoldLoad, HoldQuestion } from './support/hold-callers.ts';
import { checkHolds } from './support/hold-checks.ts';
import type { BuyerAnswer, BuyersQuestion } from './support/place-buyers.ts';
import type { BenchOptions, Report, Table } from './support/report.ts';
import { abba, Durations, median } from './support/rounds.ts';
import { openStores, type Stores } from './support/stores.ts';

const BUYERS = 20_000;
const PLACES = 10_000;
const LARGEST_LOT = 6;
/** The writers of so many processes sell the places. */
const PROCESSES = 2;
const CHOICE_GOAL_MS = 2;

const ways = ['fresh', 'places', 'best'] as const;
type Way = (typeof ways)[number];
const titles: Record<Way, string> = {
  fresh: 'two named seats',
  places: 'two places without numbers',
  best: 'the two best seats of a half-sold stadium',
};
const callerCounts = [64, 256] as const;

type Leg = HoldFigures & { readonly cpu: ReadonlyMap<string, number> };
type Crowd = { readonly answers: readonly BuyerAnswer[]; readonly seconds: number; readonly problems: string[] };

/** Sells places without numbers to a crowd, and measures such holds and best-available holds beside holds of named seats. */
export async function benchGeneralAdmission({ quick }: BenchOptions): Promise<Report> {
  const stores = await openStores();
  try {
    const crowd = await sellToCrowd(stores, quick ? 10 : 1);
    const stadium = await seedStadium(stores.db);
    const choices = quick ? 500 : 3_000;
    const timed = new Map(
      await Promise.all(
        (['OFF', 'LENIENT', 'STRICT'] as const).map(
          async (policy) => [policy, await timeChoices(stores.db, { plan: stadium, choices, policy })] as const,
        ),
      ),
    );
    const tables: Table[] = [tableOfCrowd(crowd), tableOfChoices(timed)];
    const ratios: [string, number][] = [];
    const child = openChild(new URL('./support/hold-callers.ts', import.meta.url));
    try {
      const { databaseUrl, redisUrl } = stores;
      await child.ask({ kind: 'open', side: 'ours', databaseUrl, redisUrl } satisfies HoldQuestion);
      const world = { stores, child, stadium, field: await seedEvent(stores.db, { seats: 90_000, standing: true }) };
      const time = quick ? { warmupMs: 100, measureMs: 300 } : { warmupMs: 500, measureMs: 2_000 };
      for (const way of ways) await runLeg(world, way, { callers: 64, ...time });
      for (const callers of callerCounts) {
        const legs = new Map<Way, Leg[]>(ways.map((way) => [way, []]));
        for (const way of abba(ways, quick ? 1 : 4))
          legs.get(way)?.push(await runLeg(world, way, { callers, ...time }));
        tables.push(tableOfLegs(`one event, ${callers} callers`, legs));
        ratios.push([`${callers} callers`, ratioOf(legs)]);
      }
    } finally {
      await child.close();
    }
    return reportOf(stores, { tables, ratios, timed, violations: crowd.problems });
  } finally {
    await stores.close();
  }
}

/** All buyers ask at once, half of them at each of two processes. */
async function sellToCrowd({ db, databaseUrl }: Stores, share: number): Promise<Crowd> {
  const places = PLACES / share;
  const event = await seedEvent(db, { seats: places, standing: true });
  const children = Array.from({ length: PROCESSES }, () =>
    openChild(new URL('./support/place-buyers.ts', import.meta.url)),
  );
  try {
    for (const child of children) await child.ask({ kind: 'open', databaseUrl } satisfies BuyersQuestion);
    const lots = Array.from({ length: BUYERS / share / PROCESSES }, (_, index) => 1 + (index % LARGEST_LOT));
    const beganAt = performance.now();
    const { eventId, planId } = event;
    const question: BuyersQuestion = { kind: 'buy', eventId, planId, lots };
    const answers = (await Promise.all(children.map((child) => child.ask<BuyerAnswer[]>(question)))).flat();
    const seconds = (performance.now() - beganAt) / 1000;
    const problems = await problemsOf(db, { event, answers, buyers: BUYERS / share });
    return { answers, seconds, problems };
  } finally {
    await Promise.all(children.map((child) => child.close()));
  }
}

/** What is wrong with the answers: against each other, and against the rows. */
async function problemsOf(
  db: Db,
  { event, answers, buyers }: { event: SeededEvent; answers: readonly BuyerAnswer[]; buyers: number },
): Promise<string[]> {
  const sold = answers.flatMap(({ seatNos }) => seatNos ?? []);
  const problems: string[] = [];
  const expectEqual = (what: string, found: number, wanted: number) => {
    if (found !== wanted) problems.push(`${what}: ${found}, and should be ${wanted}`);
  };
  expectEqual('buyers with an answer', answers.length, buyers);
  expectEqual('sold places, each once', new Set(sold).size, sold.length);
  expectEqual('sold places', sold.length, event.seatCount);
  expectEqual('refusals of lots that had room', unfair(answers, event.seatCount).length, 0);
  expectEqual(
    'lots with another number',
    answers.filter((one) => one.seatNos && one.seatNos.length !== one.lot).length,
    0,
  );
  const [rows] = await db.execute<{ bookings: number; seats: number; held: number; available: number }>(sql`
    select (select count(*) from bookings where event_id = ${event.eventId})::int as bookings,
      (select count(distinct seat_no) from booking_seats where event_id = ${event.eventId})::int as seats,
      held, available from seat_inventories where event_id = ${event.eventId}`);
  expectEqual('bookings', rows?.bookings ?? -1, answers.filter(({ seatNos }) => seatNos).length);
  expectEqual('places in bookings', rows?.seats ?? -1, sold.length);
  expectEqual('counter of held places', rows?.held ?? -1, sold.length);
  expectEqual('counter of free places', rows?.available ?? -1, event.seatCount - sold.length);
  return problems;
}

/** Those who were refused although, at the version of the refusal, as many places as they wanted were free. */
function unfair(answers: readonly BuyerAnswer[], places: number): BuyerAnswer[] {
  const soldAt = new Map<number, number>();
  for (const { version, seatNos } of answers) if (seatNos) soldAt.set(version, seatNos.length);
  const freeAfter = [places];
  const versions = Math.max(0, ...answers.map(({ version }) => version));
  for (let version = 1; version <= versions; version++)
    freeAfter.push((freeAfter[version - 1] ?? 0) - (soldAt.get(version) ?? 0));
  return answers.filter(({ seatNos, lot, version }) => !seatNos && lot <= (freeAfter[version] ?? 0));
}

type World = { stores: Stores; child: BenchChild; stadium: SeededEvent; field: SeededEvent };
type LegRequest = { callers: number; warmupMs: number; measureMs: number };

async function runLeg({ stores, child, stadium, field }: World, way: Way, request: LegRequest): Promise<Leg> {
  const { db } = stores;
  const { planId, seatCount, organizerId } = way === 'places' ? field : stadium;
  const eventId =
    way === 'best'
      ? await seedHalfSold(db, stadium)
      : (await seedEvent(db, { like: way === 'places' ? field : stadium, seats: seatCount, organizerId })).eventId;
  await db.execute(sql`analyze event_seats`);
  const watched: Watched[] = [...stores.watched, { role: 'node', pid: child.pid }];
  const samples: CpuSample[] = [];
  const load: HoldLoad = { sale: { eventIds: [eventId], planId, seatCount }, wants: way, ...request };
  const question: HoldQuestion = { kind: 'load', load };
  const figures = await child.ask<HoldFigures>(question, () => samples.push(sampleCpu(watched)));
  const [before, after] = samples;
  if (!before || !after) throw new Error('The callers named no moments.');
  await checkHolds(db, { eventIds: [eventId], ...figures, hasCounters: true });
  return { ...figures, cpu: cpuBetween(before, after) };
}

const perSecond = (leg: Leg) => leg.heldInTime / leg.seconds;
const medianOf = (legs: readonly Leg[] | undefined, value: (leg: Leg) => number) => median((legs ?? []).map(value));

const ratioOf = (legs: ReadonlyMap<Way, Leg[]>): number =>
  medianOf(legs.get('places'), perSecond) / medianOf(legs.get('fresh'), perSecond);

function tableOfCrowd({ answers, seconds }: Crowd): Table {
  const durations = new Durations();
  for (const { ms } of answers) durations.add(ms);
  const { p50Ms, p99Ms } = durations.summary();
  const sold = answers.filter(({ seatNos }) => seatNos);
  const row = [
    answers.length,
    sold.length,
    sold.reduce((sum, { lot }) => sum + lot, 0),
    answers.length - sold.length,
    answers.reduce((sum, { repeats }) => sum + repeats, 0),
  ];
  return {
    title: `All buyers at once, in lots of 1 to ${LARGEST_LOT}, through ${PROCESSES} processes`,
    head: ['', 'buyers', 'bookings', 'places', 'refused', 'asked to try again', 'seconds', 'p50 ms', 'p99 ms'],
    rows: [['general admission', ...[...row, seconds, p50Ms, p99Ms].map(figure)]],
  };
}

function tableOfChoices(timed: ReadonlyMap<string, ChoiceFigures>): Table {
  return {
    title: 'The choice of the best seats in a stadium of 90,000 seats, half sold, in milliseconds',
    head: ['policy', 'choices', 'p50', 'p95', 'p99'],
    rows: [...timed].flatMap(([policy, of]) =>
      Object.entries(of).map(([where, { count, p50Ms, p95Ms, p99Ms }]) => [
        `${policy}, in ${where}`,
        ...[count, p50Ms, p95Ms, p99Ms].map(figure),
      ]),
    ),
  };
}

function tableOfLegs(title: string, legs: ReadonlyMap<Way, Leg[]>): Table {
  const rows = [...legs].map(([way, own]) => {
    const all = own.map(perSecond);
    const cpu = (role: string) => figure(medianOf(own, (leg) => (leg.cpu.get(role) ?? 0) / leg.answered));
    return [
      titles[way],
      `${figure(median(all))} (${figure(Math.min(...all))} to ${figure(Math.max(...all))})`,
      figure(medianOf(own, (leg) => leg.p50Ms)),
      figure(medianOf(own, (leg) => leg.p99Ms)),
      cpu('node'),
      cpu('PostgreSQL'),
    ];
  });
  return { title, head: ['', 'held/s', 'p50 ms', 'p99 ms', 'node us', 'PostgreSQL us'], rows };
}

type Found = {
  tables: readonly Table[];
  ratios: readonly [string, number][];
  timed: ReadonlyMap<string, ChoiceFigures>;
  violations: readonly string[];
};

function reportOf(stores: Stores, { tables, ratios, timed, violations }: Found): Report {
  return {
    question:
      'Are places without numbers sold to the last one and never more, and what do such holds cost beside named seats?',
    tables,
    goals: [
      ...ratios.map(([name, measured]) => ({
        name: `holds of places, against named seats, ${name}`,
        goal: 1,
        measured,
      })),
      ...[...timed].flatMap(([policy, of]) =>
        Object.entries(of).map(([where, { p99Ms }]) => ({
          name: `budget of ${CHOICE_GOAL_MS} ms, against the choice of the best seats (p99, ${policy}, in ${where})`,
          goal: 1,
          measured: CHOICE_GOAL_MS / p99Ms,
        })),
      ),
    ],
    violations,
    notes: [
      'The crowd: a buyer who is asked to try again does so with the same key after the time of the refusal. At the end: every buyer has one answer, the places of all bookings are all places and each is sold once, rows and counters agree, and no lot was refused at a version of the event at which it had room.',
      'Holds of two through the inventory writer; four rounds in ABBA order, medians (in brackets: the extremes), the first 0.5 s of 2.5 s dropped. After each leg SQL showed what "holds" checks.',
      'The choice runs while the event is locked: parties of one to eight, one after the other, whose seats are then taken. Each seat was sold before with a probability of a half, so rows with room for large parties run out; they then get seats in two rows.',
      'CPU: microseconds per hold of the process with the callers (node) and of PostgreSQL with all its processes.',
    ],
    packages: ['drizzle-orm', 'postgres'],
    servers: stores.description,
  };
}
