import { randomBytes } from 'node:crypto';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { startPostgres } from '#processes/dev/servers/postgres.ts';
import { freePort, type RunningServer } from '#processes/dev/servers/server-process.ts';
import { type FaultProxy, openFaultProxy } from '#test/support/network/fault-proxy.ts';
import { takeBaseBackup } from './base-backup.ts';

type Node = { readonly name: string; readonly dataDir: string; readonly port: number; server: RunningServer };

/** A primary and, on request, a synchronous standby. Clients know one address, which follows the primary. */
export type ReplicatedPostgres = {
  /** Of the database `postgres`, through the stable address. */
  readonly url: string;
  readonly address: FaultProxy;
  /** Copies the primary; resolves when every acknowledged commit is also in the copy. */
  addStandby(): Promise<void>;
  /**
   * Kills the postmaster as by `kill -9`, or as by `pg_ctl stop -m immediate`; resolves when all its processes are
   * gone.
   */
  crash(how: 'kill' | 'immediate'): Promise<void>;
  /** Starts the crashed primary again. */
  restart(): Promise<void>;
  /** Kills the primary, then promotes its standby, so that there are never two. Resolves when clients can reach it. */
  failOver(): Promise<void>;
  stopStandby(): Promise<void>;
  startStandby(): Promise<void>;
  /** Runs a statement on the primary itself. */
  ask<T extends postgres.Row>(query: string): Promise<T[]>;
  /** Runs a query on the standby itself, which must be running. */
  askStandby<T extends postgres.Row>(query: string): Promise<T[]>;
  close(): Promise<void>;
};

export type ReplicatedOptions = { dir: string; durable: boolean };

export async function openReplicatedPostgres({ dir, durable }: ReplicatedOptions): Promise<ReplicatedPostgres> {
  const password = randomBytes(12).toString('hex');
  let count = 0;
  const start = (dataDir: string, port: number) =>
    startPostgres({
      dataDir,
      port,
      password,
      durable,
      disposableDir: dir,
      log: () => {},
      settings: { shared_buffers: '64MB' },
    });
  const newPlace = async () => {
    count += 1;
    const name = `node_${count}`;
    return { name, dataDir: join(dir, name), port: await freePort() };
  };
  const place = await newPlace();
  let primary: Node = { ...place, server: await start(place.dataDir, place.port) };
  let standby: Node | undefined;
  const address = await openFaultProxy(primary.server.url);

  const crash: ReplicatedPostgres['crash'] = async (how) => {
    process.kill(primary.server.pid, how === 'kill' ? 'SIGKILL' : 'SIGQUIT');
    // Waits until its last child has closed the pipe, because none may write beside the next server.
    await primary.server.exited;
    await primary.server.stop();
  };
  return {
    url: address.through(primary.server.url),
    address,
    crash,
    ask: (query) => asking(primary.server.url, (sql) => sql.unsafe(query)) as never,
    async askStandby(query) {
      if (!standby) throw new Error('There is no standby.');
      return asking(standby.server.url, (sql) => sql.unsafe(query)) as never;
    },
    async addStandby() {
      const next = await newPlace();
      await prepareStandby(primary, next, password);
      standby = { ...next, server: await start(next.dataDir, next.port) };
      await makeSynchronous(primary.server.url, next.name);
    },
    async restart() {
      primary.server = await start(primary.dataDir, primary.port);
    },
    async stopStandby() {
      await standby?.server.stop();
    },
    async startStandby() {
      if (standby) standby.server = await start(standby.dataDir, standby.port);
    },
    async failOver() {
      const next = standby;
      if (!next) throw new Error('There is no standby.');
      await crash('kill');
      await asking(next.server.url, (sql) => sql`select pg_promote(wait => true, wait_seconds => 30)`);
      await rm(primary.dataDir, { recursive: true });
      primary = next;
      standby = undefined;
      address.pointTo(primary.server.url);
    },
    async close() {
      await address.close();
      await Promise.all([standby?.server.stop(), primary.server.stop()]);
    },
  };
}

/** The configuration of a deployment: docs/runbooks/failover.md */
async function prepareStandby(
  primary: Node,
  { name, dataDir }: { name: string; dataDir: string },
  password: string,
): Promise<void> {
  // It keeps the WAL from the backup on, until the standby has it.
  await asking(primary.server.url, (sql) => sql`select pg_create_physical_replication_slot(${name}, true)`);
  await takeBaseBackup({ url: primary.server.url, dataDir: primary.dataDir, into: dataDir });
  const conninfo = `host=127.0.0.1 port=${primary.port} user=postgres password=${password} dbname=postgres application_name=${name}`;
  await writeFile(join(dataDir, 'standby.signal'), '');
  await appendFile(
    join(dataDir, 'postgresql.auto.conf'),
    `primary_conninfo = '${conninfo}'\nprimary_slot_name = '${name}'\nhot_standby_feedback = on\nsync_replication_slots = on\nwal_retrieve_retry_interval = '500ms'\n`,
  );
}

/**
 * From here on commits wait for the standby, and so does the decoder of the WAL, so that the log never has more than
 * the standby.
 */
async function makeSynchronous(url: string, name: string): Promise<void> {
  await asking(url, async (sql) => {
    const stateIs = async (wanted: string) => {
      for (const deadline = Date.now() + 60_000; ; await sleep(20)) {
        const [row] = await sql<{ state: string; sync: string }[]>`
          select state, sync_state as sync from pg_stat_replication where application_name = ${name}`;
        if (row?.state === 'streaming' && (wanted === 'any' || row.sync === wanted)) return;
        if (Date.now() > deadline) throw new Error(`The standby did not get there: ${JSON.stringify(row)}`);
      }
    };
    await stateIs('any');
    await sql.unsafe(`alter system set synchronous_standby_names = 'ANY 1 (${name})'`);
    await sql.unsafe(`alter system set synchronized_standby_slots = '${name}'`);
    await sql`select pg_reload_conf()`;
    await stateIs('quorum');
  });
}

async function asking<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}
