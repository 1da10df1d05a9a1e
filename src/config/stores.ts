import { z } from 'zod';
import { hoarding, hoardingPolicy } from './hoarding.ts';
import { observed, observedConfig } from './observed.ts';
import { count, privateKey, searchPrefix } from './values.ts';

export const databases = {
  DATABASE_URL: z.url({ error: 'the booking database, e.g. postgres://user:password@localhost:5432/frontrow_booking' }),
  DATABASE_POOL_MAX: count.default(10),
};
/** Of the api: the same database by way of a pooler in transaction mode. */
export const pooledDatabase = {
  DATABASE_POOLED_URL: z
    .url({
      error: 'the booking database through a pooler, e.g. postgres://user:password@localhost:6432/frontrow_booking',
    })
    .optional(),
};
export const redis = { REDIS_URL: z.url({ error: 'e.g. redis://localhost:6379' }) };
export const search = {
  /** Without it search is answered by PostgreSQL, with `degraded: true`. */
  TYPESENSE_URL: z.url().optional(),
  TYPESENSE_API_KEY: z.string().optional(),
  /** Before the names of its collections, where several systems share a server. */
  TYPESENSE_PREFIX: searchPrefix,
};
export const booking = {
  HOLD_TTL_SECONDS: count.default(300),
  MAX_SEATS_PER_BOOKING: count.default(8),
  MAX_SEATS_PER_EVENT: count.default(16),
  TICKET_PRIVATE_KEY: privateKey,
  ...hoarding,
};

export const stores = z.object({ ...observed, ...databases, ...redis, ...search, ...booking });

const bookingPolicy = (env: z.infer<z.ZodObject<typeof booking>>) => ({
  policy: {
    holdTtlSeconds: env.HOLD_TTL_SECONDS,
    maxSeatsPerBooking: env.MAX_SEATS_PER_BOOKING,
    maxSeatsPerEvent: env.MAX_SEATS_PER_EVENT,
    hoarding: hoardingPolicy(env),
  },
  ticketPrivateKey: env.TICKET_PRIVATE_KEY,
});
export const storeConfig = (env: z.infer<typeof stores>) => ({
  ...observedConfig(env),
  postgres: { url: env.DATABASE_URL, poolMax: env.DATABASE_POOL_MAX },
  redis: { url: env.REDIS_URL },
  search: env.TYPESENSE_URL
    ? { url: env.TYPESENSE_URL, apiKey: env.TYPESENSE_API_KEY ?? '', prefix: env.TYPESENSE_PREFIX }
    : undefined,
  ...bookingPolicy(env),
});
