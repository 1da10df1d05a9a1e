import { randomBytes } from 'node:crypto';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { migrate } from '#db/migrate.ts';
import { ensureDatabase, startPostgres } from '#processes/dev/servers/postgres.ts';
import { startValkey } from '#processes/dev/servers/valkey.ts';
import type { SmallDisk } from '#test/support/servers/small-disk.ts';
import { openPaymentsDatabase } from './payments-access.ts';
import { openRestartable } from './restartable.ts';

/** A PostgreSQL for one run whose commits are durable: fsync is on. */
export type ChaosPostgres = {
  readonly port: number;
  readonly bookingUrl: string;
  readonly paymentsUrl: string;
  /** The disk of the payments database; undefined if this machine does not let the run mount one. */
  readonly paymentsDisk: SmallDisk | undefined;
  pid(): number;
  /** Like `pg_ctl -m immediate stop`: every process of the server is gone, without a checkpoint. */
  crash(): Promise<void>;
  /** Resolves when it accepts connections again. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

const silent = (): void => undefined;

export async function openChaosPostgres(folder: string, port: number): Promise<ChaosPostgres> {
  const request = { dataDir: join(folder, 'postgres'), password: randomBytes(12).toString('hex'), port, log: silent };
  const server = await openRestartable(() => startPostgres(request));
  const bookingUrl = await ensureDatabase(server.url, 'booking');
  const { paymentsUrl, disk } = await openPaymentsDatabase({ url: server.url, dataDir: request.dataDir });
  await migrate({ url: bookingUrl, folder: 'booking' });
  await migrate({ url: paymentsUrl, folder: 'payments' });
  return {
    port,
    bookingUrl,
    paymentsUrl,
    paymentsDisk: disk,
    pid: server.pid,
    crash: () => server.kill('SIGQUIT'),
    start: server.start,
    async stop() {
      await server.stop();
      await disk?.remove();
    },
  };
}

/** A Redis for one run. It keeps nothing unless asked to. */
export type ChaosRedis = {
  readonly port: number;
  readonly url: string;
  pid(): number;
  kill(): Promise<void>;
  /** Empty, or with the dump that `saveDump` made last. */
  start(options?: { withDump: boolean }): Promise<void>;
  saveDump(): Promise<void>;
  flush(): Promise<void>;
  /** Accepts commands and answers none for this long. */
  pause(ms: number): Promise<void>;
  stop(): Promise<void>;
};

export async function openChaosRedis(folder: string, port: number): Promise<ChaosRedis> {
  const dataDir = join(folder, 'valkey');
  const [dump, oldDump] = [join(dataDir, 'dump.rdb'), join(folder, 'old-dump.rdb')];
  const request = { dataDir, port, durable: false, log: silent };
  const server = await openRestartable(() => startValkey(request));
  const ask = async (work: (redis: Redis) => Promise<unknown>): Promise<void> => {
    const redis = new Redis(server.url, { maxRetriesPerRequest: 1, connectTimeout: 2_000 });
    redis.on('error', silent);
    try {
      await work(redis);
    } finally {
      redis.disconnect();
    }
  };
  return {
    ...server,
    port,
    async start({ withDump } = { withDump: false }) {
      await rm(dump, { force: true });
      if (withDump) await copyFile(oldDump, dump);
      await server.start();
    },
    async saveDump() {
      await ask((redis) => redis.save());
      await copyFile(dump, oldDump);
    },
    flush: () => ask((redis) => redis.flushall()),
    pause: (ms) => ask((redis) => redis.client('PAUSE', ms, 'ALL')),
  };
}
