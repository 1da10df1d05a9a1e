import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { RateLimited } from '#domain/errors.ts';
import type { Limits } from '#graphql/budget.ts';
import type { Redis } from '#redis/client.ts';
import type { LimitedOperation } from '#schema/context.ts';
import { isLoopback } from './client-address.ts';
import { type OwnCounts, openOwnCounts } from './own-counts.ts';
import { noSubjectLimits, openSubjectLimits } from './subject-limits.ts';

/**
 * `isExact`: holds across processes to the point, for what guesses passwords or is dear. The others may be exceeded by
 * a tenth of the points for each process more than one.
 */
type Budget = { readonly points: number; readonly seconds: number; readonly isExact?: true };
type Budgets = { readonly viewer?: Budget; readonly address: Budget };

/** Settings that a person changes by hand. */
const ORGANIZING: Budgets = {
  viewer: { points: 30, seconds: 60, isExact: true },
  address: { points: 300, seconds: 10 },
};

/** An address may be an office or a carrier's gateway, so its budget is much larger than that of one viewer. */
const budgets: Record<LimitedOperation | 'request', Budgets> = {
  /** Each request takes one point, a search or a list more. */
  request: { viewer: { points: 600, seconds: 10 }, address: { points: 3_000, seconds: 10 } },
  signUp: { address: { points: 20, seconds: 60, isExact: true } },
  signIn: { address: { points: 30, seconds: 60, isExact: true } },
  signInAsGuest: { address: { points: 120, seconds: 60 } },
  refreshSession: { address: { points: 300, seconds: 60 } },
  recoverGuest: { address: { points: 10, seconds: 600, isExact: true } },
  resumeGuest: { address: { points: 30, seconds: 60, isExact: true } },
  /** One per second on average, sixty at once: a client that repeats a key gets its booking, not a refusal. */
  createBooking: { viewer: { points: 60, seconds: 60 }, address: { points: 300, seconds: 10 } },
  /** Guesses. A code that was made here has 65 bits; an organizer's own may be a word. */
  giveCodes: {
    viewer: { points: 30, seconds: 60, isExact: true },
    address: { points: 300, seconds: 60, isExact: true },
  },
  cancelBooking: { viewer: { points: 10, seconds: 10, isExact: true }, address: { points: 300, seconds: 10 } },
  /** A crowd on one carrier joins together, and each of them once. */
  joinWaitingRoom: { viewer: { points: 60, seconds: 60 }, address: { points: 3_000, seconds: 10 } },
  leaveWaitingRoom: { viewer: { points: 60, seconds: 60 }, address: { points: 3_000, seconds: 10 } },
  configureWaitingRoom: ORGANIZING,
  openWaitingRoom: ORGANIZING,
  pauseWaitingRoom: ORGANIZING,
  endWaitingRoom: ORGANIZING,
  createOrganization: { viewer: { points: 5, seconds: 60, isExact: true }, address: { points: 60, seconds: 60 } },
  createVenue: ORGANIZING,
  updateVenue: ORGANIZING,
  createUpload: ORGANIZING,
  importSeatingPlan: ORGANIZING,
  publishSeatingPlan: ORGANIZING,
  setPrices: ORGANIZING,
  createEvent: ORGANIZING,
  updateEvent: ORGANIZING,
  duplicateEvent: ORGANIZING,
  publishEvent: ORGANIZING,
  pauseSales: ORGANIZING,
  resumeSales: ORGANIZING,
  rescheduleEvent: ORGANIZING,
  previewEventCancellation: ORGANIZING,
  cancelEvent: ORGANIZING,
  setAllocation: ORGANIZING,
  createCodes: ORGANIZING,
  recordPayout: ORGANIZING,
  /** A counter sells a ticket every few seconds, and a server with an access key sells for all counters. */
  sellAtBoxOffice: { viewer: { points: 300, seconds: 60, isExact: true }, address: { points: 1_000, seconds: 10 } },
  /** A person at a counter, or a server for all of them. */
  refundTickets: { viewer: { points: 120, seconds: 60, isExact: true }, address: { points: 1_000, seconds: 10 } },
  inviteMember: ORGANIZING,
  /** A token has 256 bits, so guesses are hopeless. */
  acceptInvitation: ORGANIZING,
  changeMember: ORGANIZING,
  removeMember: ORGANIZING,
  createAccessKey: ORGANIZING,
  revokeAccessKey: ORGANIZING,
};

/**
 * A caller with few requests is counted in this process alone: a million waiting fans cost no Redis key and no round trip.
 * From a tenth of a budget on, a caller is counted in Redis, so that budgets hold across processes; while Redis is away, in
 * this process.
 * `looseLoopback`: a load test of thousands of buyers comes from one loopback address, which has no limit of its own then.
 */
export function openRateLimits(options: { redis: Redis; enabled: boolean; looseLoopback: boolean }): Limits {
  if (!options.enabled) return { spend: () => Promise.resolve(), subjects: noSubjectLimits };

  const limiter = (kind: 'viewer' | 'address', what: string, budget: Budget) => {
    const settings = { keyPrefix: `limit:${kind}:${what}`, points: budget.points, duration: budget.seconds };
    const shared = new RateLimiterRedis({
      ...settings,
      storeClient: options.redis,
      // A caller with an empty budget is refused without a round trip.
      inMemoryBlockOnConsumed: budget.points,
      insuranceLimiter: new RateLimiterMemory(settings),
      // While Redis is away, no request waits for it.
      rejectIfRedisNotReady: true,
    });
    const own = budget.isExact ? undefined : openOwnCounts({ ...budget, share: shareOf(budget) });
    return { shared, own };
  };
  const limiters = Object.fromEntries(
    Object.entries(budgets).map(([what, { viewer, address }]) => [
      what,
      { viewer: viewer && limiter('viewer', what, viewer), address: limiter('address', what, address) },
    ]),
  );

  return {
    subjects: openSubjectLimits(options),
    async spend(what, { userId, address }, points = 1) {
      const { viewer: byViewer, address: byAddress } = limiters[what] ?? {};
      const exempt = options.looseLoopback && isLoopback(address);
      await Promise.all([
        byViewer && userId !== undefined && take(byViewer, userId, points),
        byAddress && !exempt && take(byAddress, address, points),
      ]);
    },
  };
}

const shareOf = ({ points }: Budget): number => Math.min(Math.max(5, Math.ceil(points / 10)), points - 1);

type Limiter = { readonly shared: RateLimiterRedis; readonly own: OwnCounts | undefined };

async function take({ shared, own }: Limiter, key: string, points: number): Promise<void> {
  const toShare = own ? own.take(key, points) : points;
  if (toShare === 0) return;
  try {
    await shared.consume(key, toShare);
  } catch (rejection) {
    if (!(rejection instanceof RateLimiterRes)) throw rejection;
    throw new RateLimited(Math.max(1, Math.ceil(rejection.msBeforeNext / 1000)));
  }
}
