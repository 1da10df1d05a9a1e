import { resumeGuest, resumeGuestRefusals } from '#domain/account/resume-guest.ts';
import { builder } from '../builder.ts';
import { sessionSuccess } from './session.ts';

const ResumeGuestInput = builder.inputType('ResumeGuestInput', {
  description: 'A recovery link.',
  fields: (t) => ({ token: t.string({ required: true, description: 'The token from the link in the mail.' }) }),
});

builder.mutationField('resumeGuest', (t) =>
  t.field({
    type: sessionSuccess('ResumeGuestSuccess', 'The guest is signed in again.'),
    description:
      'Opens a session of the guest for whom `recoverGuest` made the link. All bookings of the guest are there. A link works once.',
    args: { input: t.arg({ type: ResumeGuestInput, required: true, description: 'The link.' }) },
    errors: {
      types: [...resumeGuestRefusals],
      union: { name: 'ResumeGuestResult', description: 'The new session, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, { resources, attempt }) => attempt('resumeGuest', () => resumeGuest(resources, input)),
  }),
);
