import { GraphQLError } from 'graphql';
import type { Actor, Viewer } from '#domain/viewer.ts';
import type { Context } from './context.ts';

/** Returns the viewer. Throws UNAUTHENTICATED as a top-level error: it is not a refusal that depends on the input. */
export function requireViewer(context: Pick<Context, 'viewer'>): Viewer {
  if (context.viewer) return context.viewer;
  throw unauthenticated();
}

/** Returns the viewer or the access key. Throws UNAUTHENTICATED as a top-level error. */
export function requireActor({ viewer, accessKey }: Pick<Context, 'viewer' | 'accessKey'>): Actor {
  const actor = viewer ?? accessKey;
  if (actor) return actor;
  throw unauthenticated();
}

const unauthenticated = (): GraphQLError =>
  new GraphQLError('Sign in first, or refresh the session: this needs a valid access token.', {
    extensions: { code: 'UNAUTHENTICATED' },
  });
