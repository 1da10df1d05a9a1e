import { GraphQLError } from 'graphql';
import { ACCESS_KEY_PREFIX } from '#domain/organization/access-keys.ts';
import { isOutage } from '#domain/outages.ts';
import type { Viewer } from '#domain/viewer.ts';
import type { Resources } from '#schema/context.ts';
import type { Identity } from './call.ts';
import { type ContextNeeds, createContext } from './context.ts';
import type { ErrorCode } from './errors.ts';
import type { OperationPlugin } from './plugin.ts';

/** `Bearer` alone carries no token: GraphiQL sends it before a token is pasted. */
const BEARER = /^Bearer(?: +([\w.~+/=-]+))?$/i;

/**
 * The viewer of `Bearer <access token>`, or the access key of `Bearer <its secret>`. A token that has expired, belongs to an ended session or was not issued here is
 * refused on every operation: treated as no token, it would make a fan's bookings seem to be gone.
 */
export async function authenticate(
  { tokens, endedSessions, accessKeys }: Pick<Resources, 'tokens' | 'endedSessions' | 'accessKeys'>,
  authorization: string | undefined,
): Promise<Identity> {
  const text = authorization?.trim();
  if (!text) return { viewer: undefined };
  const bearer = BEARER.exec(text);
  if (bearer && bearer[1] === undefined) return { viewer: undefined };
  const token = bearer?.[1] ?? '';
  if (token.startsWith(ACCESS_KEY_PREFIX)) return authenticateKey(accessKeys, token);
  const viewer = token === '' ? undefined : await tokens.verify(token);
  if (viewer && !(await endedSessions.hasNow(viewer.sessionId))) return { viewer };
  return refused(
    'The access token has expired or is not valid here. Refresh the session (without this token), or sign in again.',
  );
}

async function authenticateKey(accessKeys: Resources['accessKeys'], secret: string): Promise<Identity> {
  try {
    const accessKey = await accessKeys.find(secret);
    return accessKey ? { viewer: undefined, accessKey } : refused('The access key is unknown, revoked or expired.');
  } catch (error) {
    if (!isOutage(error)) throw error;
    return refused('Access keys cannot be checked at the moment. Try again soon.', 'TEMPORARILY_UNAVAILABLE');
  }
}

const refused = (message: string, code: ErrorCode = 'UNAUTHENTICATED'): Identity => ({
  viewer: undefined,
  refusal: new GraphQLError(message, { extensions: { code } }),
});

/** The viewer of a token that was verified before; undefined for any other token, which may be a good one. */
export function knownViewer(
  { tokens }: Pick<Resources, 'tokens'>,
  authorization: string | undefined,
): Viewer | undefined {
  const token = BEARER.exec(authorization?.trim() ?? '')?.[1];
  return token === undefined ? undefined : tokens.known(token);
}

/** Refuses every operation of a caller whose token is not valid, and gives resolvers their context. */
export function useCaller(needs: ContextNeeds): OperationPlugin {
  return {
    onParse({ context: { call } }) {
      if (call.caller.refusal) throw call.caller.refusal;
    },
    onContextBuilding({ context, extendContext }) {
      // A plug-in's type does not know the fields that it adds.
      extendContext(createContext(needs, context.call.caller, context.call.refusals) as object);
    },
  };
}
