import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { migrate } from '#db/migrate.ts';
import { ensureDatabase, startPostgres } from '#processes/dev/servers/postgres.ts';
import { startValkey } from '#processes/dev/servers/valkey.ts';
import { openRawClient } from '#shared/postgres.ts';
import type { Watched } from '#test/support/system/cpu.ts';

/** A PostgreSQL whose commits survive a power cut, with the booking database, and a Valkey; both on loopback. */
export type Stores = {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Used to prepare and to check, never in a measured part. */
  readonly db: Db;
  readonly watched: readonly Watched[];
  /** Versions, and the settings that durability depends on, as the servers report them. */
  readonly description: readonly string[];
  close(): Promise<void>;
};

export async function openStores(): Promise<Stores> {
  const dir = await mkdtemp(join(tmpdir(), 'frontrow-bench-'));
  const log = (line: string) => console.log(line);
  const postgres = await startPostgres({
    dataDir: join(dir, 'postgres'),
    password: randomBytes(12).toString('hex'),
    durable: true,
    disposableDir: dir,
    log,
  });
  const valkey = await startValkey({ dataDir: join(dir, 'valkey'), durable: false, log });
  const databaseUrl = await ensureDatabase(postgres.url, 'booking');
  await migrate({ url: databaseUrl, folder: 'booking' });
  const db = openDb({ url: databaseUrl, poolMax: 2, name: 'bench', statementTimeoutMs: 120_000 });
  return {
    databaseUrl,
    redisUrl: valkey.url,
    db,
    watched: [
      { role: 'PostgreSQL', pid: postgres.pid, withChildren: true },
      { role: 'Valkey', pid: valkey.pid },
    ],
    description: [await describePostgres(databaseUrl), await describeValkey(valkey.url)],
    close: async () => {
      await closeDb(db);
      await Promise.all([postgres.stop(), valkey.stop()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function describePostgres(url: string): Promise<string> {
  const sql = openRawClient({ url, poolMax: 1, name: 'bench-settings' });
  try {
    const names = ['fsync', 'synchronous_commit', 'full_page_writes', 'wal_level', 'shared_buffers', 'max_wal_size'];
    const rows = await sql<{ name: string; value: string }[]>`
      select name, current_setting(name) as value from unnest(${names}::text[]) as name`;
    const [server] = await sql<{ version: string }[]>`select current_setting('server_version') as version`;
    return `PostgreSQL ${server?.version}: ${rows.map(({ name, value }) => `${name} ${value}`).join(', ')}`;
  } finally {
    await sql.end();
  }
}

async function describeValkey(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    const info = await redis.info('server');
    const version = /valkey_version:(\S+)/.exec(info)?.[1];
    const speaks = /redis_version:(\S+)/.exec(info)?.[1];
    return `${version ? `Valkey ${version}` : `Redis ${speaks}`}: appendonly no (seat locks and maps may be lost)`;
  } finally {
    redis.disconnect();
  }
}
