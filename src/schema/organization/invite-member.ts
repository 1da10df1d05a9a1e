import { NotFound } from '#domain/errors.ts';
import { inviteMember, inviteMemberRefusals } from '#domain/organization/invite-member.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';
import { Invitation, OrganizationRole } from './organization.ts';

const InviteMemberInput = builder.inputType('InviteMemberInput', {
  description: 'The person to invite.',
  fields: (t) => ({
    organizationId: t.id({ required: true, description: 'The id of an Organization.' }),
    email: t.string({ required: true, description: 'The e-mail address of the account that may accept.' }),
    role: t.field({ type: OrganizationRole, required: true, description: 'The role that the person gets.' }),
  }),
});

const InviteMemberSuccess = builder
  .objectRef<Awaited<ReturnType<typeof inviteMember>>>('InviteMemberSuccess')
  .implement({
    description: 'The invitation exists. Hand its token to the person.',
    fields: (t) => ({
      invitation: t.field({
        type: Invitation,
        description: 'The invitation.',
        resolve: ({ invitation }) => invitation,
      }),
      token: t.exposeString('token', {
        description: 'For `acceptInvitation`, once. It cannot be read again, and no mail is sent.',
      }),
    }),
  });

builder.mutationField('inviteMember', (t) =>
  t.field({
    type: InviteMemberSuccess,
    description:
      'Invites the owner of an e-mail address to the organization. An earlier invitation of the same address ends. Only for owners.',
    args: { input: t.arg({ type: InviteMemberInput, required: true, description: 'The person to invite.' }) },
    errors: {
      types: [...inviteMemberRefusals],
      union: { name: 'InviteMemberResult', description: 'The invitation, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('inviteMember', async () => {
        const organizationId = decodeId('Organization', input.organizationId);
        if (!organizationId) throw new NotFound('organization');
        return inviteMember(context.resources, actor, { ...input, organizationId });
      });
    },
  }),
);
