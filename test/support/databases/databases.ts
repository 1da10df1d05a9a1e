import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { connectionOf } from '#test/support/servers/connection.ts';

export interface TestDatabase {
  url: string;
  /** Removes the database with its replication slots, also while clients are connected. */
  drop(): Promise<void>;
}

/** A new, migrated, empty booking database, on a server with logical decoding. */
export function createBookingDatabase(): Promise<TestDatabase> {
  return cloneDatabase('booking');
}

/** A new, migrated, empty payments database, on a server with logical decoding. */
export function createPaymentsDatabase(): Promise<TestDatabase> {
  return cloneDatabase('payments');
}

/** A database without any table. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return cloneDatabase('empty');
}

async function cloneDatabase(kind: 'booking' | 'payments' | 'empty'): Promise<TestDatabase> {
  const { adminUrl, templates } = await connectionOf('postgres');
  const name = `test_${kind}_${randomBytes(8).toString('hex')}`;
  const template = kind === 'empty' ? 'template0' : templates[kind];
  await asAdmin(adminUrl, async (sql) => {
    await sql.unsafe(`create database "${name}" template "${template}" strategy file_copy`);
  });
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asAdmin(adminUrl, (sql) => dropDatabase(sql, name)) };
}

async function dropDatabase(sql: postgres.Sql, name: string): Promise<void> {
  // A slot outlives its connection and would keep the database from being dropped.
  await sql`select pg_terminate_backend(active_pid) from pg_replication_slots where database = ${name} and active`;
  for (let attempt = 0; ; attempt++) {
    const slots = await sql`select slot_name from pg_replication_slots where database = ${name}`;
    if (slots.length === 0) break;
    try {
      await sql`select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = ${name}`;
    } catch (error) {
      // Its consumer was ended and has not gone yet, or has come back.
      if (attempt > 100) throw error;
      await sql`select pg_terminate_backend(active_pid), pg_sleep(0.02)
                from pg_replication_slots where database = ${name} and active`;
    }
  }
  await sql.unsafe(`drop database if exists "${name}" with (force)`);
}

async function asAdmin(url: string, work: (sql: postgres.Sql) => Promise<void>): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    await work(sql);
  } finally {
    await sql.end();
  }
}
