import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { RunningServer } from '#processes/dev/servers/server-process.ts';
import { startTypesense } from '#processes/dev/servers/typesense.ts';

/** A Typesense of the run's own. */
export type ChaosSearch = {
  readonly url: string;
  readonly apiKey: string;
  pid(): number;
  kill(): Promise<void>;
  /** Resolves when it answers again. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

export async function openChaosSearch(folder: string, port: number): Promise<ChaosSearch> {
  const apiKey = randomBytes(16).toString('hex');
  const request = { dataDir: join(folder, 'typesense'), apiKey, port, log: () => undefined };
  let server: RunningServer = await startTypesense(request);
  return {
    url: server.url,
    apiKey,
    pid: () => server.pid,
    async kill() {
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
      await server.stop();
    },
    async start() {
      server = await startTypesense(request);
    },
    stop: () => server.stop(),
  };
}
