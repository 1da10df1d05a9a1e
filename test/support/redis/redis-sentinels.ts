import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { fetchValkey } from '#processes/dev/servers/fetch-servers.ts';
import { endProcess, freePorts, type LaunchedProcess, launch } from '#processes/dev/servers/server-process.ts';

export type WatchedRedis = {
  /** The values of REDIS_URL and REDIS_SENTINELS. */
  readonly url: string;
  readonly sentinels: string;
  /** The port of the primary, as the sentinels report it. */
  primary(): Promise<number>;
  /** Kills the primary and waits until the sentinels name another one. */
  failOver(): Promise<void>;
  close(): Promise<void>;
};

const NAME = 'frontrow';

/** A primary, a replica and three sentinels. */
export async function startWatchedRedis(): Promise<WatchedRedis> {
  const command = await fetchValkey(console.error);
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-sentinels-'));
  const [first = 0, second = 0, ...ofSentinels] = await freePorts(5);
  const processes = new Map<number, LaunchedProcess>();
  const start = async (port: number, args: string[]) => {
    const dataDir = join(folder, String(port));
    await mkdir(dataDir);
    const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dataDir, '--save', ''];
    processes.set(
      port,
      await launch({ name: 'Valkey', command, args: [...args, ...own], dataDir, disposableDir: folder }),
    );
  };
  await start(first, []);
  await start(second, ['--replicaof', '127.0.0.1', String(first), '--repl-diskless-sync-delay', '0']);
  const settings = `sentinel monitor ${NAME} 127.0.0.1 ${first} 2
sentinel down-after-milliseconds ${NAME} 1000
sentinel failover-timeout ${NAME} 5000
`;
  for (const port of ofSentinels) {
    const file = join(folder, `sentinel-${port}.conf`);
    await writeFile(file, settings);
    await start(port, [file, '--sentinel']);
  }
  const asking = ofSentinels.map((port) => new Redis({ port, maxRetriesPerRequest: 1, retryStrategy: () => 100 }));
  for (const redis of asking) redis.on('error', () => undefined);
  const primaryOf = async (redis: Redis) =>
    Number(((await redis.call('SENTINEL', 'get-master-addr-by-name', NAME)) as string[] | null)?.[1] ?? 0);
  const agreed = async () => {
    const ports = await Promise.all(asking.map((redis) => primaryOf(redis).catch(() => 0)));
    return new Set(ports).size === 1 ? (ports[0] ?? 0) : 0;
  };
  const knowsAll = async (redis: Redis) => {
    const flat = (await redis.call('SENTINEL', 'master', NAME).catch(() => [])) as string[];
    const field = (name: string) => Number(flat[flat.indexOf(name) + 1] ?? 0);
    return field('num-slaves') === 1 && field('num-other-sentinels') === ofSentinels.length - 1;
  };
  while (!(await Promise.all(asking.map(knowsAll))).every(Boolean)) await sleep(50);
  return {
    url: `redis://${NAME}`,
    sentinels: ofSentinels.map((port) => `127.0.0.1:${port}`).join(),
    primary: agreed,
    async failOver() {
      const before = await agreed();
      const dying = processes.get(before);
      if (dying) await endProcess(dying.pid, 'SIGKILL');
      for (let now = await agreed(); now === 0 || now === before; now = await agreed()) await sleep(50);
    },
    async close() {
      for (const redis of asking) redis.disconnect();
      await Promise.all([...processes.values()].map((server) => server.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
