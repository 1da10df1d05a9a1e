import { openChild } from '#test/support/system/child.ts';
import { figure } from '#test/support/system/figures.ts';
import { cpuMs, LOADER, type Measured, ourProcesses, Side } from './support/paid-side.ts';
import { OWN_ROOT, openPaidSide } from './support/paid-world.ts';
import type { BenchOptions, Report } from './support/report.ts';

const SEATS = 83_000;
const QUICK_SEATS = 8_000;
const FANS = 256;
const A_BOOKING = 2;

/** Sells a stadium out: every seat is held and paid through the API, and every ticket is pushed to its fan. */
export async function benchStadium({ quick, profile }: BenchOptions): Promise<Report> {
  const seats = quick ? QUICK_SEATS : SEATS;
  const side = await openPaidSide({ name: 'ours', root: OWN_ROOT, profile, venue: { events: 1, seats } });
  const crowd = openChild(new URL('./support/paid-crowd.ts', import.meta.url));
  try {
    const run = new Side(side, crowd);
    const measured = await run.measure({ fans: FANS, bookings: seats / A_BOOKING });
    return reportOf(seats, measured, { violations: await run.violations(), servers: side.stores.description });
  } finally {
    await crowd.close();
    await side.close();
  }
}

function reportOf(
  seats: number,
  measured: Measured,
  { violations, servers }: Pick<Report, 'servers'> & { violations: string[] },
): Report {
  const { seconds, bookings, page, confirmation, transactions } = measured;
  return {
    question: 'How long does it take to sell out a stadium, every seat held and paid?',
    tables: [
      {
        title: `${figure(seats)} seats of one event, ${FANS} fans at a time`,
        head: [
          'seconds',
          'bookings/s',
          'page p50 / p99 ms',
          'tickets p50 / p99 ms',
          'ours, CPU ms',
          'PostgreSQL',
          'transactions',
        ],
        rows: [
          [
            figure(seconds),
            figure(bookings / seconds),
            `${figure(page.p50Ms)} / ${figure(page.p99Ms)}`,
            `${figure(confirmation.p50Ms)} / ${figure(confirmation.p99Ms)}`,
            figure(cpuMs(measured, ourProcesses)),
            figure(cpuMs(measured, ['PostgreSQL'])),
            figure(transactions / bookings),
          ],
        ],
      },
    ],
    goals: [],
    violations,
    notes: [
      `Each fan opens a socket, holds ${A_BOOKING} seats, subscribes to bookingChanged, pays at the page of the sandbox gateway when it is named, and leaves with the tickets. The next fan comes when one has left. The ${LOADER} has a process of its own on the same cores.`,
      'CPU: milliseconds per booking by /proc. Seconds: from the first socket to the last ticket.',
      "At the end SQL checked all invariants, three sets of books (bookings, payments, the gateway's ledger), that every message of both outboxes is in the log and was read, and the number of tickets.",
    ],
    packages: ['graphql-yoga', 'graphql-ws', 'drizzle-orm', 'postgres', 'ioredis', 'undici'],
    servers,
  };
}
