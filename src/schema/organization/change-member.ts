import { NotFound } from '#domain/errors.ts';
import {
  type ChangedMember,
  changeMember,
  changeMemberRefusals,
  removeMember,
  removeMemberRefusals,
} from '#domain/organization/change-member.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';
import { Member, Organization, OrganizationRole } from './organization.ts';

const ORGANIZATION = { required: true, description: 'The id of an Organization.' } as const;
const MEMBER = { required: true, description: 'The `userId` of a Member.' } as const;

const ChangeMemberInput = builder.inputType('ChangeMemberInput', {
  description: 'The member and the new role.',
  fields: (t) => ({
    organizationId: t.id(ORGANIZATION),
    userId: t.id(MEMBER),
    role: t.field({ type: OrganizationRole, required: true, description: 'The new role.' }),
  }),
});

const RemoveMemberInput = builder.inputType('RemoveMemberInput', {
  description: 'The member to remove.',
  fields: (t) => ({ organizationId: t.id(ORGANIZATION), userId: t.id(MEMBER) }),
});

const memberSuccess = (name: string, description: string, member: string) =>
  builder.objectRef<ChangedMember>(name).implement({
    description,
    fields: (t) => ({
      organization: t.field({
        type: Organization,
        description: 'The organization, as it is now.',
        resolve: ({ organization }) => organization,
      }),
      member: t.field({ type: Member, description: member, resolve: (changed) => changed.member }),
    }),
  });

/** Throws NotFound for an id that cannot be one. */
function idsOf(input: { organizationId: string; userId: string }) {
  const organizationId = decodeId('Organization', input.organizationId);
  if (!organizationId) throw new NotFound('organization');
  // An id of another type is that of no member, which only callers with the right may learn.
  return { organizationId, userId: decodeId('User', input.userId) ?? '' };
}

builder.mutationField('changeMember', (t) =>
  t.field({
    type: memberSuccess('ChangeMemberSuccess', 'The member has the role.', 'The member, as it is now.'),
    description:
      'Gives a member another role. It takes effect at once: open subscriptions that the new role does not allow end within two seconds. The last owner stays an owner. Only for owners.',
    args: { input: t.arg({ type: ChangeMemberInput, required: true, description: 'The member and the new role.' }) },
    errors: {
      types: [...changeMemberRefusals],
      union: { name: 'ChangeMemberResult', description: 'The member, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('changeMember', async () =>
        changeMember(context.resources, actor, { ...idsOf(input), role: input.role }),
      );
    },
  }),
);

builder.mutationField('removeMember', (t) =>
  t.field({
    type: memberSuccess('RemoveMemberSuccess', 'The membership has ended.', 'The member, as it was.'),
    description:
      'Ends a membership, at once, with all open subscriptions of the member to the organization. The last owner stays. Only for owners.',
    args: { input: t.arg({ type: RemoveMemberInput, required: true, description: 'The member to remove.' }) },
    errors: {
      types: [...removeMemberRefusals],
      union: { name: 'RemoveMemberResult', description: 'The former member, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('removeMember', async () => removeMember(context.resources, actor, idsOf(input)));
    },
  }),
);
