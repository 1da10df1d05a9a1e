import { z } from 'zod';
import { count, list } from './values.ts';

export const guestChallenge = {
  GUEST_CHALLENGE: z.enum(['off', 'proof-of-work', 'turnstile']).default('off'),
  PROOF_OF_WORK_TRIES: count.default(5_000),
  TURNSTILE_SITE_KEY: z.string().optional(),
  TURNSTILE_SECRET_KEY: z.string().optional(),
  TURNSTILE_HOSTNAMES: list.optional(),
  TURNSTILE_URL: z.url().optional(),
};
type GuestChallengeEnv = z.infer<z.ZodObject<typeof guestChallenge>>;

export function checkGuestChallenge(env: GuestChallengeEnv, { addIssue }: z.RefinementCtx): void {
  if (env.GUEST_CHALLENGE !== 'turnstile') return;
  for (const name of ['TURNSTILE_SITE_KEY', 'TURNSTILE_SECRET_KEY'] as const)
    if (env[name] === undefined)
      addIssue({
        code: 'custom',
        path: [name],
        message: 'GUEST_CHALLENGE=turnstile needs it: Cloudflare shows the two keys of a widget',
      });
}

export type GuestChallengeConfig = ReturnType<typeof guestChallengeConfig>;
export function guestChallengeConfig(env: GuestChallengeEnv, secret: string) {
  switch (env.GUEST_CHALLENGE) {
    case 'off':
      return undefined;
    case 'proof-of-work':
      return { kind: 'proof-of-work', secret, work: env.PROOF_OF_WORK_TRIES } as const;
    case 'turnstile':
      return {
        kind: 'turnstile',
        siteKey: env.TURNSTILE_SITE_KEY ?? '',
        secretKey: env.TURNSTILE_SECRET_KEY ?? '',
        hostnames: env.TURNSTILE_HOSTNAMES,
        url: env.TURNSTILE_URL,
      } as const;
  }
}
