import type { Session as SessionModel } from '#domain/account/session.ts';
import { builder } from '../builder.ts';
import { User } from './user.ts';

export const Session = builder.objectRef<SessionModel>('Session').implement({
  description: 'What a client keeps to act as the viewer.',
  fields: (t) => ({
    accessToken: t.exposeString('accessToken', {
      description:
        'Send it as `Authorization: Bearer <token>`, on a WebSocket as `authorization` in the connection params. An ended token refuses each operation that carries it, `refreshSession` too.',
    }),
    accessTokenExpiresAt: t.field({
      type: 'DateTime',
      description: 'Refresh the session before.',
      resolve: (session) => session.accessTokenExpiresAt,
    }),
    refreshToken: t.exposeString('refreshToken', {
      description:
        'Works once, for `refreshSession`. Used again after 30 seconds, or after its successor was used, it ends the session.',
    }),
    viewer: t.field({ type: User, description: 'Who is signed in now.', resolve: (session) => session.viewer }),
  }),
});

/** Each operation that opens a session has a success type of its own, as every result union has. */
export const sessionSuccess = (name: string, description: string) =>
  builder.objectRef<SessionModel>(name).implement({
    description,
    fields: (t) => ({
      session: t.field({ type: Session, description: 'The new tokens.', resolve: (session) => session }),
    }),
  });
