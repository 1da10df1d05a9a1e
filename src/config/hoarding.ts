import { hkdfSync } from 'node:crypto';
import { z } from 'zod';
import type { HoardingPolicy } from '#domain/hoarding/hoarding-policy-rules.ts';
import { count } from './values.ts';

/** 0 means no limit. */
const limit = z.coerce.number().int().min(0);

export const hoarding = {
  RATE_LIMITS: z.enum(['on', 'off']).default('on'),
  /** Defaults to RATE_LIMITS. */
  HOARDING_LIMITS: z.enum(['on', 'off']).optional(),
  MAX_UNPAID_SEATS_PER_VIEWER: limit.default(16),
  MAX_UNPAID_SEATS_PER_ADDRESS: limit.default(5_000),
  MAX_UNPAID_PERCENT_PER_ADDRESS: z.coerce.number().min(0).max(100).default(4),
  MIN_UNPAID_SEATS_PER_ADDRESS: count.default(32),
  COOL_DOWN_SECONDS: limit.default(15),
  COOL_DOWN_AFTER: limit.default(3),
  COOL_DOWN_MAX_SECONDS: count.default(1_800),
  COOL_DOWN_HALF_LIFE_SECONDS: count.default(1_800),
  COOL_DOWN_ADDRESS_SEATS: count.default(400),
};
type HoardingEnv = z.infer<z.ZodObject<typeof hoarding>>;

export const areHoardingLimitsOn = (env: Pick<HoardingEnv, 'RATE_LIMITS' | 'HOARDING_LIMITS'>): boolean =>
  (env.HOARDING_LIMITS ?? env.RATE_LIMITS) === 'on';

export function hoardingPolicy(env: HoardingEnv): HoardingPolicy | undefined {
  if (!areHoardingLimitsOn(env)) return undefined;
  return {
    maxSeatsPerViewer: env.MAX_UNPAID_SEATS_PER_VIEWER || undefined,
    maxSeatsPerAddress: env.MAX_UNPAID_SEATS_PER_ADDRESS || undefined,
    addressShare:
      env.MAX_UNPAID_PERCENT_PER_ADDRESS > 0
        ? { percent: env.MAX_UNPAID_PERCENT_PER_ADDRESS, floor: env.MIN_UNPAID_SEATS_PER_ADDRESS }
        : undefined,
    coolDown:
      env.COOL_DOWN_SECONDS > 0
        ? {
            freeEndings: env.COOL_DOWN_AFTER,
            seconds: env.COOL_DOWN_SECONDS,
            maxSeconds: env.COOL_DOWN_MAX_SECONDS,
            halfLifeSeconds: env.COOL_DOWN_HALF_LIFE_SECONDS,
            addressSeats: env.COOL_DOWN_ADDRESS_SEATS,
          }
        : undefined,
  };
}

/**
 * Returns a secret for another use, derived from a secret that every api process has. It does not reveal that secret or
 * the derived secrets of other uses. 32 bytes in hex.
 */
export const derivedSecret = (secret: string, use: string): string =>
  Buffer.from(hkdfSync('sha256', secret, '', `frontrow ${use}`, 32)).toString('hex');
