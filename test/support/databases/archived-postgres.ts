import { randomBytes } from 'node:crypto';
import { appendFile, chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { startPostgres } from '#processes/dev/servers/postgres.ts';
import { freePort } from '#processes/dev/servers/server-process.ts';
import { openFaultProxy } from '#test/support/network/fault-proxy.ts';
import { takeBaseBackup } from './base-backup.ts';

/** A server that archives its WAL and can be restored to any time since its last base backup, at one address. */
export type ArchivedPostgres = {
  /** Of the database `postgres`, through the stable address. */
  readonly url: string;
  backUp(): Promise<void>;
  /** The server is lost, and another one starts with the commits up to that time. */
  restoreTo(time: string): Promise<void>;
  close(): Promise<void>;
};

export async function openArchivedPostgres(dir: string, name: string): Promise<ArchivedPostgres> {
  const password = randomBytes(12).toString('hex');
  let life = 0;
  let backup = '';
  const folder = (what: string) => join(dir, `${name}-${what}-${life}`);
  const start = async (dataDir: string) => {
    // The server's own user writes there.
    await mkdir(folder('archive'));
    await chmod(folder('archive'), 0o777);
    const settings = {
      archive_mode: 'on',
      archive_command: `cp %p ${folder('archive')}/%f`,
      shared_buffers: '32MB',
    };
    const port = await freePort();
    return startPostgres({ dataDir, port, password, durable: false, disposableDir: dir, log: () => {}, settings });
  };
  let dataDir = folder('data');
  let server = await start(dataDir);
  const address = await openFaultProxy(server.url);
  const ask = async <T>(work: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
    const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
    try {
      return await work(sql);
    } finally {
      await sql.end();
    }
  };
  return {
    url: address.through(server.url),
    async backUp() {
      backup = folder('backup');
      await takeBaseBackup({ url: server.url, dataDir, into: backup });
    },
    async restoreTo(time) {
      await ask(archiveEverything);
      await server.stop();
      const restore = `cp ${folder('archive')}/%f %p`;
      const target = `recovery_target_time = '${time}'\nrecovery_target_action = 'promote'\n`;
      await appendFile(join(backup, 'postgresql.auto.conf'), `restore_command = '${restore}'\n${target}`);
      await writeFile(join(backup, 'recovery.signal'), '');
      life += 1;
      dataDir = backup;
      server = await start(dataDir);
      await ask(untilPromoted);
      address.pointTo(server.url);
    },
    async close() {
      await address.close();
      await server.stop();
    },
  };
}

async function archiveEverything(sql: postgres.Sql): Promise<void> {
  const [row] = await sql<{ file: string }[]>`select pg_walfile_name(pg_switch_wal()) as file`;
  for (const deadline = Date.now() + 30_000; ; await sleep(50)) {
    const [archiver] = await sql<{ last: string | null }[]>`select last_archived_wal as last from pg_stat_archiver`;
    if (row && archiver?.last && archiver.last >= row.file) return;
    if (Date.now() > deadline) throw new Error(`The WAL was not archived up to ${row?.file}: ${archiver?.last}.`);
  }
}

async function untilPromoted(sql: postgres.Sql): Promise<void> {
  for (const deadline = Date.now() + 60_000; ; await sleep(50)) {
    const [row] = await sql<{ recovering: boolean }[]>`select pg_is_in_recovery() as recovering`;
    if (row?.recovering === false) return;
    if (Date.now() > deadline) throw new Error('The restored server did not come up.');
  }
}
