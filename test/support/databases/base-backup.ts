import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';

/** Files that the new server makes again or cannot use: https://www.postgresql.org/docs/18/continuous-archiving.html */
const EMPTY_FOLDERS = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
]);
const LEFT_OUT = new Set(['postmaster.pid', 'postmaster.opts', 'frontrow-server.pid', 'pg_internal.init']);

export type BackupRequest = {
  /** Of any database of the server, as superuser. */
  url: string;
  dataDir: string;
  /** The new data folder; it must not exist. */
  into: string;
};

/**
 * A base backup of a running server by the low-level API, like `pg_basebackup`, which the embedded server does not
 * include. Without WAL: the new server gets it from its primary or from the archive.
 */
export async function takeBaseBackup({ url, dataDir, into }: BackupRequest): Promise<void> {
  // One session from the start to the stop, because its end would end the backup.
  const sql = postgres(url, { max: 1, idle_timeout: 0, onnotice: () => undefined });
  try {
    await sql`select pg_backup_start('frontrow', fast => true)`;
    await copyFolder(dataDir, into);
    const [stopped] = await sql<{ labelfile: string; spcmapfile: string }[]>`
      select labelfile, spcmapfile from pg_backup_stop(wait_for_archive => false)`;
    await writeFile(join(into, 'backup_label'), stopped?.labelfile ?? '');
    if (stopped?.spcmapfile) await writeFile(join(into, 'tablespace_map'), stopped.spcmapfile);
    // Settings that were made on the other server by hand must not apply to the new one.
    await writeFile(join(into, 'postgresql.auto.conf'), '');
  } finally {
    await sql.end();
  }
}

async function copyFolder(from: string, to: string, depth = 0): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (LEFT_OUT.has(entry.name) || entry.name.startsWith('pgsql_tmp')) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (depth === 0 && EMPTY_FOLDERS.has(entry.name)) await mkdir(target, { mode: 0o700 });
    else if (entry.isDirectory()) await copyFolder(source, target, depth + 1);
    // A file that is removed during the copy is restored from the WAL.
    else await copyFile(source, target).catch(ifGone);
  }
}

function ifGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
