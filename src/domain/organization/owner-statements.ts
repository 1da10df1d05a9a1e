import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { InvalidInput } from '../errors.ts';
import { type Author, appendAudit } from './audit-statements.ts';
import { requireName } from './organization-rules.ts';
import { countOwners, insertMember, insertOrganization } from './organization-statements.ts';
import type { OrganizationRole } from './rights-rules.ts';

const operator: Author = { actor: undefined, role: 'OPERATOR' };

export type Owned = { readonly id: string; readonly name: string; readonly isNew: boolean };

type Wanted = {
  readonly wanted: { readonly id: string } | { readonly name: string } | undefined;
  readonly events: readonly string[] | 'all';
};

/**
 * Makes the account an OWNER of an existing organization or of a new one, with an audit row. Without a wish it keeps the
 * oldest organization that it owns. Throws InvalidInput.
 */
export async function ownOrganization(tx: Tx, userId: string, { wanted, events }: Wanted): Promise<Owned> {
  if (wanted && 'id' in wanted) return becomeOwner(tx, userId, wanted.id);
  if (!wanted) {
    const [owned] = await tx.execute<{ id: string; name: string }>(sql`
      select o.id, o.name from organization_members m join organizations o on o.id = m.organization_id
      where m.user_id = ${userId} and m.role = 'OWNER' order by o.created_at, o.id limit 1`);
    if (owned) return { ...owned, isNew: false };
  }
  const [account] = await tx.execute<{ name: string }>(
    sql`select display_name as name from users where id = ${userId}`,
  );
  const name = requireName(wanted?.name ?? account?.name ?? '');
  const organization = { id: randomUUIDv7(), name, countryCode: await countryOf(tx, events) };
  await insertOrganization(tx, organization);
  await insertMember(tx, { organizationId: organization.id, userId, role: 'OWNER' });
  await appendAudit(tx, operator, {
    organizationId: organization.id,
    operation: 'createOrganization',
    subject: { type: 'Organization', id: organization.id },
    after: { name, countryCode: organization.countryCode, owner: userId },
  });
  return { id: organization.id, name, isNew: true };
}

/** Of the first venue of the events; ZZ when it is not known. */
async function countryOf(tx: Tx, events: Wanted['events']): Promise<string> {
  const which = events === 'all' ? sql`true` : sql`e.id = any(${sql.param([...events])}::uuid[])`;
  const [row] = await tx.execute<{ code: string }>(sql`
    select v.country_code as code from events e join venues v on v.id = e.venue_id where ${which} order by e.seq limit 1`);
  return row?.code ?? 'ZZ';
}

async function becomeOwner(tx: Tx, userId: string, organizationId: string): Promise<Owned> {
  const [organization] = await tx.execute<{ id: string; name: string }>(
    sql`select id, name from organizations where id = ${organizationId} for update`,
  );
  if (!organization) throw new InvalidInput('organization', `There is no organization Organization_${organizationId}.`);
  const [before] = await tx.execute<{ role: OrganizationRole }>(sql`
    select role from organization_members where organization_id = ${organizationId} and user_id = ${userId}`);
  if (before?.role !== 'OWNER') {
    await tx.execute(sql`
      insert into organization_members (organization_id, user_id, role) values (${organizationId}, ${userId}, 'OWNER')
      on conflict (organization_id, user_id) do update set role = 'OWNER'`);
    const subject = { type: 'User', id: userId };
    await appendAudit(tx, operator, {
      organizationId,
      operation: 'changeMember',
      subject,
      before,
      after: { role: 'OWNER' },
    });
  }
  return { ...organization, isNew: false };
}

/** Ends all memberships of the account, with audit rows, even where it is the last owner. */
export async function endMemberships(
  tx: Tx,
  userId: string,
): Promise<{ id: string; name: string; isWithoutOwner: boolean }[]> {
  const memberships = await tx.execute<{ id: string; name: string }>(sql`
    select o.id, o.name from organizations o
    where exists (select from organization_members m where m.organization_id = o.id and m.user_id = ${userId})
    order by o.id for update`);
  const left: { id: string; name: string; isWithoutOwner: boolean }[] = [];
  for (const { id, name } of memberships) {
    const [before] = await tx.execute<{ role: OrganizationRole }>(sql`
      delete from organization_members where organization_id = ${id} and user_id = ${userId} returning role`);
    await tx.execute(sql`
      delete from organization_invitations where organization_id = ${id} and invited_by = ${userId}`);
    const change = { organizationId: id, operation: 'removeMember', subject: { type: 'User', id: userId }, before };
    await appendAudit(tx, operator, change);
    left.push({ id, name, isWithoutOwner: before?.role === 'OWNER' && (await countOwners(tx, id)) === 0 });
  }
  return left;
}

type HandOver = {
  readonly userId: string;
  readonly organization: Pick<Owned, 'id'>;
  readonly events: readonly string[] | 'all';
};

/** Gives the organization the events, with an audit row for each. Returns how many. Throws InvalidInput. */
export async function handOverEvents(tx: Tx, { userId, organization, events }: HandOver): Promise<number> {
  if (events.length === 0) return 0;
  const which = events === 'all' ? sql`true` : sql`id in ${[...new Set(events)]}`;
  const before = await tx.execute<{ id: string; organizationId: string }>(
    sql`select id, organization_id as "organizationId" from events where ${which} order by id for update`,
  );
  const known = new Set(before.map((event) => event.id));
  const missing = events === 'all' ? [] : events.filter((event) => !known.has(event));
  if (missing.length > 0) throw new InvalidInput('events', `These events do not exist: ${missing.join(', ')}.`);
  // Code of the last release still asks for the organizer.
  await tx.execute(sql`
    update events set organization_id = ${organization.id}, organizer_id = ${userId}, updated_at = now() where ${which}`);
  for (const event of before)
    await appendAudit(tx, operator, {
      organizationId: organization.id,
      operation: 'handOverEvent',
      subject: { type: 'Event', id: event.id },
      before: { organizationId: event.organizationId },
      after: { organizationId: organization.id },
    });
  return before.length;
}
