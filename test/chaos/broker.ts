import { join } from 'node:path';
import { startKafka } from '#processes/dev/servers/kafka.ts';
import type { RunningServer } from '#processes/dev/servers/server-process.ts';
import type { TestKafka } from '#test/support/kafka.ts';

/** A Kafka broker of the run's own. */
export type ChaosBroker = TestKafka & {
  pid(): number;
  kill(): Promise<void>;
  /** Resolves when it takes connections again. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

export async function openChaosBroker(folder: string, port: number): Promise<ChaosBroker> {
  const request = { dataDir: join(folder, 'kafka'), port, log: () => undefined };
  let server: RunningServer = await startKafka(request);
  return {
    brokers: [server.url],
    prefix: 'chaos',
    pid: () => server.pid,
    async kill() {
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
      await server.stop();
    },
    async start() {
      server = await startKafka(request);
    },
    stop: () => server.stop(),
  };
}
