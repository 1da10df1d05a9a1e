import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { NotFound } from '../errors.ts';
import type { Actor } from '../viewer.ts';
import type { OrganizationRole, OrganizerOperation } from './rights-rules.ts';
import { readStandings, requireStanding } from './standing-queries.ts';

/**
 * Locks the organization, so that changes of its members and access keys happen one after the other, and returns the
 * role that admits the actor. The membership is read after the lock, so a change that came before counts. Throws
 * NotFound and NotAllowed.
 */
export async function enterOrganization(
  tx: Tx,
  actor: Actor,
  { operation, organizationId }: { operation: OrganizerOperation; organizationId: string },
): Promise<OrganizationRole | 'ADMIN'> {
  await lockOrganization(tx, organizationId);
  const [standing] = await readStandings(tx, [{ actor, organizationId }]);
  if (!standing) throw new NotFound('organization');
  return requireStanding(standing, operation, 'organization');
}

/** Throws NotFound for an unknown organization. */
export async function lockOrganization(tx: Tx, organizationId: string): Promise<void> {
  const locked = await tx.execute(sql`select 1 from organizations where id = ${organizationId} for update`);
  if (locked.length === 0) throw new NotFound('organization');
}

export async function insertOrganization(
  tx: Tx,
  { id, name, countryCode }: { id: string; name: string; countryCode: string },
): Promise<void> {
  await tx.execute(sql`insert into organizations (id, name, country_code) values (${id}, ${name}, ${countryCode})`);
}

/** False for an account that is a member already; its role stays. */
export async function insertMember(
  tx: Tx,
  { organizationId, userId, role }: { organizationId: string; userId: string; role: OrganizationRole },
): Promise<boolean> {
  const made = await tx.execute(sql`
    insert into organization_members (organization_id, user_id, role) values (${organizationId}, ${userId}, ${role})
    on conflict (organization_id, user_id) do nothing`);
  return made.count === 1;
}

/** The member's role; throws NotFound. Call it under the organization's lock. */
export async function findRoleOf(tx: Tx, organizationId: string, userId: string): Promise<OrganizationRole> {
  const [member] = await tx.execute<{ role: OrganizationRole }>(sql`
    select role from organization_members where organization_id = ${organizationId} and user_id = ${userId}`);
  if (!member) throw new NotFound('member');
  return member.role;
}

/** Call it under the organization's lock. */
export async function countOwners(tx: Tx, organizationId: string): Promise<number> {
  const [row] = await tx.execute<{ owners: number }>(sql`
    select count(*)::int as owners from organization_members
    where organization_id = ${organizationId} and role = 'OWNER'`);
  return row?.owners ?? 0;
}

/** Deletes the open invitations that the account made, for an owner who is no longer one. */
export async function deleteInvitationsOf(tx: Tx, organizationId: string, userId: string): Promise<void> {
  await tx.execute(sql`
    delete from organization_invitations where organization_id = ${organizationId} and invited_by = ${userId}`);
}
