import { refreshSession, refreshSessionRefusals } from '#domain/account/refresh-session.ts';
import { builder } from '../builder.ts';
import { sessionSuccess } from './session.ts';

const RefreshSessionInput = builder.inputType('RefreshSessionInput', {
  description: 'The session to continue.',
  fields: (t) => ({
    refreshToken: t.string({ required: true, description: 'The latest refresh token of the session.' }),
  }),
});

builder.mutationField('refreshSession', (t) =>
  t.field({
    type: sessionSuccess('RefreshSessionSuccess', 'The session continues with new tokens.'),
    description:
      'Trades a refresh token, once, for the next pair of tokens of its session. For 30 seconds, and while the new refresh token is unused, the old one returns that same new one again, because an answer may be lost, or two tabs may refresh at once. Any later use of the old one ends the session.',
    args: { input: t.arg({ type: RefreshSessionInput, required: true, description: 'The session.' }) },
    errors: {
      types: [...refreshSessionRefusals],
      union: { name: 'RefreshSessionResult', description: 'The next tokens, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, { resources, attempt }) =>
      attempt('refreshSession', () => refreshSession(resources, input)),
  }),
);
