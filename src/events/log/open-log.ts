import type { KafkaSecurity } from './kafka-connection.ts';
import type { EventLog } from './log.ts';
import { openPostgresLog } from './postgres-log.ts';

export type EventLogConfig =
  | { readonly kind: 'postgres'; readonly url: string }
  | {
      readonly kind: 'kafka';
      readonly brokers: readonly string[];
      readonly prefix: string;
      readonly replicationFactor: number | undefined;
      /** Undefined: neither TLS nor a password. */
      readonly security?: KafkaSecurity;
      /** The database in which messages are parked. */
      readonly parkingUrl: string;
    };

/** The event log that the environment names. @param name of the process, as the log's servers show it */
export async function openEventLog(config: EventLogConfig, name: string): Promise<EventLog> {
  if (config.kind === 'postgres') return openPostgresLog({ url: config.url, name });
  // Loaded only when needed, because Kafka's client takes a third of a process's start-up time.
  const { openKafkaLog } = await import('./kafka-log.ts');
  return openKafkaLog({ ...config, name });
}
