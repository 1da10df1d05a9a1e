import { GraphQLError } from 'graphql';
import type { Viewer } from '#domain/viewer.ts';
import type { Resources } from '#schema/context.ts';

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
