import { GraphQLError } from 'graphql';
import type { Resources } from '#schema/context.ts';
import type { Identity } from './call.ts';
import { type ContextNeeds, createContext } from './context.ts';
import type { OperationPlugin } from './plugin.ts';

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
