import { z } from 'zod';

const ADMISSION_KEYS_FIX =
  'one `id:secret`, or two during a rotation, separated by a comma, each secret at least 32 characters: echo k1:$(openssl rand -hex 24)';

const port = z.coerce.number().int().min(0).max(65_535);
const count = z.coerce.number().int().positive();
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
);
const secret = z.string().min(16, 'at least 16 characters');
const privateKey = z.string({
  error: 'an Ed25519 private key, PKCS #8 DER in base64: openssl genpkey -algorithm ed25519 -outform DER | base64 -w0',
});

/** `kid:secret`; the id names the key in what it signs. */
const admissionKey = /^([\w-]{1,32}):(\S{32,})$/;
const admissionKeys = list
  .refine((keys) => keys.length > 0 && keys.every((key) => admissionKey.test(key)), ADMISSION_KEYS_FIX)
  .transform((keys) => keys.map(toAdmissionKey))
  .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length, 'each key has an id of its own');

function toAdmissionKey(key: string): { kid: string; secret: string } {
  const [, kid = '', secret = ''] = admissionKey.exec(key) ?? [];
  return { kid, secret };
}

const profile = z.enum(['development', 'production']).default('development');

const searchPrefix = z
  .string()
  .regex(/^[a-z0-9_]*$/, 'lower-case letters, digits and _')
  .default('');

const databases = {
  DATABASE_URL: z.url({ error: 'the booking database, e.g. postgres://user:password@localhost:5432/frontrow_booking' }),
  DATABASE_POOL_MAX: count.default(10),
};
const redis = { REDIS_URL: z.url({ error: 'e.g. redis://localhost:6379' }) };
const search = {
  /** Without it search is answered by PostgreSQL, with `degraded: true`. */
  TYPESENSE_URL: z.url().optional(),
  TYPESENSE_API_KEY: z.string().optional(),
  /** Before the names of its collections, where several systems share a server. */
  TYPESENSE_PREFIX: searchPrefix,
};
const booking = {
  HOLD_TTL_SECONDS: count.default(300),
  MAX_SEATS_PER_BOOKING: count.default(8),
  MAX_SEATS_PER_EVENT: count.default(16),
  TICKET_PRIVATE_KEY: privateKey,
};
const BROKERS_FIX = 'some of the brokers, `host:port`, separated by commas: kafka-1:9092,kafka-2:9092';
const eventLog = {
  EVENT_LOG: z.enum(['postgres', 'kafka']).default('postgres'),
  KAFKA_BROKERS: list
    .refine((brokers) => brokers.length > 0 && brokers.every((broker) => /^\S+:\d+$/.test(broker)), BROKERS_FIX)
    .optional(),
  /** Before the names of topics and consumer groups, where several systems share the brokers. */
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
type EventLogEnv = z.infer<z.ZodObject<typeof eventLog>>;

function checkKafka(env: EventLogEnv, { addIssue }: z.RefinementCtx): void {
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
    refuse('KAFKA_TLS', 'PLAIN sends the password as it is: set KAFKA_TLS=on, or use SCRAM-SHA-512');
}

const common = { FRONTROW_PROFILE: profile, LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info') };
/** Of what runs for long. */
const observed = {
  ...common,
  METRICS: z.enum(['on', 'off']).default('on'),
  METRICS_HOST: z.string().default('127.0.0.1'),
  METRICS_PORT: port.optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ error: 'an OTLP collector, e.g. http://localhost:4318' }).optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(0.01),
};

const api = z.object({
  ...observed,
  ...databases,
  ...redis,
  ...search,
  ...booking,
  HOST: z.string().default('127.0.0.1'),
  PORT: port.default(4000),
  PUBLIC_URL: z.url().optional(),
  ALLOWED_ORIGINS: list.default([]),
  TRUSTED_DOCUMENTS: z.string().optional(),
  TRUST_PROXY: z.stringbool().default(false),
  TOKEN_PRIVATE_KEY: privateKey,
  /** Signs what waiting rooms give out. The first signs, all verify. */
  ADMISSION_KEYS: z.string({ error: ADMISSION_KEYS_FIX }).pipe(admissionKeys),
  RATE_LIMITS: z.enum(['on', 'off']).default('on'),
});
const stores = z.object({ ...observed, ...databases, ...redis, ...search, ...booking });
const worker = stores.extend(eventLog).superRefine(checkKafka);
const relay = z
  .object({
    ...observed,
    ...databases,
    ...eventLog,
    PAYMENTS_DATABASE_URL: z.url({ error: 'the payments database' }),
  })
  .superRefine(checkKafka);
const payments = z
  .object({
    ...observed,
    HOST: z.string().default('127.0.0.1'),
    PAYMENTS_PORT: port.default(4001),
    PAYMENTS_DATABASE_URL: z.url({ error: 'the payments database' }),
    ...eventLog,
    /** Where the event log lives, unless it is on Kafka. */
    DATABASE_URL: databases.DATABASE_URL.optional(),
    DATABASE_POOL_MAX: databases.DATABASE_POOL_MAX,
    PAYMENT_GATEWAY: z.enum(['sandbox', 'stripe']).default('sandbox'),
    GATEWAY_URL: z.url().optional(),
    GATEWAY_API_KEY: secret,
    /** Two during a rotation, separated by a comma. */
    GATEWAY_WEBHOOK_SECRETS: list.refine(
      (secrets) => secrets.length > 0 && secrets.length <= 2,
      'one secret, or two during a rotation',
    ),
    /** Where the gateway sends the fan after paying. */
    PAYMENT_RETURN_URL: z.url().optional(),
  })
  .refine((env) => env.PAYMENT_GATEWAY !== 'sandbox' || env.GATEWAY_URL, {
    path: ['GATEWAY_URL'],
    error: 'where the sandbox gateway listens, e.g. http://localhost:4002',
  })
  .refine((env) => env.EVENT_LOG === 'kafka' || env.DATABASE_URL, {
    path: ['DATABASE_URL'],
    error: 'the booking database, which has the event log',
  })
  .superRefine(checkKafka);

const importer = z.object({ ...common, ...databases });
const reindex = z.object({
  ...databases,
  TYPESENSE_URL: z.url({ error: 'the search engine, e.g. http://localhost:8108' }),
  TYPESENSE_API_KEY: z.string({ error: 'the key that the search engine was started with' }),
  TYPESENSE_PREFIX: searchPrefix,
});
const migrations = z.object({ DATABASE_URL: databases.DATABASE_URL, PAYMENTS_DATABASE_URL: z.url() });

export type Environment = Record<string, string | undefined>;

/**
 * The only reader of the environment, pure and total. Every problem is reported at once, each with its fix, before
 * anything is opened.
 */
function parse<S extends z.ZodType>(schema: S, env: Environment): z.infer<S> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || 'environment'}: ${issue.message}`);
  throw new Error(
    `The environment is not usable. Set or mend:\n${problems.join('\n')}\nSee .env.example and docs/reference/config.md.`,
  );
}

const bookingPolicy = (env: z.infer<z.ZodObject<typeof booking>>) => ({
  policy: {
    holdTtlSeconds: env.HOLD_TTL_SECONDS,
    maxSeatsPerBooking: env.MAX_SEATS_PER_BOOKING,
    maxSeatsPerEvent: env.MAX_SEATS_PER_EVENT,
  },
  ticketPrivateKey: env.TICKET_PRIVATE_KEY,
});
const observedConfig = (env: z.infer<z.ZodObject<typeof observed>>) => ({
  log: { level: env.LOG_LEVEL },
  metrics: { isOn: env.METRICS === 'on', host: env.METRICS_HOST, port: env.METRICS_PORT },
  tracing: { endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT, ratio: env.OTEL_TRACES_SAMPLER_ARG },
});
const storeConfig = (env: z.infer<typeof stores>) => ({
  ...observedConfig(env),
  postgres: { url: env.DATABASE_URL, poolMax: env.DATABASE_POOL_MAX },
  redis: { url: env.REDIS_URL },
  search: env.TYPESENSE_URL
    ? { url: env.TYPESENSE_URL, apiKey: env.TYPESENSE_API_KEY ?? '', prefix: env.TYPESENSE_PREFIX }
    : undefined,
  ...bookingPolicy(env),
});

const saslOf = ({ KAFKA_SASL_MECHANISM: mechanism, ...env }: EventLogEnv) =>
  mechanism && { mechanism, username: env.KAFKA_SASL_USERNAME ?? '', password: env.KAFKA_SASL_PASSWORD ?? '' };
/** `databaseUrl` has the log, or what its reader parks of a log on Kafka. */
const eventLogConfig = (env: EventLogEnv, databaseUrl: string) =>
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

export type ApiConfig = ReturnType<typeof parseApiConfig>;
export function parseApiConfig(env: Environment) {
  const data = parse(api, env);
  return {
    ...storeConfig(data),
    profile: data.FRONTROW_PROFILE,
    http: {
      host: data.HOST,
      port: data.PORT,
      publicUrl: data.PUBLIC_URL,
      allowedOrigins: data.ALLOWED_ORIGINS,
      trustProxy: data.TRUST_PROXY,
      trustedDocuments: data.TRUSTED_DOCUMENTS,
      rateLimits: data.RATE_LIMITS === 'on',
    },
    tokenPrivateKey: data.TOKEN_PRIVATE_KEY,
    admissionKeys: data.ADMISSION_KEYS,
  };
}

export type WorkerConfig = ReturnType<typeof parseWorkerConfig>;
export function parseWorkerConfig(env: Environment) {
  const data = parse(worker, env);
  return { ...storeConfig(data), eventLog: eventLogConfig(data, data.DATABASE_URL) };
}

export type RelayConfig = ReturnType<typeof parseRelayConfig>;
export function parseRelayConfig(env: Environment) {
  const data = parse(relay, env);
  return {
    ...observedConfig(data),
    postgres: { url: data.DATABASE_URL, poolMax: data.DATABASE_POOL_MAX },
    payments: { url: data.PAYMENTS_DATABASE_URL },
    eventLog: eventLogConfig(data, data.DATABASE_URL),
  };
}

export type PaymentsConfig = ReturnType<typeof parsePaymentsConfig>;
export function parsePaymentsConfig(env: Environment) {
  const data = parse(payments, env);
  const logUrl = data.EVENT_LOG === 'postgres' ? data.DATABASE_URL : undefined;
  const keys = { apiKey: data.GATEWAY_API_KEY, webhookSecrets: data.GATEWAY_WEBHOOK_SECRETS };
  return {
    ...observedConfig(data),
    http: { host: data.HOST, port: data.PAYMENTS_PORT },
    postgres: { url: data.PAYMENTS_DATABASE_URL, poolMax: data.DATABASE_POOL_MAX },
    eventLog: eventLogConfig(data, logUrl ?? data.PAYMENTS_DATABASE_URL),
    bookingDatabase: logUrl ? { url: logUrl } : undefined,
    returnUrl: data.PAYMENT_RETURN_URL,
    gateway:
      data.PAYMENT_GATEWAY === 'sandbox'
        ? ({ kind: 'sandbox', url: data.GATEWAY_URL ?? '', ...keys } as const)
        : ({ kind: 'stripe', ...keys, ...(data.GATEWAY_URL ? { apiBase: data.GATEWAY_URL } : {}) } as const),
  };
}

/** Of both services, since a restore concerns both. */
export function parseConvergeConfig(env: Environment) {
  const data = parse(z.intersection(payments, z.object({ ...redis, DATABASE_URL: databases.DATABASE_URL })), env);
  return { ...parsePaymentsConfig(env), booking: { url: data.DATABASE_URL }, redis: { url: data.REDIS_URL } };
}

export function parseImportConfig(env: Environment) {
  const data = parse(importer, env);
  return { postgres: { url: data.DATABASE_URL, poolMax: data.DATABASE_POOL_MAX } };
}

export function parseReindexConfig(env: Environment) {
  const data = parse(reindex, env);
  return {
    postgres: { url: data.DATABASE_URL, poolMax: data.DATABASE_POOL_MAX },
    search: { url: data.TYPESENSE_URL, apiKey: data.TYPESENSE_API_KEY, prefix: data.TYPESENSE_PREFIX },
  };
}

export function parseMigrateConfig(env: Environment) {
  const data = parse(migrations, env);
  return { bookingUrl: data.DATABASE_URL, paymentsUrl: data.PAYMENTS_DATABASE_URL };
}
