import { sql } from 'drizzle-orm';
import type { Db, Queryable } from '#db/client.ts';
import { plainArray } from '#db/prepared.ts';
import { isUuid } from '#shared/uuid.ts';
import type { PageWindow, WindowOf } from '../page-window.ts';
import type { OrganizationRole } from './rights-rules.ts';

export type Organization = { readonly id: string; readonly name: string; readonly countryCode: string };

/** Undefined for an unknown one. Who may see it is decided by the caller. */
export async function findOrganization(db: Queryable, id: string): Promise<Organization | undefined> {
  if (!isUuid(id)) return undefined;
  const [row] = await db.execute<Organization>(
    sql`select id, name, country_code as "countryCode" from organizations where id = ${id}`,
  );
  return row;
}

/** The organizations with these raw ids, in their order; undefined for an unknown one. One query. */
export async function listOrganizations(db: Queryable, ids: readonly string[]): Promise<(Organization | undefined)[]> {
  const rows = await db.execute<Organization>(sql`
    select id, name, country_code as "countryCode" from organizations
    where id = any(${sql.param(plainArray(ids))}::uuid[])`);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id));
}

/** The organizations that the account is a member of, by name. */
export async function listOrganizationsOf({ db }: { db: Db }, userId: string): Promise<Organization[]> {
  return await db.execute<Organization>(sql`
    select o.id, o.name, o.country_code as "countryCode"
    from organization_members m join organizations o on o.id = m.organization_id
    where m.user_id = ${userId} order by o.name, o.id`);
}

/** The role of the account or of the access key in the organization; undefined when it has none. */
export type Member = {
  readonly userId: string;
  readonly email: string;
  readonly displayName: string;
  readonly role: OrganizationRole;
  readonly since: Date;
};

type MemberRow = Omit<Member, 'since'> & { readonly sinceMs: number };

/** The members of an organization, in the order in which their accounts were made; `Position`: the raw id of a user. */
export async function listMembers(
  { db }: { db: Queryable },
  organizationId: string,
  { size, from, after, before }: PageWindow<string>,
): Promise<WindowOf<Member>> {
  const rows = await db.execute<MemberRow>(sql`
    ${memberColumns} where m.organization_id = ${organizationId}
      ${after === undefined ? sql`` : sql`and m.user_id > ${after}`}
      ${before === undefined ? sql`` : sql`and m.user_id < ${before}`}
    order by m.user_id ${from === 'end' ? sql`desc` : sql`asc`} limit ${size + 1}`);
  const items = rows.slice(0, size).map(toMember);
  return { items: from === 'end' ? items.reverse() : items, hasMore: rows.length > size };
}

/** Undefined for an account that is not a member. */
export async function findMember(db: Queryable, organizationId: string, userId: string): Promise<Member | undefined> {
  const rows = await db.execute<MemberRow>(sql`
    ${memberColumns} where m.organization_id = ${organizationId} and m.user_id = ${userId}`);
  return rows.map(toMember)[0];
}

const memberColumns = sql`
  select m.user_id as "userId", u.email::text as email, u.display_name as "displayName", m.role,
    (extract(epoch from m.created_at) * 1000)::float8 as "sinceMs"
  from organization_members m join users u on u.id = m.user_id`;

const toMember = ({ sinceMs, ...member }: MemberRow): Member => ({ ...member, since: new Date(sinceMs) });
