import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { seedMember } from '#test/support/databases/catalog.ts';
import { openOrganizationWorld } from '#test/support/organizations/organization-world.ts';
import { erasePerson } from '../account/erase-person.ts';
import { inviteMember } from './invite-member.ts';
import { readStandings } from './standing-queries.ts';

const world = await openOrganizationWorld();
const { db, needs, user, addressOf, organizationWith } = world;
afterAll(() => world.close());

test('an erased person leaves no membership and no invitation, neither made nor received', async () => {
  const { organizationId, owners } = await organizationWith(2);
  const [leaving = '', staying = ''] = owners;
  const invited = await user();
  const email = await addressOf(invited);
  await inviteMember(needs, { userId: leaving }, { organizationId, email: 'made@example.org', role: 'READER' });
  await inviteMember(needs, { userId: staying }, { organizationId, email, role: 'READER' });
  await inviteMember(needs, { userId: staying }, { organizationId, email: 'kept@example.org', role: 'READER' });
  await erasePerson(needs, { userId: leaving });
  await erasePerson(needs, { email });
  const invitations = await db.execute(sql`
    select email::text as email from organization_invitations where organization_id = ${organizationId}`);
  expect([...invitations]).toEqual([{ email: 'kept@example.org' }]);
  const of = [leaving, staying].map((userId) => ({ actor: { userId }, organizationId }));
  expect((await readStandings(db, of)).map(({ role }) => role)).toEqual([undefined, 'OWNER']);
});

test('the last owner is not erased, even when both owners are erased at once', async () => {
  const { organizationId, owners } = await organizationWith(2);
  const member = await user();
  await seedMember(db, { organizationId, userId: member, role: 'MANAGER' });
  const outcomes = await Promise.allSettled(owners.map((userId) => erasePerson(needs, { userId })));
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const [refused] = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(String(refused?.reason)).toContain(
    `is the last owner of "Test organization" (Organization_${organizationId})`,
  );
  await erasePerson(needs, { userId: member });
});
