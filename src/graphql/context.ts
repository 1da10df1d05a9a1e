import { DomainError } from '#domain/errors.ts';
import { CoolingDown, TooManyPlaces, TooManyUnpaidSeats } from '#domain/hoarding/errors.ts';
import { ChallengeRequired } from '#domain/hoarding/guest-challenge.ts';
import type { Viewer } from '#domain/viewer.ts';
import type { HoardingLimit } from '#observability/hoarding-metrics.ts';
import type { OperationMetrics } from '#observability/operation-metrics.ts';
import type { Context, LimitedOperation, Resources } from '#schema/context.ts';
import { createLoaders } from '#schema/loaders.ts';
import type { Limits } from './budget.ts';
import { type Caller, callerIdOf } from './call.ts';
import type { Holders } from './overload/holders.ts';

export type ContextNeeds = {
  readonly resources: Resources;
  readonly limits: Limits;
  /** Without it nothing is counted. */
  readonly metrics?: OperationMetrics | undefined;
  /** Learns which viewers got seats. */
  readonly overload?: { readonly holders: Pick<Holders, 'add'> } | undefined;
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
      try {
        await needs.limits.spend(operation, { userId: callerIdOf({ viewer, accessKey }), address });
        const answer = await aboutSubject(needs.limits.subjects, { operation, subject, address }, work);
        if (operation === 'createBooking') noteHold(needs, viewer, answer);
        return answer;
      } catch (error) {
        if (error instanceof DomainError) refusals.push(error.code);
        countFailure(needs, operation, error);
        throw error;
      }
    },
  };
}

function countFailure({ metrics }: ContextNeeds, operation: LimitedOperation, error: unknown): void {
  const limit = hoardingLimitOf(error);
  if (limit) metrics?.hoarded(limit);
  if (operation === 'createBooking') metrics?.held(error instanceof DomainError ? error.code : 'FAILED');
}

function noteHold({ metrics, overload }: ContextNeeds, viewer: Viewer | undefined, answer: unknown): void {
  metrics?.held(isReplayed(answer) ? 'REPLAYED' : 'HELD');
  if (viewer) overload?.holders.add(viewer.userId);
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
