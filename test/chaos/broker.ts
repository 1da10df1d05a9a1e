import { join } from 'node:path';
import { startKafka } from '#processes/dev/servers/kafka.ts';
import type { TestKafka } from '#test/support/kafka/kafka.ts';
import { openRestartable, type Restartable } from './restartable.ts';

/** A Kafka broker for one run. */
export type ChaosBroker = TestKafka & Restartable;

export async function openChaosBroker(folder: string, port: number): Promise<ChaosBroker> {
  const request = { dataDir: join(folder, 'kafka'), port, log: () => undefined };
  const { url, ...broker } = await openRestartable(() => startKafka(request));
  return { ...broker, brokers: [url], prefix: 'chaos' };
}
