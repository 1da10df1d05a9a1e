import type { KafkaSecurity } from './kafka-log.ts';
import type { EventLog } from './log.ts';
import { openPostgresLog } from './postgres-log.ts';

export type EventLogConfig =
  | { readonly kind: 'postgres'; readonly url: string }
  | {
      readonly kind: 'kafka';
      readonly brokers: readonly string[];
      readonly prefix: string;
      readonly replicationFactor: number | undefined;
      /** Left out: neither TLS nor a password. */
      readonly security?: KafkaSecurity;
      /** The database in which messages are parked. */
      readonly parkingUrl: string;
    };

/** The event log that the environment names. @param name of the process, as its servers show it */
export async function openEventLog(config: EventLogConfig, name: string): Promise<EventLog> {
  if (config.kind === 'postgres') return openPostgresLog({ url: config.url, name });
  // Loading the client of Kafka takes a third of the time in which a process starts.
  const { openKafkaLog } = await import('./kafka-log.ts');
  return openKafkaLog({ ...config, name });
}
