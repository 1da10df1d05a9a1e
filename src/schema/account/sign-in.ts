import { signIn, signInRefusals } from '#domain/account/sign-in.ts';
import { builder } from '../builder.ts';
import { sessionSuccess } from './session.ts';

const SignInInput = builder.inputType('SignInInput', {
  description: 'The credentials of an account.',
  fields: (t) => ({
    email: t.string({ required: true, description: "The account's e-mail address." }),
    password: t.string({ required: true, description: "The account's password." }),
  }),
});

builder.mutationField('signIn', (t) =>
  t.field({
    type: sessionSuccess('SignInSuccess', 'The account is signed in.'),
    description:
      'Opens a session of an account. After ten wrong passwords for one e-mail address, from any network, it is RATE_LIMITED for up to 15 minutes, whether or not the address has an account.',
    args: { input: t.arg({ type: SignInInput, required: true, description: 'The credentials.' }) },
    errors: {
      types: [...signInRefusals],
      union: { name: 'SignInResult', description: 'The new session, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, { resources, attempt }) =>
      attempt('signIn', () => signIn(resources, input), input.email),
  }),
);
