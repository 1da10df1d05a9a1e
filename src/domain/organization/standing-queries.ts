import { sql } from 'drizzle-orm';
import type { Queryable } from '#db/client.ts';
import { plainArray } from '#db/prepared.ts';
import { NotFound } from '../errors.ts';
import type { Actor } from '../viewer.ts';
import { NotAllowed } from './errors.ts';
import { decideRight, type OrganizationRole, type OrganizerOperation, type Standing } from './rights-rules.ts';

type StandingOf = { readonly actor: Actor; readonly organizationId: string };

/** What an actor wants to do in which organization. */
export type Asked = StandingOf & { readonly operation: OrganizerOperation };

/** Returns the raw id of the user or of the access key. */
export const actorIdOf = (actor: Actor): string => ('userId' in actor ? actor.userId : actor.accessKeyId);

/** Returns what each actor is in its organization now, in the same order. One query. Ids are UUIDs. */
export async function readStandings(db: Queryable, of: readonly StandingOf[]): Promise<Standing[]> {
  const ids = (values: readonly string[]) => sql`${sql.param(plainArray(values))}::uuid[]`;
  const rows = await db.execute<{ role: OrganizationRole | null; isAdmin: boolean; isAccessKey: boolean }>(sql`
    select coalesce(member.role, key.role) as role, coalesce(account.role = 'ADMIN', false) as "isAdmin",
      not asked.is_user as "isAccessKey"
    from unnest(${ids(of.map(({ organizationId }) => organizationId))}, ${ids(of.map(({ actor }) => actorIdOf(actor)))},
        ${sql.param(plainArray(of.map(({ actor }) => String('userId' in actor))))}::boolean[])
      with ordinality as asked(organization_id, actor_id, is_user, place)
    left join users account on asked.is_user and account.id = asked.actor_id
    left join organization_members member on asked.is_user
      and member.organization_id = asked.organization_id and member.user_id = asked.actor_id
    left join access_keys key on not asked.is_user and key.id = asked.actor_id
      and key.organization_id = asked.organization_id and key.revoked_at is null
      and (key.expires_at is null or key.expires_at > now())
    order by asked.place`);
  return rows.map(({ role, isAdmin, isAccessKey }) => ({ role: role ?? undefined, isAdmin, isAccessKey }));
}

/**
 * Returns the role that admits the caller to the operation. Throws NotAllowed for a member whose role is too small, and
 * NotFound for all others; `what` is the object that they then do not find.
 */
export function requireStanding(
  standing: Standing,
  operation: OrganizerOperation,
  what: string,
): OrganizationRole | 'ADMIN' {
  const decided = decideRight(operation, standing);
  if ('admittedAs' in decided) return decided.admittedAs;
  throw decided.refusal === 'NOT_ALLOWED' ? new NotAllowed() : new NotFound(what);
}
