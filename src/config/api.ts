import { z } from 'zod';
import { checkGuestChallenge, guestChallenge, guestChallengeConfig } from './guest-challenge.ts';
import { areHoardingLimitsOn, derivedSecret } from './hoarding.ts';
import { observed } from './observed.ts';
import { origins } from './origins.ts';
import { overload, overloadConfig } from './overload.ts';
import { type Environment, type Problem, parse } from './parse.ts';
import { isExcepted, productionProblems } from './production.ts';
import { trustProxy } from './proxy.ts';
import { booking, databases, pooledDatabase, redis, search, storeConfig } from './stores.ts';
import { list, port, privateKey, secret } from './values.ts';

const ADMISSION_KEYS_FIX =
  'one `id:secret`, or two during a rotation, separated by a comma, each secret at least 32 characters: echo k1:$(openssl rand -hex 24)';

/** `kid:secret`; a signed token has the id of its key. */
const admissionKey = /^([\w-]{1,32}):(\S{32,})$/;
const admissionKeys = list
  .refine((keys) => keys.length > 0 && keys.every((key) => admissionKey.test(key)), ADMISSION_KEYS_FIX)
  .transform((keys) => keys.map(toAdmissionKey))
  .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length, 'each key needs an id of its own');

function toAdmissionKey(key: string): { kid: string; secret: string } {
  const [, kid = '', secret = ''] = admissionKey.exec(key) ?? [];
  return { kid, secret };
}

const api = z
  .object({
    ...observed,
    ...databases,
    ...pooledDatabase,
    ...redis,
    ...search,
    ...booking,
    HOST: z.string().default('127.0.0.1'),
    PORT: port.default(4000),
    /**
     * How long a load balancer takes to notice that this process is not ready. The rest of the fifteen seconds is left
     * for closing.
     */
    LEAVE_SECONDS: z.coerce.number().min(0).max(8, 'at most 8: a process has 15 seconds to end').optional(),
    PUBLIC_URL: z.url().optional(),
    ALLOWED_ORIGINS: origins.default([]),
    TRUSTED_DOCUMENTS: z.string().optional(),
    WEB_CLIENT: z.string().optional(),
    PLUGINS: z.string().optional(),
    TRUST_PROXY: trustProxy,
    TOKEN_PRIVATE_KEY: privateKey,
    /** For admissions and place tickets of waiting rooms. The first key signs; all keys verify. */
    ADMISSION_KEYS: z.string({ error: ADMISSION_KEYS_FIX }).pipe(admissionKeys),
    /** How many viewers of one address may have places in a waiting room; 0 means no limit. */
    MAX_PLACES_PER_ADDRESS: z.coerce.number().int().min(0).default(2_000),
    /** Where the payments service listens, and the token with which it opens its books. */
    PAYMENTS_URL: z.url().default('http://127.0.0.1:4001'),
    BOOKS_TOKEN: secret.optional(),
    ...guestChallenge,
    ...overload,
  })
  .superRefine(checkGuestChallenge);

export type ApiConfig = ReturnType<typeof parseApiConfig>;
/** `known`: problems of the files that the environment names. */
export function parseApiConfig(env: Environment, known: readonly Problem[] = []) {
  const data = parse(api, env, [...productionProblems(env, 'api'), ...known]);
  return {
    ...storeConfig(data),
    pooled: data.DATABASE_POOLED_URL ? { url: data.DATABASE_POOLED_URL, pooling: 'transaction' as const } : undefined,
    profile: data.FRONTROW_PROFILE,
    http: {
      host: data.HOST,
      port: data.PORT,
      leaveSeconds: data.LEAVE_SECONDS ?? (data.FRONTROW_PROFILE === 'development' ? 0.5 : 5),
      publicUrl: data.PUBLIC_URL,
      webClient: data.WEB_CLIENT || undefined,
      allowedOrigins: data.ALLOWED_ORIGINS,
      trustProxy: data.TRUST_PROXY,
      onlyTrusted: data.FRONTROW_PROFILE === 'production' && !isExcepted(env, 'no-trusted-documents'),
      rateLimits: data.RATE_LIMITS === 'on',
    },
    tokenPrivateKey: data.TOKEN_PRIVATE_KEY,
    admissionKeys: data.ADMISSION_KEYS,
    placesPerAddress: areHoardingLimitsOn(data) ? data.MAX_PLACES_PER_ADDRESS || undefined : undefined,
    overload: overloadConfig(data),
    books: data.BOOKS_TOKEN === undefined ? undefined : { url: data.PAYMENTS_URL, token: data.BOOKS_TOKEN },
    guestChallenge: guestChallengeConfig(data, derivedSecret(data.TOKEN_PRIVATE_KEY, 'challenges')),
    addressSecret: derivedSecret(data.TOKEN_PRIVATE_KEY, 'addresses'),
  };
}
