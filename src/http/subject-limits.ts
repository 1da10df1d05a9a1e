import { createHash } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { RateLimited } from '#domain/errors.ts';
import type { About, SubjectLimits } from '#graphql/budget.ts';
import type { Redis } from '#redis/client.ts';
import type { LimitedOperation } from '#schema/context.ts';

type Budget = {
  readonly points: number;
  readonly seconds: number;
  /** A success costs nothing. An address with a recent success from the same network has a budget of its own. */
  readonly countsFailures?: true;
};

const budgets: Partial<Record<LimitedOperation, Budget>> = {
  signIn: { points: 10, seconds: 15 * 60, countsFailures: true },
  /** Each may send a mail that its recipient did not ask for. */
  recoverGuest: { points: 3, seconds: 3_600 },
};

/** How long a network address counts as known after a sign-in from it. */
const KNOWN_SECONDS = 30 * 24 * 3600;

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');
/** Redis keys contain hashes, not addresses. */
const subjectKey = ({ subject }: About): string => hashOf(subject.normalize('NFC').trim().toLowerCase());
const placeKey = (about: About): string => hashOf(`${subjectKey(about)} ${about.address}`);

export const noSubjectLimits: SubjectLimits = {
  spend: () => Promise.resolve(),
  succeeded: () => Promise.resolve(),
};

/** Counted in Redis, so that the budgets hold across processes; in this process while Redis is away. */
export function openSubjectLimits({ redis }: { redis: Redis }): SubjectLimits {
  const limiters = new Map(
    Object.entries(budgets).map(([what, budget]) => {
      const limiter = (kind: 'subject' | 'place') => {
        const settings = { keyPrefix: `limit:${kind}:${what}`, points: budget.points, duration: budget.seconds };
        const insuranceLimiter = new RateLimiterMemory(settings);
        return new RateLimiterRedis({ ...settings, storeClient: redis, insuranceLimiter, rejectIfRedisNotReady: true });
      };
      return [what, { budget, bySubject: limiter('subject'), byPlace: limiter('place') }];
    }),
  );
  const knownKey = (what: string, about: About) => `limit:known:${what}:${placeKey(about)}`;
  const isKnown = async (what: string, about: About) =>
    (await redis.exists(knownKey(what, about)).catch(() => 0)) === 1;

  return {
    async spend(what, about) {
      const limits = limiters.get(what);
      if (!limits) return;
      // Guesses from elsewhere must not lock the owner out at an address from which the owner has signed in.
      if (limits.budget.countsFailures && (await isKnown(what, about))) await take(limits.byPlace, placeKey(about));
      else await take(limits.bySubject, subjectKey(about));
    },
    async succeeded(what, about) {
      const limits = limiters.get(what);
      if (!limits?.budget.countsFailures) return;
      const known = await isKnown(what, about);
      const [limiter, key] = known ? [limits.byPlace, placeKey(about)] : [limits.bySubject, subjectKey(about)];
      await Promise.allSettled([limiter.reward(key, 1), redis.set(knownKey(what, about), '1', 'EX', KNOWN_SECONDS)]);
    },
  };
}

async function take(limiter: RateLimiterRedis, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (rejection) {
    if (!(rejection instanceof RateLimiterRes)) throw rejection;
    throw new RateLimited(Math.max(1, Math.ceil(rejection.msBeforeNext / 1000)));
  }
}
