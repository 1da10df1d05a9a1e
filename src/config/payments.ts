import { z } from 'zod';
import { checkKafka, eventLog, eventLogConfig } from './event-log.ts';
import { observed, observedConfig } from './observed.ts';
import { type Environment, parse } from './parse.ts';
import { productionProblems } from './production.ts';
import { databases, redis, redisConfig } from './stores.ts';
import { gatewayName, list, port, secret } from './values.ts';

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
    PAYMENT_GATEWAY: gatewayName.default('sandbox'),
    GATEWAY_URL: z.url().optional(),
    GATEWAY_API_KEY: secret,
    /** One secret, or two during a rotation, separated by a comma. */
    GATEWAY_WEBHOOK_SECRETS: list.refine(
      (secrets) => secrets.length > 0 && secrets.length <= 2,
      'one secret, or two during a rotation',
    ),
    /** Where the gateway sends the fan after paying. */
    PAYMENT_RETURN_URL: z.url().optional(),
    BOOKS_TOKEN: secret.optional(),
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

export function parsePaymentsConfig(env: Environment) {
  const data = parse(payments, env, productionProblems(env, 'payments'));
  const logUrl = data.EVENT_LOG === 'postgres' ? data.DATABASE_URL : undefined;
  const keys = { apiKey: data.GATEWAY_API_KEY, webhookSecrets: data.GATEWAY_WEBHOOK_SECRETS };
  return {
    ...observedConfig(data),
    http: { host: data.HOST, port: data.PAYMENTS_PORT },
    postgres: { url: data.PAYMENTS_DATABASE_URL, poolMax: data.DATABASE_POOL_MAX },
    eventLog: eventLogConfig(data, logUrl ?? data.PAYMENTS_DATABASE_URL),
    bookingDatabase: logUrl ? { url: logUrl } : undefined,
    returnUrl: data.PAYMENT_RETURN_URL,
    booksToken: data.BOOKS_TOKEN,
    gateway:
      data.PAYMENT_GATEWAY === 'sandbox'
        ? ({ kind: 'sandbox', url: data.GATEWAY_URL ?? '', ...keys } as const)
        : ({ kind: 'stripe', ...keys, ...(data.GATEWAY_URL ? { apiBase: data.GATEWAY_URL } : {}) } as const),
  };
}

/** The settings of both services, because a restore concerns both. */
export function parseConvergeConfig(env: Environment) {
  const data = parse(z.intersection(payments, z.object({ ...redis, DATABASE_URL: databases.DATABASE_URL })), env);
  return { ...parsePaymentsConfig(env), booking: { url: data.DATABASE_URL }, redis: redisConfig(data) };
}
