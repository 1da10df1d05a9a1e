import { DomainError } from '#domain/errors.ts';
import type { Viewer } from '#domain/viewer.ts';
import type { OperationMetrics } from '#observability/operation-metrics.ts';
import type { Context, Resources } from '#schema/context.ts';
import { createLoaders } from '#schema/loaders.ts';
import type { RateLimits } from './rate-limits.ts';

export type Caller = {
  readonly viewer: Viewer | undefined;
  /** Of the client, for its rate limits. */
  readonly address: string;
  readonly requestId: string;
  /** W3C Trace Context, as the client sent it. */
  readonly traceparent?: string | undefined;
  readonly admission: string | undefined;
  readonly place: string | undefined;
};

/** The context of one execution; the codes of what it refuses are added to `refusals`, for the log. */
export function createContext(
  needs: { resources: Resources; limits: RateLimits; metrics?: OperationMetrics | undefined },
  { viewer, address, admission, place }: Caller,
  refusals: string[],
): Context {
  return {
    viewer,
    admission,
    place,
    resources: needs.resources,
    loaders: createLoaders(needs.resources),
    async attempt(operation, work) {
      const count = operation === 'createBooking' ? needs.metrics?.held : undefined;
      try {
        await needs.limits.spend(operation, { userId: viewer?.userId, address });
        const answer = await work();
        count?.(isReplayed(answer) ? 'REPLAYED' : 'HELD');
        return answer;
      } catch (error) {
        if (error instanceof DomainError) refusals.push(error.code);
        count?.(error instanceof DomainError ? error.code : 'FAILED');
        throw error;
      }
    },
  };
}

const isReplayed = (answer: unknown): boolean =>
  typeof answer === 'object' && answer !== null && 'replayed' in answer && answer.replayed === true;

/** The viewer of `Bearer <access token>`; undefined without one, past its time, or when its session was ended. */
export async function authenticate(
  { tokens, endedSessions }: Pick<Resources, 'tokens' | 'endedSessions'>,
  authorization: string | undefined,
): Promise<Viewer | undefined> {
  const token = /^Bearer ([\w.~+/=-]+)$/i.exec(authorization ?? '')?.[1];
  const viewer = token === undefined ? undefined : await tokens.verify(token);
  return viewer && !endedSessions.has(viewer.sessionId) ? viewer : undefined;
}
