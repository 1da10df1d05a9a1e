import { z } from 'zod';
import { count, list } from './values.ts';

const BROKERS_FIX = 'some of the brokers, `host:port`, separated by commas: kafka-1:9092,kafka-2:9092';
export const eventLog = {
  EVENT_LOG: z.enum(['postgres', 'kafka']).default('postgres'),
  KAFKA_BROKERS: list
    .refine((brokers) => brokers.length > 0 && brokers.every((broker) => /^\S+:\d+$/.test(broker)), BROKERS_FIX)
    .optional(),
  /** The start of the names of topics and consumer groups, so that several systems can share the brokers. */
  KAFKA_TOPIC_PREFIX: z
    .string()
    .regex(/^[\w.-]+$/, 'letters, digits, ., _ and -')
    .default('frontrow'),
  KAFKA_REPLICATION_FACTOR: count.optional(),
  KAFKA_TLS: z.enum(['on', 'off']).default('off'),
  KAFKA_SASL_MECHANISM: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']).optional(),
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: z.string().optional(),
};
export type EventLogEnv = z.infer<z.ZodObject<typeof eventLog>>;

export function checkKafka(env: EventLogEnv, { addIssue }: z.RefinementCtx): void {
  if (env.EVENT_LOG !== 'kafka') return;
  const refuse = (name: keyof EventLogEnv, message: string) => addIssue({ code: 'custom', path: [name], message });
  if (env.KAFKA_BROKERS === undefined) refuse('KAFKA_BROKERS', `EVENT_LOG=kafka needs ${BROKERS_FIX}`);
  const sasl = [env.KAFKA_SASL_MECHANISM, env.KAFKA_SASL_USERNAME, env.KAFKA_SASL_PASSWORD];
  if (new Set(sasl.map((value) => value === undefined)).size > 1)
    refuse(
      'KAFKA_SASL_MECHANISM',
      'give KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, or none of them',
    );
  if (env.KAFKA_SASL_MECHANISM === 'PLAIN' && env.KAFKA_TLS === 'off')
    refuse('KAFKA_TLS', 'PLAIN sends the password in plain text: set KAFKA_TLS=on, or use SCRAM-SHA-512');
}

const saslOf = ({ KAFKA_SASL_MECHANISM: mechanism, ...env }: EventLogEnv) =>
  mechanism && { mechanism, username: env.KAFKA_SASL_USERNAME ?? '', password: env.KAFKA_SASL_PASSWORD ?? '' };
/** The database at `databaseUrl` has the log; with the log on Kafka it has the parked messages of this reader. */
export const eventLogConfig = (env: EventLogEnv, databaseUrl: string) =>
  env.EVENT_LOG === 'kafka'
    ? ({
        kind: 'kafka',
        brokers: env.KAFKA_BROKERS ?? [],
        prefix: env.KAFKA_TOPIC_PREFIX,
        replicationFactor: env.KAFKA_REPLICATION_FACTOR,
        security: { tls: env.KAFKA_TLS === 'on', sasl: saslOf(env) },
        parkingUrl: databaseUrl,
      } as const)
    : ({ kind: 'postgres', url: databaseUrl } as const);
