import type { Session as SessionModel } from '#domain/account/session.ts';
import { builder } from '../builder.ts';
import { User } from './user.ts';

export const Session = builder.objectRef<SessionModel>('Session').implement({
  description: 'The tokens with which a client acts as the viewer.',
  fields: (t) => ({
    accessToken: t.exposeString('accessToken', {
      description:
        'Send it as `Authorization: Bearer <token>`, on a WebSocket as `authorization` in the connection params. Every operation with an expired token is refused, `refreshSession` too.',
    }),
    accessTokenExpiresAt: t.field({
      type: 'DateTime',
      description: 'When the access token expires. Refresh the session before then.',
      resolve: (session) => session.accessTokenExpiresAt,
    }),
    refreshToken: t.exposeString('refreshToken', {
      description:
        'For `refreshSession`; works once. Using it again after 30 seconds, or after its successor was used, ends the session.',
    }),
    viewer: t.field({ type: User, description: 'The signed-in viewer.', resolve: (session) => session.viewer }),
  }),
});

/** Defines a success type with a session. Each operation has its own, because every result union has its own. */
export const sessionSuccess = (name: string, description: string) =>
  builder.objectRef<SessionModel>(name).implement({
    description,
    fields: (t) => ({
      session: t.field({ type: Session, description: 'The new tokens.', resolve: (session) => session }),
    }),
  });
