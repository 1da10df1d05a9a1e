import { GraphQLError } from 'graphql';
import type { Viewer } from '#domain/viewer.ts';
import type { Context } from './context.ts';

/** For what only a viewer may do. It is no refusal in a union: whoever is not signed in has nothing to decide. */
export function requireViewer(context: Pick<Context, 'viewer'>): Viewer {
  if (context.viewer) return context.viewer;
  throw new GraphQLError('Sign in first, or refresh the session: this needs a valid access token.', {
    extensions: { code: 'UNAUTHENTICATED' },
  });
}
