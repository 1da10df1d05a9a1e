import { type KafkaSecurity, openKafkaLog } from './kafka-log.ts';
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
export function openEventLog(config: EventLogConfig, name: string): EventLog {
  if (config.kind === 'postgres') return openPostgresLog({ url: config.url, name });
  return openKafkaLog({ ...config, name });
}
