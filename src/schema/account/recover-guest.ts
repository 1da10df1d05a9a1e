import { recoverGuest, recoverGuestRefusals } from '#domain/account/recover-guest.ts';
import { builder } from '../builder.ts';

const RecoverGuestInput = builder.inputType('RecoverGuestInput', {
  description: 'A guest who lost the session.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'The address that the guest gave when signing in.' }),
  }),
});

const RecoverGuestSuccess = builder.objectRef<{ linkValidMinutes: number }>('RecoverGuestSuccess').implement({
  description:
    'If a guest gave this address, a mail with a link is on its way. The answer is the same when no guest did.',
  fields: (t) => ({
    linkValidMinutes: t.exposeInt('linkValidMinutes', {
      description: 'For how many minutes after the mail was sent its link works.',
    }),
  }),
});

builder.mutationField('recoverGuest', (t) =>
  t.field({
    type: RecoverGuestSuccess,
    description:
      'Has a link sent to the address, for each guest who booked with it. `resumeGuest` trades the token of a link for a session.',
    args: { input: t.arg({ type: RecoverGuestInput, required: true, description: 'The guest.' }) },
    errors: {
      types: [...recoverGuestRefusals],
      union: { name: 'RecoverGuestResult', description: 'What was done, or why not.' },
    },
    resolve: (_root, { input }, { resources, attempt }) =>
      attempt('recoverGuest', () => recoverGuest(resources, input), input.email),
  }),
);
