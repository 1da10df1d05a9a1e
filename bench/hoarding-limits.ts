import { seedEvent } from '#test/support/catalog.ts';
import { httpTable } from './support/http-legs.ts';
import type { BenchOptions, Report } from './support/report.ts';
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
/** Every limit is checked and none is reached, since the load generator is one address. */
const HIGH = {
  HOARDING_LIMITS: 'on',
  MAX_UNPAID_SEATS_PER_VIEWER: '1000000',
  MAX_UNPAID_SEATS_PER_ADDRESS: '100000000',
  MAX_UNPAID_PERCENT_PER_ADDRESS: '100',
};

/** Measures what the limits on unpaid seats cost a hold over HTTP, against the same process without them. */
export async function benchHoardingLimits({ quick, profile }: BenchOptions): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const pair = await openSettingsPair(stack, { [ON]: HIGH, [OFF]: { HOARDING_LIMITS: 'off' } }, profile);
  const seats = quick ? QUICK_SEATS : PLAN_SEATS;
  const plan = await seedEvent(pair.stores.db, { seats, rows: 20, sections: 50 });
  const { legs } = await runSettingsPair(pair, { plan, quick });
  const left = leftOf(legs, { on: ON, off: OFF });
  return {
    question: 'What do the limits on unpaid seats take of the throughput of holds over HTTP?',
    tables: [httpTable(PAIR_TITLE, legs)],
    goals: [
      { name: 'throughput that is left, of 1', goal: 0.9, measured: left.throughput },
      { name: 'CPU of the process without, against with', goal: 0.9, measured: left.nodeCpu },
      { name: 'CPU of PostgreSQL without, against with', goal: 0.9, measured: left.postgresCpu },
    ],
    violations: [],
    notes: [
      'Four rounds in ABBA order, medians (in brackets: the extremes), the first 0.5 s of 6.5 s dropped, after a leg of each side that does not count. Two api processes on the same stores; 5,000 buyers of one address. After each leg SQL shows as many bookings as were answered.',
    ],
    packages: ['postgres', 'ioredis'],
    servers: pair.stores.description,
  };
}
