import { refreshSession, refreshSessionRefusals } from '#domain/account/refresh-session.ts';
import { builder } from '../builder.ts';
import { sessionSuccess } from './session.ts';

const RefreshSessionInput = builder.inputType('RefreshSessionInput', {
  description: 'A session to go on with.',
  fields: (t) => ({ refreshToken: t.string({ required: true, description: 'The latest one of the session.' }) }),
});

builder.mutationField('refreshSession', (t) =>
  t.field({
    type: sessionSuccess('RefreshSessionSuccess', 'The session goes on with new tokens.'),
    description:
      'Trades a refresh token, once, for the next pair of tokens of its session. For 30 seconds the same refresh token gets the same successor again while that one is unused: when the answer was lost, or two tabs refresh at once. Any later use ends the session.',
    args: { input: t.arg({ type: RefreshSessionInput, required: true, description: 'The session.' }) },
    errors: {
      types: [...refreshSessionRefusals],
      union: { name: 'RefreshSessionResult', description: 'The next tokens, or why there are none.' },
    },
    resolve: (_root, { input }, { resources, attempt }) =>
      attempt('refreshSession', () => refreshSession(resources, input)),
  }),
);
