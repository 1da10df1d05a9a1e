import { z } from 'zod';
import { hoarding, hoardingPolicy } from './hoarding.ts';
import { observed, observedConfig } from './observed.ts';
import { count, list, privateKey, searchPrefix } from './values.ts';

export const databases = {
  DATABASE_URL: z.url({ error: 'the booking database, e.g. postgres://user:password@localhost:5432/frontrow_booking' }),
  DATABASE_POOL_MAX: count.default(10),
};
/** Only for the api: the same database through a pooler in transaction mode. */
export const pooledDatabase = {
  DATABASE_POOLED_URL: z
    .url({
      error: 'the booking database through a pooler, e.g. postgres://user:password@localhost:6432/frontrow_booking',
    })
    .optional(),
};
const SENTINELS_FIX =
  'the sentinels, `host:port`, separated by commas: sentinel-1:26379,sentinel-2:26379,sentinel-3:26379';
export const redis = {
  /** With sentinels, the host is the name of the primary at the sentinels. */
  REDIS_URL: z.url({ error: 'e.g. redis://localhost:6379' }),
  REDIS_SENTINELS: list
    .refine((hosts) => hosts.length > 0 && hosts.every((host) => sentinel.test(host)), SENTINELS_FIX)
    .transform((hosts) => hosts.map(toSentinel))
    .optional(),
  REDIS_SENTINEL_PASSWORD: z.string().optional(),
};
const sentinel = /^(\S+):(\d{1,5})$/;
function toSentinel(text: string): { host: string; port: number } {
  const [, host = '', sentinelPort = ''] = sentinel.exec(text) ?? [];
  return { host, port: Number(sentinelPort) };
}
export const redisConfig = (env: z.infer<z.ZodObject<typeof redis>>) => ({
  url: env.REDIS_URL,
  sentinels: env.REDIS_SENTINELS,
  sentinelPassword: env.REDIS_SENTINEL_PASSWORD,
});

const SEARCH_FIX =
  'the search engine, or each node of its cluster, separated by commas: http://search-1:8108,http://search-2:8108,http://search-3:8108';
/** Kept as one text, because the search client takes it so. */
export const searchUrls = z
  .string({ error: SEARCH_FIX })
  .refine(
    (text) => text.split(',').every((url) => /^https?:$/.test(URL.parse(url.trim())?.protocol ?? '')),
    SEARCH_FIX,
  );
export const search = {
  /** Without it PostgreSQL does the searches, with `degraded: true`. */
  TYPESENSE_URL: searchUrls.optional(),
  TYPESENSE_API_KEY: z.string().optional(),
  /** The start of the names of collections, so that several systems can share a server. */
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
  redis: redisConfig(env),
  search: env.TYPESENSE_URL
    ? { url: env.TYPESENSE_URL, apiKey: env.TYPESENSE_API_KEY ?? '', prefix: env.TYPESENSE_PREFIX }
    : undefined,
  ...bookingPolicy(env),
});
