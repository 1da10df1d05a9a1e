import { figure } from '#test/support/system/figures.ts';
import type { Results } from './results.ts';

/** The load that the system is designed for. */
export const LOAD = {
  users: 1_000_000_000,
  usersADay: 10_000_000,
  events: 1_000_000,
  searches: 5_500,
  reads: 115_000,
  bookings: 120,
  /** One on-sale, against the average. */
  onSale: 100,
} as const;

/** What the model assumes and no bench measures. */
export const ASSUMED = {
  /** Servers are planned to be so busy. */
  busy: 0.5,
  coresAProcess: 1,
  coresAServer: 16,
  years: 5,
  copies: 3,
  messagesABooking: 4,
  ticketsABooking: 2,
  holdsABooking: 5,
  pollSeconds: 20,
  fansInARoom: 1_000_000,
  watchers: 1_000_000,
  connectionsAProcess: 14,
  accountBytes: 500,
  kafkaPartitionBookings: 500,
  /** Rounded prices of a large cloud, in US dollars. */
  coreAMonth: 30,
  storedGigabyteAMonth: 0.1,
} as const;

const SECONDS_A_YEAR = 31_557_600;

/** Microseconds of CPU of one operation: of the product's processes, and of PostgreSQL. */
export type Unit = {
  readonly name: string;
  readonly bench: string;
  readonly process: number;
  readonly postgres: number;
};

/** One row of the load: an operation and how often a second it happens. */
export type Demand = { readonly name: string; readonly rate: number; readonly unit: Unit };

/** Returns what each operation costs, from the recorded figures. */
export function unitsOf({ cell }: Results) {
  const http = (name: string, at: { bench: string; table: string; row: string }): Unit => ({
    name,
    bench: at.bench,
    process: cell({ ...at, column: 'node us' }),
    postgres: cell({ ...at, column: 'PostgreSQL us' }),
  });
  const paid = { bench: 'paid', table: '64 fans at a time', row: 'ours' };
  return {
    list: http('list of 20 events', { bench: 'graphql', table: '20 events, 32 connections', row: 'ours' }),
    map: http('seat map', { bench: 'seat-map', table: '20,000 seats', row: 'ours' }),
    hold: http('hold', { bench: 'holds-e2e', table: 'spread over 20 events, 256 connections', row: 'ours' }),
    paid: {
      name: 'paid booking, its hold included',
      bench: 'paid',
      process: 1000 * cell({ ...paid, column: 'ours, CPU ms' }),
      postgres: 1000 * cell({ ...paid, column: 'PostgreSQL' }),
    },
    poll: http('poll of a place in a waiting room', {
      bench: 'waiting-room',
      table: 'Polls of 20,000 viewers, 1,000,000 in the room',
      row: 'ours',
    }),
  };
}

export type Units = ReturnType<typeof unitsOf>;

/** The design load as operations a second: what happens all day, and what one on-sale adds. */
export function demandsOf({ list, map, hold, paid, poll }: Units): { always: Demand[]; onSale: Demand[] } {
  const onSale = LOAD.bookings * LOAD.onSale;
  return {
    always: [
      { name: 'reads: lists of events, half of all', rate: LOAD.reads / 2, unit: list },
      { name: 'reads: seat maps, the other half', rate: LOAD.reads / 2, unit: map },
      { name: 'paid bookings', rate: LOAD.bookings, unit: paid },
    ],
    onSale: [
      { name: 'paid bookings', rate: onSale, unit: paid },
      {
        name: `holds that are tried, ${ASSUMED.holdsABooking} a booking`,
        rate: onSale * ASSUMED.holdsABooking,
        unit: hold,
      },
      {
        name: `polls of ${figure(ASSUMED.fansInARoom)} fans who wait`,
        rate: ASSUMED.fansInARoom / ASSUMED.pollSeconds,
        unit: poll,
      },
    ],
  };
}

export type Cores = { readonly process: number; readonly postgres: number };

/** Returns the cores that a demand keeps as busy as planned. */
export function coresOf({ rate, unit }: Demand): Cores {
  const cores = (micros: number) => (rate * micros) / 1e6 / ASSUMED.busy;
  return { process: cores(unit.process), postgres: cores(unit.postgres) };
}

export const sumOf = (demands: readonly Demand[]): Cores =>
  demands.map(coresOf).reduce(
    (sum, cores) => ({
      process: sum.process + cores.process,
      postgres: sum.postgres + cores.postgres,
    }),
    { process: 0, postgres: 0 },
  );

/** What is kept, sent and paid, by name. */
export function sizesOf(results: Results, units: Units) {
  const { cell } = results;
  const stored = { bench: 'paid', table: 'Stored for a paid booking of two seats, KB', row: 'ours' };
  const bookings = LOAD.bookings * SECONDS_A_YEAR * ASSUMED.years;
  const peak = LOAD.bookings * LOAD.onSale;
  const { always, onSale } = demandsOf(units);
  const [day, sale] = [sumOf(always), sumOf(onSale)];
  const terabytes = (bookings * cell({ ...stored, column: 'on disk' })) / 1e9;
  const processes = Math.ceil(day.process + sale.process);
  const ticketsAMonth = (LOAD.bookings * ASSUMED.ticketsABooking * SECONDS_A_YEAR) / 12;
  const allCores = day.process + day.postgres;
  const diskAMonth = terabytes * 1000 * ASSUMED.copies * ASSUMED.storedGigabyteAMonth;
  return {
    bookings,
    terabytes,
    accountsTerabytes: (LOAD.users * ASSUMED.accountBytes) / 1e12,
    walMegabytes: (peak * cell({ ...stored, column: 'WAL' })) / 1000,
    messages: peak * ASSUMED.messagesABooking,
    partitions: Math.ceil(peak / ASSUMED.kafkaPartitionBookings),
    watcherGigabytes:
      (ASSUMED.watchers * cell({ bench: 'fanout', table: 'One event', row: 'ours, onSale', column: 'of it heap' })) /
      1e6,
    processes,
    processGigabytes:
      (processes * cell({ bench: 'seat-map', table: '20,000 seats', row: 'ours', column: 'node memory' })) / 1000,
    connections: processes * ASSUMED.connectionsAProcess,
    day,
    sale,
    dollarsAMillion: ((allCores * ASSUMED.coreAMonth + diskAMonth) / ticketsAMonth) * 1e6,
    /** Events whose on-sale runs at once before one booking database of the planned size is full. */
    holdsOfAnEvent: 1e6 / (units.hold.process + units.hold.postgres),
  };
}
