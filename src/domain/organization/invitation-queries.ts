import { sql } from 'drizzle-orm';
import type { Queryable } from '#db/client.ts';
import type { OrganizationRole } from './rights-rules.ts';

export type Invitation = {
  readonly id: string;
  readonly email: string;
  readonly role: OrganizationRole;
  readonly expiresAt: Date;
};

type Row = Omit<Invitation, 'expiresAt'> & { readonly organizationId: string; readonly expiresMs: number };

const columns = sql`
  select id, organization_id as "organizationId", email::text as email, role,
    (extract(epoch from expires_at) * 1000)::float8 as "expiresMs"
  from organization_invitations where expires_at > now()`;

const toInvitation = ({ id, email, role, expiresMs }: Row): Invitation => ({
  id,
  email,
  role,
  expiresAt: new Date(expiresMs),
});

/** The invitations of an organization that can be accepted, the newest first. */
export async function listInvitations({ db }: { db: Queryable }, organizationId: string): Promise<Invitation[]> {
  const rows = await db.execute<Row>(sql`${columns} and organization_id = ${organizationId} order by id desc`);
  return rows.map(toInvitation);
}

/** The invitation with this raw id, and its organization; undefined when it cannot be accepted. */
export async function findInvitation(
  { db }: { db: Queryable },
  id: string,
): Promise<{ invitation: Invitation; organizationId: string } | undefined> {
  const [row] = await db.execute<Row>(sql`${columns} and id = ${id}`);
  return row && { invitation: toInvitation(row), organizationId: row.organizationId };
}
