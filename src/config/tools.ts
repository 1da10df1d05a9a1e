import { z } from 'zod';
import { common } from './observed.ts';
import { type Environment, parse } from './parse.ts';
import { booking, databases, searchUrls } from './stores.ts';
import { gatewayName, searchPrefix, secret } from './values.ts';

const importer = z.object({
  ...common,
  ...databases,
  PAYMENT_GATEWAY: gatewayName.optional(),
  MAX_SEATS_PER_BOOKING: booking.MAX_SEATS_PER_BOOKING,
});
const reindex = z.object({
  ...databases,
  TYPESENSE_URL: searchUrls,
  TYPESENSE_API_KEY: z.string({ error: 'the key that the search engine was started with' }),
  TYPESENSE_PREFIX: searchPrefix,
});
const password = (role: string) => z.string({ error: `the password of the role ${role}: openssl rand -hex 24` });
const roles = z.object({
  DATABASE_ADMIN_URL: z.url({ error: 'the booking database, as a superuser' }),
  PAYMENTS_DATABASE_ADMIN_URL: z.url({ error: 'the payments database, as a superuser' }),
  DATABASE_OWNER_PASSWORD: password('frontrow_owner'),
  DATABASE_APP_PASSWORD: password('frontrow_app'),
  DATABASE_PAYMENTS_PASSWORD: password('frontrow_payments'),
  DATABASE_RELAY_PASSWORD: password('frontrow_relay'),
});
const migrations = z.object({
  DATABASE_URL: databases.DATABASE_URL,
  PAYMENTS_DATABASE_URL: z.url({ error: 'the payments database' }),
  PAYMENT_GATEWAY: gatewayName.optional(),
});

const reconciliation = z
  .object({
    PAYMENTS_DATABASE_URL: z.url({ error: 'the payments database' }),
    PAYMENT_GATEWAY: gatewayName.default('sandbox'),
    GATEWAY_URL: z.url().optional(),
    GATEWAY_API_KEY: secret,
  })
  .refine((env) => env.PAYMENT_GATEWAY !== 'sandbox' || env.GATEWAY_URL, {
    path: ['GATEWAY_URL'],
    error: 'where the sandbox gateway listens, e.g. http://localhost:4002',
  });

export function parseReconcileConfig(env: Environment) {
  const {
    PAYMENTS_DATABASE_URL: url,
    PAYMENT_GATEWAY: kind,
    GATEWAY_URL: at,
    GATEWAY_API_KEY: apiKey,
  } = parse(reconciliation, env);
  const keys = { apiKey, webhookSecrets: [] };
  return {
    postgres: { url, poolMax: 2 },
    gateway:
      kind === 'sandbox' ? ({ kind, url: at ?? '', ...keys } as const) : ({ kind, ...keys, apiBase: at } as const),
  };
}

export function parseImportConfig(env: Environment) {
  const data = parse(importer, env);
  return {
    postgres: { url: data.DATABASE_URL, poolMax: data.DATABASE_POOL_MAX },
    prices: { gateway: data.PAYMENT_GATEWAY, seatsPerBooking: data.MAX_SEATS_PER_BOOKING },
  };
}

export function parseReindexConfig(env: Environment) {
  const data = parse(reindex, env);
  return {
    postgres: { url: data.DATABASE_URL, poolMax: data.DATABASE_POOL_MAX },
    search: { url: data.TYPESENSE_URL, apiKey: data.TYPESENSE_API_KEY, prefix: data.TYPESENSE_PREFIX },
  };
}

export function parseRolesConfig(env: Environment) {
  const data = parse(roles, env);
  return {
    bookingUrl: data.DATABASE_ADMIN_URL,
    paymentsUrl: data.PAYMENTS_DATABASE_ADMIN_URL,
    passwords: {
      frontrow_owner: data.DATABASE_OWNER_PASSWORD,
      frontrow_app: data.DATABASE_APP_PASSWORD,
      frontrow_payments: data.DATABASE_PAYMENTS_PASSWORD,
      frontrow_relay: data.DATABASE_RELAY_PASSWORD,
    },
  };
}

export function parseMigrateConfig(env: Environment) {
  const data = parse(migrations, env);
  return { bookingUrl: data.DATABASE_URL, paymentsUrl: data.PAYMENTS_DATABASE_URL, gateway: data.PAYMENT_GATEWAY };
}
