import { GraphQLError } from 'graphql';
import { DomainError } from '#domain/errors.ts';
import { CoolingDown, TooManyPlaces, TooManyUnpaidSeats } from '#domain/hoarding/errors.ts';
import { ChallengeRequired } from '#domain/hoarding/guest-challenge.ts';
import type { Viewer } from '#domain/viewer.ts';
import type { HoardingLimit } from '#observability/hoarding-metrics.ts';
import type { OperationMetrics } from '#observability/operation-metrics.ts';
import type { Context, LimitedOperation, Resources } from '#schema/context.ts';
import { createLoaders } from '#schema/loaders.ts';
import type { RateLimits } from './rate-limits.ts';
import type { SubjectLimits } from './subject-limits.ts';

/** The identity of a caller. Without a token it has no viewer. */
export type Identity = {
  readonly viewer: Viewer | undefined;
  /** The token is not valid: every operation of this caller is refused with this error. */
  readonly refusal?: GraphQLError | undefined;
};

export type Caller = Identity & {
  /** The client's address, for rate limits. */
  readonly address: string;
  readonly requestId: string;
  /** W3C Trace Context, as the client sent it. */
  readonly traceparent?: string | undefined;
  readonly admission: string | undefined;
  readonly place: string | undefined;
};

/** The context of one execution. Codes of refusals are added to `refusals`, for the log. */
export function createContext(
  needs: { resources: Resources; limits: RateLimits; metrics?: OperationMetrics | undefined },
  { viewer, address, admission, place }: Caller,
  refusals: string[],
): Context {
  return {
    viewer,
    admission,
    place,
    addressKey: () => needs.resources.addressKeys(address),
    resources: needs.resources,
    loaders: createLoaders(needs.resources),
    async attempt(operation, work, subject) {
      const count = operation === 'createBooking' ? needs.metrics?.held : undefined;
      try {
        await needs.limits.spend(operation, { userId: viewer?.userId, address });
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
  limits: SubjectLimits,
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

/** `Bearer` alone carries no token: GraphiQL sends it before a token is pasted. */
const BEARER = /^Bearer(?: +([\w.~+/=-]+))?$/i;

/**
 * The viewer of `Bearer <access token>`. A token that has expired, belongs to an ended session or was not issued here is
 * refused on every operation: treated as no token, it would make a fan's bookings seem to be gone.
 */
export async function authenticate(
  { tokens, endedSessions }: Pick<Resources, 'tokens' | 'endedSessions'>,
  authorization: string | undefined,
): Promise<Identity> {
  const text = authorization?.trim();
  if (!text) return { viewer: undefined };
  const bearer = BEARER.exec(text);
  if (bearer && bearer[1] === undefined) return { viewer: undefined };
  const viewer = bearer?.[1] === undefined ? undefined : await tokens.verify(bearer[1]);
  if (viewer && !(await endedSessions.hasNow(viewer.sessionId))) return { viewer };
  const message =
    'The access token has expired or is not valid here. Refresh the session (without this token), or sign in again.';
  return { viewer: undefined, refusal: new GraphQLError(message, { extensions: { code: 'UNAUTHENTICATED' } }) };
}
