import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { isUuid } from '#shared/uuid.ts';
import { NotFound, RateLimited, TryAgain } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Actor } from '../viewer.ts';
import { appendAudit } from './audit-statements.ts';
import { LastOwner, NotAllowed } from './errors.ts';
import { findMember, findOrganization, type Member, type Organization } from './organization-queries.ts';
import { countOwners, deleteInvitationsOf, enterOrganization, findRoleOf } from './organization-statements.ts';
import type { Rights } from './rights.ts';
import type { OrganizationRole } from './rights-rules.ts';

export const changeMemberRefusals = [NotFound, NotAllowed, LastOwner, RateLimited, TryAgain] as const;
export const removeMemberRefusals = [...changeMemberRefusals] as const;

type Needs = { readonly db: Db; readonly rights: Pick<Rights, 'changed'> };
type Request = { readonly organizationId: string; readonly userId: string };
export type ChangedMember = { readonly organization: Organization; readonly member: Member };

/**
 * Gives a member another role, effective at once in every process, also for open subscriptions. Throws LastOwner for the
 * last owner.
 */
export function changeMember(
  needs: Needs,
  actor: Actor,
  request: Request & { readonly role: OrganizationRole },
): Promise<ChangedMember> {
  return change(needs, actor, { ...request, operation: 'changeMember' });
}

/** Ends a membership, effective at once in every process. The answer has the member as it was. Throws LastOwner. */
export function removeMember(needs: Needs, actor: Actor, request: Request): Promise<ChangedMember> {
  return change(needs, actor, { ...request, role: undefined, operation: 'removeMember' });
}

type Change = Request & {
  readonly operation: 'changeMember' | 'removeMember';
  /** Undefined: the membership ends. */
  readonly role: OrganizationRole | undefined;
};

async function change({ db, rights }: Needs, actor: Actor, wanted: Change): Promise<ChangedMember> {
  const { organizationId, userId, operation } = wanted;
  if (!isUuid(organizationId)) throw new NotFound('organization');
  const changed = await orTryAgain(
    inTransaction(db, operation, async (tx) => {
      const admittedAs = await enterOrganization(tx, actor, { operation: `Mutation.${operation}`, organizationId });
      if (!isUuid(userId)) throw new NotFound('member');
      const before = await findRoleOf(tx, organizationId, userId);
      const isStillOwner = before !== 'OWNER' || wanted.role === 'OWNER';
      if (!isStillOwner && (await countOwners(tx, organizationId)) < 2) throw new LastOwner();
      const asBefore = await findMember(tx, organizationId, userId);
      if (before !== wanted.role) {
        await write(tx, wanted);
        if (!isStillOwner) await deleteInvitationsOf(tx, organizationId, userId);
        const after = wanted.role && { role: wanted.role };
        const subject = { type: 'User', id: userId };
        await appendAudit(
          tx,
          { actor, role: admittedAs },
          { organizationId, operation, subject, before: { role: before }, after },
        );
      }
      const member = (await findMember(tx, organizationId, userId)) ?? asBefore;
      const organization = await findOrganization(tx, organizationId);
      return member && organization && { member, organization };
    }),
  );
  if (!changed) throw new NotFound('member');
  await rights.changed(organizationId);
  return changed;
}

async function write(tx: Tx, { organizationId, userId, role }: Change): Promise<void> {
  const which = sql`where organization_id = ${organizationId} and user_id = ${userId}`;
  await tx.execute(
    role === undefined
      ? sql`delete from organization_members ${which}`
      : sql`update organization_members set role = ${role} ${which}`,
  );
}
