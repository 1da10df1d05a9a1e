import { DomainError } from '#domain/errors.ts';
import { CoolingDown, TooManyPlaces, TooManyUnpaidSeats } from '#domain/hoarding/errors.ts';
import { ChallengeRequired } from '#domain/hoarding/guest-challenge.ts';
import type { HoardingLimit } from '#observability/hoarding-metrics.ts';
import type { OperationMetrics } from '#observability/operation-metrics.ts';
import type { Context, LimitedOperation, Resources } from '#schema/context.ts';
import { createLoaders } from '#schema/loaders.ts';
import type { Limits } from './budget.ts';
import { type Caller, callerIdOf } from './call.ts';

export type ContextNeeds = {
  readonly resources: Resources;
  readonly limits: Limits;
  /** Without it nothing is counted. */
  readonly metrics?: OperationMetrics | undefined;
};

/** Without a viewer for a result that is the same for all clients. */
export type AboutCaller = Partial<Pick<Caller, 'viewer' | 'accessKey' | 'admission' | 'place' | 'address'>>;

/** The context of one execution. Codes of refusals are added to `refusals`, for the log. */
export function createContext(
  needs: ContextNeeds,
  { viewer, accessKey, address = '', admission, place }: AboutCaller,
  refusals: string[] = [],
): Context {
  return {
    viewer,
    accessKey,
    admission,
    place,
    addressKey: () => needs.resources.addressKeys(address),
    resources: needs.resources,
    loaders: createLoaders(needs.resources),
    async attempt(operation, work, subject) {
      const count = operation === 'createBooking' ? needs.metrics?.held : undefined;
      try {
        await needs.limits.spend(operation, { userId: callerIdOf({ viewer, accessKey }), address });
        const answer = await aboutSubject(needs.limits.subjects, { operation, subject, address }, work);
        count?.(isReplayed(answer) ? 'REPLAYED' : 'HELD');
        return answer;
      } catch (error) {
        if (error instanceof DomainError) refusals.push(error.code);
        const limit = hoardingLimitOf(error);
        if (limit) needs.metrics?.hoarded(limit);
        count?.(error instanceof DomainError ? error.code : 'FAILED');
        throw error;
      }
    },
  };
}

function hoardingLimitOf(error: unknown): HoardingLimit | undefined {
  if (error instanceof TooManyUnpaidSeats) return error.of;
  if (error instanceof TooManyPlaces) return 'PLACES';
  if (error instanceof ChallengeRequired) return 'CHALLENGE';
  return error instanceof CoolingDown ? 'COOL_DOWN' : undefined;
}

async function aboutSubject<T>(
  limits: Limits['subjects'],
  { operation, subject, address }: { operation: LimitedOperation; subject: string | undefined; address: string },
  work: () => Promise<T>,
): Promise<T> {
  if (subject === undefined) return work();
  await limits.spend(operation, { subject, address });
  const answer = await work();
  await limits.succeeded(operation, { subject, address });
  return answer;
}

const isReplayed = (answer: unknown): boolean =>
  typeof answer === 'object' && answer !== null && 'replayed' in answer && answer.replayed === true;
