import { signInAsGuest, signInAsGuestRefusals } from '#domain/account/sign-in-as-guest.ts';
import { builder } from '../builder.ts';
import { sessionSuccess } from './session.ts';

const SignInAsGuestInput = builder.inputType('SignInAsGuestInput', {
  description: 'A visitor who wants no account.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'Where the tickets are sent.' }),
    challengeAnswer: t.string({
      description:
        'The answer to the challenge of a ChallengeRequired, good for one session. Needed only where guests are challenged.',
    }),
  }),
});

builder.mutationField('signInAsGuest', (t) =>
  t.field({
    type: sessionSuccess('SignInAsGuestSuccess', 'The guest is signed in.'),
    description:
      'Opens a session of a new viewer, every time: an address that was used before gives no access to anything.',
    args: { input: t.arg({ type: SignInAsGuestInput, required: true, description: 'The guest.' }) },
    errors: {
      types: [...signInAsGuestRefusals],
      union: { name: 'SignInAsGuestResult', description: 'The new session, or why there is none.' },
    },
    resolve: (_root, { input }, { resources, attempt }) =>
      attempt('signInAsGuest', () => signInAsGuest(resources, input)),
  }),
);
