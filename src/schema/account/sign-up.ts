import { signUp, signUpRefusals } from '#domain/account/sign-up.ts';
import { builder } from '../builder.ts';
import { sessionSuccess } from './session.ts';

const SignUpInput = builder.inputType('SignUpInput', {
  description: 'A new account.',
  fields: (t) => ({
    email: t.string({
      required: true,
      description: 'An e-mail address can have one account; upper and lower case do not matter.',
    }),
    password: t.string({ required: true, description: '10 to 200 characters.' }),
    displayName: t.string({ required: true, description: '1 to 100 characters.' }),
  }),
});

builder.mutationField('signUp', (t) =>
  t.field({
    type: sessionSuccess('SignUpSuccess', 'The account exists and is signed in.'),
    description:
      'Creates an account and signs it in. Sent with the access token of a guest, it turns that guest into the account: bookings and tickets stay, the other sessions of the guest end, and the new refresh token replaces the old one.',
    args: { input: t.arg({ type: SignUpInput, required: true, description: 'The new account.' }) },
    errors: {
      types: [...signUpRefusals],
      union: { name: 'SignUpResult', description: 'The new session, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, { resources, viewer, attempt }) =>
      attempt('signUp', () => signUp(resources, viewer, input)),
  }),
);
