import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sql } from 'drizzle-orm';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { migrate } from '#db/migrate.ts';
import { startKafka } from '#processes/dev/servers/kafka.ts';
import { ensureDatabase } from '#processes/dev/servers/postgres.ts';
import { findBrokenPromises, findLooseEnds } from '#test/support/databases/all-invariants.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { findUnreadInKafka } from '#test/support/kafka/kafka-books.ts';
import type { Watched } from '#test/support/system/cpu.ts';
import { type ProcessName, type System, startSystem } from '#test/support/system/system.ts';
import { openStores, type Stores } from './stores.ts';

export const OWN_ROOT = resolve(import.meta.dirname, '../..');
export const processes: readonly ProcessName[] = ['api', 'payments', 'worker', 'relay', 'gateway-sandbox'];
const EVENTS: Venue = { events: 20, seats: 20_000 };

/** The whole product at one commit, on stores of its own. */
export type PaidSide = {
  readonly name: string;
  readonly stores: Stores;
  readonly system: System;
  readonly events: readonly SeededEvent[];
  readonly watched: readonly Watched[];
  /** Committed transactions of both databases; what a server process has not reported for a second is missing. */
  transactions(): Promise<number>;
  /** Bytes of WAL that the server has written, and of both databases on disk. */
  bytes(): Promise<StoredBytes>;
  /** Resolves when the consumers have read all messages. Returns how many transactions this asked for. */
  atRest(): Promise<number>;
  /** What does not hold at rest, of all invariants, the ledger and the log. */
  violations(bookings: number): Promise<string[]>;
  close(): Promise<void>;
};

export type StoredBytes = { readonly wal: number; readonly disk: number };

export type SideOptions = {
  readonly name: string;
  readonly root: string;
  readonly profile: string | undefined;
  /** Where the event log is; default: the booking database. */
  readonly log?: 'postgres' | 'kafka';
  /** Default: 20 events of 20,000 seats. */
  readonly venue?: Venue;
};

export type Venue = { readonly events: number; readonly seats: number };

/** Starts PostgreSQL, Valkey and the product's processes, with events on sale. */
export async function openPaidSide({
  name,
  root,
  profile,
  log = 'postgres',
  venue = EVENTS,
}: SideOptions): Promise<PaidSide> {
  const stores = await openStores();
  const broker = log === 'kafka' ? await openBroker() : undefined;
  const paymentsUrl = await ensureDatabase(stores.databaseUrl, 'payments');
  await migrate({ url: paymentsUrl, folder: 'payments' });
  const kept = (url: string) => ({ url, drop: async () => {} });
  const system = await startSystem({
    root,
    processes,
    databases: { booking: kept(stores.databaseUrl), payments: kept(paymentsUrl) },
    redisUrl: stores.redisUrl,
    log,
    ...(broker && { kafka: broker.kafka }),
    env: {
      NODE_ENV: 'production',
      RATE_LIMITS: 'off',
      MAX_SEATS_PER_EVENT: '100000',
      ...(profile ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` } : {}),
    },
  });
  const first = await seedEvent(stores.db, { seats: venue.seats, rows: 20, sections: 10 });
  const events = [first];
  while (events.length < venue.events)
    events.push(await seedEvent(stores.db, { like: first, seats: venue.seats, sections: first.sectionIds.length }));
  const db = openDb({ url: stores.databaseUrl, poolMax: 1, name: 'bench-watch' });
  return {
    name,
    stores,
    system,
    events,
    watched: [
      ...processes.map((role) => ({ role, pid: system.pid(role) })),
      ...stores.watched,
      ...(broker?.watched ?? []),
    ],
    transactions: () => transactionsOf(db),
    bytes: () => bytesOf(db),
    atRest: () => untilRead(db, system),
    violations: async (bookings) => [
      ...(await findBrokenPromises(system)),
      ...(await looseEnds(system)),
      ...(await lostTickets(db, bookings)),
    ],
    close: async () => {
      await closeDb(db);
      await system.stop();
      await broker?.close();
      await stores.close();
    },
  };
}

async function openBroker() {
  const dir = await mkdtemp(join(tmpdir(), 'frontrow-bench-kafka-'));
  const server = await startKafka({ dataDir: dir, log: (line) => console.log(line) });
  return {
    kafka: { brokers: [server.url], prefix: 'bench' },
    watched: [{ role: 'Kafka', pid: server.pid }],
    close: async () => {
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function transactionsOf(db: Db): Promise<number> {
  const [row] = await db.execute<{ count: number }>(sql`
    select sum(xact_commit)::float8 as count from pg_stat_database where datname in (current_database(), 'payments')`);
  return row?.count ?? Number.NaN;
}

async function bytesOf(db: Db): Promise<StoredBytes> {
  const [row] = await db.execute<StoredBytes>(sql`
    select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as wal,
      (pg_database_size(current_database()) + pg_database_size('payments'))::float8 as disk`);
  return row ?? { wal: Number.NaN, disk: Number.NaN };
}

const unreadInPostgres = sql`
  select from event_log.positions c join event_log.partitions p using (topic, partition)
  where c."offset" < p.next_offset
  union all
  select from outbox o where not exists (select from event_log.messages m where m.id = o.id)
    and o.created_at > now() - interval '1 minute'`;
const LOOK_EVERY_MS = 100;
const REST_WITHIN_MS = 60_000;

async function untilRead(db: Db, { kafka }: System): Promise<number> {
  const deadline = performance.now() + REST_WITHIN_MS;
  for (let looks = 1; performance.now() < deadline; looks++) {
    const unread = kafka ? await findUnreadInKafka(kafka) : await db.execute(unreadInPostgres);
    if (unread.length === 0) return kafka ? 0 : looks;
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
  throw new Error('The consumers do not come to rest.');
}

async function looseEnds(system: System): Promise<string[]> {
  const deadline = performance.now() + REST_WITHIN_MS;
  for (;;) {
    const loose = await findLooseEnds(system);
    if (loose.length === 0 || performance.now() > deadline) return loose;
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
}

/** Every fan got two tickets; these must be in the database. */
async function lostTickets(db: Db, bookings: number): Promise<string[]> {
  const [row] = await db.execute<{ tickets: number; confirmed: number }>(sql`
    select (select count(*)::int from tickets where voided_at is null) as tickets,
      (select count(*)::int from bookings where status = 'CONFIRMED') as confirmed`);
  if (row?.tickets === 2 * bookings && row.confirmed === bookings) return [];
  return [`${bookings} bookings were paid; there are ${row?.confirmed} and ${row?.tickets} tickets.`];
}
