import { signInAsGuest, signInAsGuestRefusals } from '#domain/account/sign-in-as-guest.ts';
import { builder } from '../builder.ts';
import { sessionSuccess } from './session.ts';

const SignInAsGuestInput = builder.inputType('SignInAsGuestInput', {
  description: 'A fan who does not want an account.',
  fields: (t) => ({
    email: t.string({
      required: true,
      description: 'The e-mail address of the guest. `recoverGuest` sends links to it.',
    }),
    challengeAnswer: t.string({
      description:
        'The solution of the challenge in a ChallengeRequired; valid for one session. Needed only on systems that challenge guests.',
    }),
  }),
});

builder.mutationField('signInAsGuest', (t) =>
  t.field({
    type: sessionSuccess('SignInAsGuestSuccess', 'The guest is signed in.'),
    description:
      'Opens a session of a new viewer each time. An e-mail address that was used before gives no access to earlier bookings.',
    args: { input: t.arg({ type: SignInAsGuestInput, required: true, description: 'The guest.' }) },
    errors: {
      types: [...signInAsGuestRefusals],
      union: { name: 'SignInAsGuestResult', description: 'The new session, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, { resources, attempt }) =>
      attempt('signInAsGuest', () => signInAsGuest(resources, input)),
  }),
);
