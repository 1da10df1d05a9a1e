import { acceptInvitation, acceptInvitationRefusals } from '#domain/organization/accept-invitation.ts';
import { builder } from '../builder.ts';
import { requireActor } from '../viewer.ts';
import { organizationSuccess } from './organization-success.ts';

const AcceptInvitationInput = builder.inputType('AcceptInvitationInput', {
  description: 'The invitation to accept.',
  fields: (t) => ({
    token: t.string({ required: true, description: 'The token that `inviteMember` returned to the inviter.' }),
  }),
});

builder.mutationField('acceptInvitation', (t) =>
  t.field({
    type: organizationSuccess('AcceptInvitationSuccess', 'The viewer is a member of the organization.'),
    description:
      'Makes the viewer a member of the organization. NotFound for a token that is unknown, used or older than seven days, and for an account with another address than that of the invitation.',
    args: { input: t.arg({ type: AcceptInvitationInput, required: true, description: 'The invitation to accept.' }) },
    errors: {
      types: [...acceptInvitationRefusals],
      union: { name: 'AcceptInvitationResult', description: 'The organization, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('acceptInvitation', async () => ({
        organization: await acceptInvitation(context.resources, actor, input),
      }));
    },
  }),
);
