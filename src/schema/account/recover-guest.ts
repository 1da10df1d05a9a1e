import { recoverGuest, recoverGuestRefusals } from '#domain/account/recover-guest.ts';
import { builder } from '../builder.ts';

const RecoverGuestInput = builder.inputType('RecoverGuestInput', {
  description: 'A guest who lost the session, for example with a browser.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'The e-mail address that the guest gave when signing in.' }),
  }),
});

const RecoverGuestSuccess = builder.objectRef<{ linkValidMinutes: number }>('RecoverGuestSuccess').implement({
  description:
    'If a guest gave this address, a mail with a link will be sent. The answer is the same when no guest gave it.',
  fields: (t) => ({
    linkValidMinutes: t.exposeInt('linkValidMinutes', {
      description: 'How many minutes the link works after the mail was sent.',
    }),
  }),
});

builder.mutationField('recoverGuest', (t) =>
  t.field({
    type: RecoverGuestSuccess,
    description:
      'Sends a link to the address for each guest who booked with it. `resumeGuest` trades the token of a link for a session.',
    args: { input: t.arg({ type: RecoverGuestInput, required: true, description: 'The guest.' }) },
    errors: {
      types: [...recoverGuestRefusals],
      union: { name: 'RecoverGuestResult', description: 'Success, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, { resources, attempt }) =>
      attempt('recoverGuest', () => recoverGuest(resources, input), input.email),
  }),
);
