import { GraphQLError } from 'graphql';
import type { Viewer } from '#domain/viewer.ts';
import type { Context } from './context.ts';

/** Returns the viewer. Throws UNAUTHENTICATED as a top-level error: it is not a refusal that depends on the input. */
export function requireViewer(context: Pick<Context, 'viewer'>): Viewer {
  if (context.viewer) return context.viewer;
  throw new GraphQLError('Sign in first, or refresh the session: this needs a valid access token.', {
    extensions: { code: 'UNAUTHENTICATED' },
  });
}
