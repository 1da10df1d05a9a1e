import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { migrate } from '#db/migrate.ts';
import { ensureDatabase, startPostgres } from '#processes/dev/servers/postgres.ts';
import { endProcess, freePort } from '#processes/dev/servers/server-process.ts';
import { startValkey } from '#processes/dev/servers/valkey.ts';
import type { Watched } from '#test/support/system/cpu.ts';
import { newAdmissionKeys, newPrivateKey } from '#test/support/system/keys.ts';

export type LiveProcess = 'api' | 'api-2' | 'worker' | 'worker-2';

/** The product in processes of its own, on servers of its own; each can be killed and started again. */
export type LiveWorld = {
  readonly databaseUrl: string;
  readonly db: Db;
  readonly ports: readonly number[];
  readonly tokenPrivateKey: string;
  redisUrl: string;
  start(name: LiveProcess): Promise<void>;
  kill(name: LiveProcess): Promise<void>;
  killRedis(): Promise<void>;
  /** On the same port, and empty. */
  startRedis(): Promise<void>;
  /** All running processes of the product, and its servers. */
  watched(): Watched[];
  /** Log lines of the processes from level `warn` on. */
  warnings(): Promise<string[]>;
  close(): Promise<void>;
};

export async function openLiveWorld(): Promise<LiveWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'frontrow-live-'));
  const log = (line: string) => console.log(line);
  const password = randomBytes(12).toString('hex');
  const dataDir = join(dir, 'postgres');
  const postgres = await startPostgres({ dataDir, password, durable: true, disposableDir: dir, log });
  const redisPort = await freePort();
  const openRedis = () => startValkey({ dataDir: join(dir, 'valkey'), port: redisPort, durable: false, log });
  let redis = await openRedis();
  const databaseUrl = await ensureDatabase(postgres.url, 'booking');
  await migrate({ url: databaseUrl, folder: 'booking' });
  const db = openDb({ url: databaseUrl, poolMax: 3, name: 'live', statementTimeoutMs: 120_000 });
  const logFile = join(dir, 'log');
  const processes = await openProcesses({ databaseUrl, redisUrl: redis.url, logFile });
  return {
    ...processes,
    databaseUrl,
    db,
    redisUrl: redis.url,
    async killRedis() {
      await endProcess(redis.pid, 'SIGKILL');
      await redis.stop();
    },
    async startRedis() {
      redis = await openRedis();
    },
    watched: () => [
      ...processes.watched(),
      { role: 'PostgreSQL', pid: postgres.pid, withChildren: true },
      { role: 'Redis', pid: redis.pid },
    ],
    warnings: () => readWarnings(logFile),
    async close() {
      await processes.end();
      await closeDb(db);
      await Promise.all([postgres.stop(), redis.stop()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The product's own processes, all with one environment. */
async function openProcesses(places: { databaseUrl: string; redisUrl: string; logFile: string }) {
  const tokenPrivateKey = newPrivateKey();
  const ports = [await freePort(), await freePort()];
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    DATABASE_URL: places.databaseUrl,
    REDIS_URL: places.redisUrl,
    TOKEN_PRIVATE_KEY: tokenPrivateKey,
    TICKET_PRIVATE_KEY: newPrivateKey(),
    ADMISSION_KEYS: newAdmissionKeys(),
  };
  const running = new Map<LiveProcess, ChildProcess>();
  const end = async (name: LiveProcess, signal: NodeJS.Signals) => {
    const child = running.get(name);
    running.delete(name);
    if (child?.pid !== undefined && child.exitCode === null) await endProcess(child.pid, signal, 20_000);
  };
  return {
    ports,
    tokenPrivateKey,
    async start(name: LiveProcess): Promise<void> {
      const port = String(name === 'api-2' ? ports[1] : ports[0]);
      const child = startProcess(name, { ...env, PORT: port }, places.logFile);
      running.set(name, child);
      const early = once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended before it was ready.`)));
      await Promise.race([once(child, 'message'), early]);
      early.catch(() => undefined);
    },
    kill: (name: LiveProcess) => end(name, 'SIGKILL'),
    watched: (): Watched[] => [...running].map(([role, child]) => ({ role, pid: child.pid ?? 0 })),
    async end(): Promise<void> {
      await Promise.all([...running.keys()].map((name) => end(name, 'SIGTERM')));
    },
  };
}

const profileArgs = process.env.LIVE_PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${process.env.LIVE_PROFILE}`] : [];

function startProcess(name: LiveProcess, env: NodeJS.ProcessEnv, logFile: string): ChildProcess {
  const output = openSync(logFile, 'a');
  const file = new URL(`../../../src/processes/${name.replace('-2', '')}.ts`, import.meta.url);
  return fork(fileURLToPath(file), [], { env, execArgv: profileArgs, stdio: ['ignore', output, output, 'ipc'] });
}

async function readWarnings(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').filter(Boolean);
  return lines.filter((line) => !line.startsWith('{') || /"level":("(warn|error)"|[45]0)/.test(line));
}
