import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { endProcess, freePort } from '#processes/dev/servers/server-process.ts';
import { startValkey } from '#processes/dev/servers/valkey.ts';

/** A Redis for one test, which can be killed, stopped and started with an old dump; always at one URL. */
export type OwnRedis = {
  readonly url: string;
  /** A SIGKILL: nothing is written. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** After `kill`, without data. */
  startEmpty(): Promise<void>;
  /** Keeps the present data for `startWithDump`. */
  dump(): Promise<void>;
  startWithDump(): Promise<void>;
  /** It accepts connections and answers nothing, until `resume`. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
};

export async function openOwnRedis(): Promise<OwnRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-own-redis-'));
  const dataDir = join(folder, 'data');
  const [dumpFile, kept] = [join(dataDir, 'dump.rdb'), join(folder, 'kept.rdb')];
  const port = await freePort();
  const start = () => startValkey({ dataDir, port, durable: false, disposableDir: folder, log: console.error });
  let server = await start();
  return {
    url: server.url,
    async kill() {
      await endProcess(server.pid, 'SIGKILL');
      await server.stop();
    },
    async startEmpty() {
      await rm(dumpFile, { force: true });
      server = await start();
    },
    async dump() {
      const redis = new Redis(server.url);
      await redis.save();
      redis.disconnect();
      await copyFile(dumpFile, kept);
    },
    async startWithDump() {
      await copyFile(kept, dumpFile);
      server = await start();
    },
    pause: () => void process.kill(server.pid, 'SIGSTOP'),
    resume: () => void process.kill(server.pid, 'SIGCONT'),
    async close() {
      process.kill(server.pid, 'SIGCONT');
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
