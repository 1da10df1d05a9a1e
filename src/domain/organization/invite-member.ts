import { hash, randomBytes, randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { isUuid } from '#shared/uuid.ts';
import { requireEmail } from '../account/account-rules.ts';
import { InvalidInput, NotFound, RateLimited, TryAgain } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Actor } from '../viewer.ts';
import { appendAudit } from './audit-statements.ts';
import { NotAllowed } from './errors.ts';
import { findInvitation, type Invitation } from './invitation-queries.ts';
import { INVITATION_DAYS, MOST_INVITATIONS } from './organization-rules.ts';
import { enterOrganization } from './organization-statements.ts';
import type { OrganizationRole } from './rights-rules.ts';

export const inviteMemberRefusals = [InvalidInput, NotFound, NotAllowed, RateLimited, TryAgain] as const;

export const hashOfInvitation = (token: string): Buffer => hash('sha256', token, 'buffer');

/**
 * Invites the owner of an address. The token is returned once, to the inviter, who hands it over; only its hash is
 * kept. An earlier invitation of the same address no longer works.
 */
export async function inviteMember(
  { db }: { db: Db },
  actor: Actor,
  request: { organizationId: string; email: string; role: OrganizationRole },
): Promise<{ invitation: Invitation; token: string }> {
  const { organizationId, role } = request;
  if (!isUuid(organizationId)) throw new NotFound('organization');
  const token = randomBytes(32).toString('base64url');
  return orTryAgain(
    inTransaction(db, 'inviteMember', async (tx) => {
      const admittedAs = await enterOrganization(tx, actor, { operation: 'Mutation.inviteMember', organizationId });
      if (!('userId' in actor)) throw new NotAllowed();
      // A caller that is not an owner learns nothing from the address that it gave.
      const email = requireEmail(request.email);
      const [member] = await tx.execute(sql`
        select 1 from organization_members m join users u on u.id = m.user_id
        where m.organization_id = ${organizationId} and u.email = ${email} and not u.is_guest`);
      if (member) throw new InvalidInput('email', 'The account with this address is a member already.');
      await tx.execute(sql`
        delete from organization_invitations where organization_id = ${organizationId}
          and (email = ${email} or expires_at < now())`);
      const id = randomUUIDv7();
      await refuseTooMany(tx, organizationId);
      await tx.execute(sql`
        insert into organization_invitations (id, organization_id, email, role, token_hash, invited_by, expires_at)
        values (${id}, ${organizationId}, ${email}, ${role}, ${hashOfInvitation(token)}, ${actor.userId},
          now() + make_interval(days => ${INVITATION_DAYS}))`);
      const change = {
        organizationId,
        operation: 'inviteMember',
        subject: { type: 'Invitation', id },
        after: { role },
      };
      await appendAudit(tx, { actor, role: admittedAs }, change);
      const made = await findInvitation({ db: tx }, id);
      if (!made) throw new NotFound('invitation');
      return { invitation: made.invitation, token };
    }),
  );
}

async function refuseTooMany(tx: Tx, organizationId: string): Promise<void> {
  const [row] = await tx.execute<{ count: number }>(sql`
    select count(*)::int as count from organization_invitations where organization_id = ${organizationId}`);
  if (row && row.count >= MOST_INVITATIONS)
    throw new NotAllowed(`An organization may have at most ${MOST_INVITATIONS} open invitations.`);
}
