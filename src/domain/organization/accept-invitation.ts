import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { InvalidInput, NotFound, RateLimited, TryAgain } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Actor } from '../viewer.ts';
import { appendAudit } from './audit-statements.ts';
import { lockAccount, refuseTooMany } from './create-organization.ts';
import { NotAllowed } from './errors.ts';
import { hashOfInvitation } from './invite-member.ts';
import { findOrganization, type Organization } from './organization-queries.ts';
import { insertMember, lockOrganization } from './organization-statements.ts';
import type { Rights } from './rights.ts';
import type { OrganizationRole } from './rights-rules.ts';

export const acceptInvitationRefusals = [InvalidInput, NotFound, NotAllowed, RateLimited, TryAgain] as const;

type Open = { id: string; organizationId: string; role: OrganizationRole };

/**
 * Makes the account a member, with the role of the invitation; an account that is a member already keeps its role.
 * Throws NotFound for a token that is unknown, used or too old, and for an account with another address than the
 * invitation's: the answer is the same. Guests and access keys get NotAllowed.
 */
export async function acceptInvitation(
  { db, rights }: { db: Db; rights: Pick<Rights, 'changed'> },
  actor: Actor,
  { token }: { token: string },
): Promise<Organization> {
  const organization = await orTryAgain(
    inTransaction(db, 'acceptInvitation', async (tx) => {
      const account = await lockAccount(tx, actor);
      const { id, organizationId, role } = await takeInvitation(tx, token, account);
      await refuseTooMany(tx, account.id);
      const isNew = await insertMember(tx, { organizationId, userId: account.id, role });
      await appendAudit(
        tx,
        { actor, role },
        {
          organizationId,
          operation: 'acceptInvitation',
          subject: { type: 'User', id: account.id },
          before: { invitation: id },
          after: isNew ? { role } : undefined,
        },
      );
      return findOrganization(tx, organizationId);
    }),
  );
  if (!organization) throw new NotFound('invitation');
  await rights.changed(organization.id);
  return organization;
}

/** Takes the invitation out of use; of any number of callers one gets it. */
async function takeInvitation(tx: Tx, token: string, { id, email }: { id: string; email: string }): Promise<Open> {
  const find = () =>
    tx.execute<{ organizationId: string }>(sql`
      select organization_id as "organizationId" from organization_invitations
      where token_hash = ${hashOfInvitation(token)} and expires_at > now()
        and email = (select u.email from users u where u.id = ${id})`);
  const [found] = await find();
  if (!found) throw new NotFound('invitation');
  // The same order of locks as in every change of members; an owner who is removed meanwhile deletes the invitation.
  await lockOrganization(tx, found.organizationId);
  const [taken] = await tx.execute<Open>(sql`
    delete from organization_invitations where token_hash = ${hashOfInvitation(token)} and email = ${email}
    returning id, organization_id as "organizationId", role`);
  if (!taken) throw new NotFound('invitation');
  return taken;
}
