import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type postgres from 'postgres';
import { openRawClient, withoutAnswerTimeout } from '#shared/postgres.ts';
import { isConnectionFailure, isLockTimeout, isRetryable } from './pg-errors.ts';

const MIGRATION_LOCK = 7_203_411;

/**
 * All statements on a table queue behind a migration that waits for its lock. Holds wait at most 2 s, so one attempt
 * may cost them only this long.
 */
const LOCK_TIMEOUT_MS = 500;
/** The pause between two attempts, in which the queued statements run. */
const PAUSE_MS = { first: 1_000, longest: 5_000 } as const;
const GIVE_UP_AFTER_MS = 10 * 60_000;
/** How long to wait for a server that starts together with this process, or that is being promoted. */
const WAIT_FOR_SERVER_MS = 60_000;

type Log = (line: string) => void;
type Options = { url: string; folder: 'booking' | 'payments'; log?: Log };

/**
 * Brings a database up to date from `drizzle/<folder>/*.sql`; see {@link applyMigrations}. Waits a minute for a
 * server that does not take connections yet.
 */
export async function migrate({ folder, ...options }: Options): Promise<{ applied: string[] }> {
  return applyMigrations({
    ...options,
    title: folder,
    directory: new URL(`../../drizzle/${folder}/`, import.meta.url),
  });
}

/**
 * Applies the `*.sql` files of a directory in name order, each in its own transaction. An advisory lock queues
 * processes that start together. A table's lock is waited for briefly and then requested again, so that a long reader
 * blocks only the migration. Refuses when an applied file was edited since, or when a new file is older than an
 * applied one: in both cases two databases would differ silently.
 *
 * @throws Error naming the process that kept the lock for ten minutes
 */
export async function applyMigrations(options: {
  url: string;
  title: string;
  directory: URL;
  log?: Log;
}): Promise<{ applied: string[] }> {
  const { url, title, log = () => undefined } = options;
  const directory = pathToFileURL(`${fileURLToPath(options.directory)}/`);
  // A file may take longer than any other statement may.
  const client = openRawClient({ url, poolMax: 1, name: 'frontrow-migrate' }, withoutAnswerTimeout);
  try {
    await untilServerAnswers(client, { title, log });
    await client`select pg_advisory_lock(${MIGRATION_LOCK})`;
    await client`create table if not exists schema_migrations (
      name text primary key, checksum text not null, applied_at timestamptz not null default now())`;
    const known = new Map(
      (await client<{ name: string; checksum: string }[]>`select name, checksum from schema_migrations`).map((row) => [
        row.name,
        row.checksum,
      ]),
    );
    const applied: string[] = [];
    for (const name of await migrationNames(directory)) {
      const text = await readFile(new URL(name, directory), 'utf8');
      const checksum = createHash('sha256').update(text).digest('hex');
      if (isApplied(known, name, checksum)) continue;
      await applyOne(client, { name, text, checksum }, (line) => log(`${title}: ${line}`));
      log(`${title}: applied ${name}`);
      applied.push(name);
    }
    return { applied };
  } finally {
    await client.end({ timeout: 5 });
  }
}

/** In one transaction, and again from its start when a table's lock was not free in time. */
async function applyOne(
  client: postgres.Sql,
  { name, text, checksum }: { name: string; text: string; checksum: string },
  log: Log,
): Promise<void> {
  const giveUpAt = Date.now() + GIVE_UP_AFTER_MS;
  for (let pauseMs: number = PAUSE_MS.first; ; pauseMs = Math.min(pauseMs * 1.5, PAUSE_MS.longest)) {
    try {
      await client.begin(async (tx) => {
        await tx`select set_config('lock_timeout', ${`${LOCK_TIMEOUT_MS}ms`}, true)`;
        await tx.unsafe(text);
        await tx`insert into schema_migrations (name, checksum) values (${name}, ${checksum})`;
      });
      return;
    } catch (error) {
      if (!isLockTimeout(error) && !isRetryable(error)) throw error;
      const holder = await oldestTransaction(client);
      if (Date.now() > giveUpAt) {
        throw new Error(
          `${name} could not get the lock of a table for ten minutes. ${holder} End it (select pg_terminate_backend(<process>)) and migrate again: nothing of the file was applied.`,
        );
      }
      log(`${name} waits for a table that another transaction uses; it tries again. ${holder}`);
      await sleep(pauseMs);
    }
  }
}

/** The transaction that most probably holds the lock. */
async function oldestTransaction(client: postgres.Sql): Promise<string> {
  const [oldest] = await client<{ pid: number; name: string; seconds: number }[]>`
    select pid, application_name as name, extract(epoch from clock_timestamp() - xact_start)::int as seconds
    from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null and backend_type = 'client backend'
    order by xact_start limit 1`;
  return oldest
    ? `The oldest transaction is that of process ${oldest.pid}${oldest.name && ` (${oldest.name})`}, open for ${oldest.seconds} s.`
    : 'No transaction is open any longer.';
}

async function untilServerAnswers(client: postgres.Sql, { title, log }: { title: string; log: Log }): Promise<void> {
  const giveUpAt = Date.now() + WAIT_FOR_SERVER_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      await client`select 1`;
      return;
    } catch (error) {
      if (!isConnectionFailure(error) || Date.now() > giveUpAt) throw error;
      if (attempt === 1) log(`${title}: waits for its database, which takes no connection yet`);
      await sleep(500);
    }
  }
}

async function migrationNames(directory: URL): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
}

function isApplied(known: ReadonlyMap<string, string>, name: string, checksum: string): boolean {
  const before = known.get(name);
  if (before === undefined) {
    const later = [...known.keys()].find((other) => other > name);
    if (later)
      throw new Error(`Migration ${name} is older than ${later}, which is already applied. Give it a new time stamp.`);
    return false;
  }
  if (before !== checksum)
    throw new Error(`Migration ${name} was changed after it was applied. Undo the edit and write a new one.`);
  return true;
}
