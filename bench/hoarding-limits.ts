import { sql } from 'drizzle-orm';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { httpTable } from './support/http-legs.ts';
import type { BenchOptions, Goal, Report, Table } from './support/report.ts';
import {
  leftOf,
  openSettingsPair,
  PAIR_TITLE,
  PLAN_SEATS,
  QUICK_SEATS,
  runSettingsPair,
} from './support/settings-pair.ts';

const ON = 'limits on hoarding';
const OFF = 'without them';
const TRUST_PROXY = '1';
/** Every limit is checked and none is reached. */
const HIGH = {
  TRUST_PROXY,
  HOARDING_LIMITS: 'on',
  MAX_UNPAID_SEATS_PER_VIEWER: '1000000',
  MAX_UNPAID_SEATS_PER_ADDRESS: '100000000',
  MAX_UNPAID_PERCENT_PER_ADDRESS: '100',
};
const scenarios = [
  { title: 'buyers of 500 addresses', addresses: 500 },
  { title: 'all buyers of one address', addresses: 1 },
] as const;

/** Measures what the limits on unpaid seats cost a hold over HTTP, against the same process without them. */
export async function benchHoardingLimits({ quick, profile }: BenchOptions): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const settings = { [ON]: HIGH, [OFF]: { TRUST_PROXY, HOARDING_LIMITS: 'off' } };
  const pair = await openSettingsPair(stack, settings, profile);
  const seats = quick ? QUICK_SEATS : PLAN_SEATS;
  const plan = await seedEvent(pair.stores.db, { seats, rows: 20, sections: 50 });
  const tables: Table[] = [];
  const goals: Goal[] = [];
  for (const { title, addresses } of scenarios) {
    const { legs, held } = await runSettingsPair(pair, { plan, quick, addresses });
    tables.push(httpTable(`${PAIR_TITLE}, ${title}: ${held.get(ON)} holds unpaid at the end`, legs));
    if (addresses > 1) goals.push(...goalsOf(leftOf(legs, { on: ON, off: OFF })));
    await pair.stores.db.execute(sql`update bookings set status = 'EXPIRED' where status = 'PENDING_PAYMENT'`);
  }
  return {
    question: 'What do the limits on unpaid seats take of the throughput of holds over HTTP?',
    tables,
    goals,
    violations: [],
    notes: [
      'Four rounds in ABBA order, medians (in brackets: the extremes), the first 0.5 s of 6.5 s dropped, after a leg of each side that does not count. Two api processes on the same stores; 5,000 buyers. No hold ends or is paid during the run. After each leg SQL shows as many bookings as were answered.',
      'A write reads the unpaid bookings of its addresses. One address may have 5,000 unpaid seats with the default limits; the second table has no limit.',
    ],
    packages: ['postgres', 'ioredis'],
    servers: pair.stores.description,
  };
}

const goalsOf = (left: ReturnType<typeof leftOf>): Goal[] => [
  { name: 'throughput that is left, of 1', goal: 0.9, measured: left.throughput },
  { name: 'CPU of the process without, against with', goal: 0.9, measured: left.nodeCpu },
  { name: 'CPU of PostgreSQL without, against with', goal: 0.8, measured: left.postgresCpu },
];
