import { sql } from 'drizzle-orm';
import { afterAll, describe, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { seedMember } from '#test/support/databases/catalog.ts';
import {
  openOrganizationWorld,
  outcomeAfterRetries,
  outcomeOf,
} from '#test/support/organizations/organization-world.ts';
import { InvalidInput, NotFound, TryAgain } from '../errors.ts';
import { acceptInvitation } from './accept-invitation.ts';
import { createAccessKey, revokeAccessKey } from './change-access-keys.ts';
import { changeMember, removeMember } from './change-member.ts';
import { createOrganization } from './create-organization.ts';
import { LastOwner, NotAllowed } from './errors.ts';
import { inviteMember } from './invite-member.ts';
import { listMembers, listOrganizationsOf } from './organization-queries.ts';

const CONNECTIONS = 24;

const world = await openOrganizationWorld({ connections: CONNECTIONS });
const { db, needs, rights, user, addressOf, organizationWith } = world;
afterAll(() => world.close());

const ownersOf = async (organizationId: string) =>
  (
    await db.execute<{ id: string }>(
      sql`select user_id as id from organization_members where organization_id = ${organizationId} and role = 'OWNER'`,
    )
  ).map(({ id }) => id);
const auditOf = async (organizationId: string) => [
  ...(await db.execute(sql`
    select user_id as "by", role, operation, subject_type as type, subject_id as subject, before, after
    from organizer_audit where organization_id = ${organizationId} order by id`)),
];
describe('the last owner stays', () => {
  test('when many owners remove and demote each other at once, over many connections', async () => {
    for (let round = 0; round < 5; round++) {
      const { organizationId, owners } = await organizationWith(CONNECTIONS);
      const outcomes = await Promise.all(
        owners.map((userId, index) => {
          const other = { organizationId, userId: owners[(index + 1) % owners.length] ?? '' };
          return outcomeAfterRetries(() =>
            index % 2 === 0
              ? removeMember(needs, { userId }, other)
              : changeMember(needs, { userId }, { ...other, role: 'READER' }),
          );
        }),
      );
      const left = await ownersOf(organizationId);
      expect(left.length, outcomes.join()).toBeGreaterThan(0);
      // Each success took one owner away, and each other caller had lost the right meanwhile.
      expect(left.length).toBe(CONNECTIONS - outcomes.filter((outcome) => outcome === 'done').length);
      expect(outcomes.filter((outcome) => !['done', 'NotFound', 'NotAllowed', 'LastOwner'].includes(outcome))).toEqual(
        [],
      );
    }
  });

  test('when all owners step back at once: exactly one of them is refused', async () => {
    for (let round = 0; round < 5; round++) {
      const { organizationId, owners } = await organizationWith(CONNECTIONS);
      const outcomes = await Promise.all(
        owners.map((userId) => outcomeAfterRetries(() => removeMember(needs, { userId }, { organizationId, userId }))),
      );
      expect(outcomes.filter((outcome) => outcome === 'LastOwner')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(CONNECTIONS - 1);
      expect(await ownersOf(organizationId)).toHaveLength(1);
    }
  });

  test('alone: neither removed nor changed; with a second owner both work', async () => {
    const { organizationId, owner } = await organizationWith(1);
    const self = { organizationId, userId: owner };
    await expect(removeMember(needs, { userId: owner }, self)).rejects.toBeInstanceOf(LastOwner);
    await expect(changeMember(needs, { userId: owner }, { ...self, role: 'MANAGER' })).rejects.toBeInstanceOf(
      LastOwner,
    );
    expect((await changeMember(needs, { userId: owner }, { ...self, role: 'OWNER' })).member.role).toBe('OWNER');
    const second = await user();
    await seedMember(db, { organizationId, userId: second, role: 'OWNER' });
    expect((await changeMember(needs, { userId: owner }, { ...self, role: 'MANAGER' })).member.role).toBe('MANAGER');
  });
});

describe('invitations', () => {
  test('only the account with the address becomes a member, once, of many that try at once', async () => {
    const { organizationId, owner } = await organizationWith(1);
    const [invited, other] = [await user(), await user()];
    const email = (await addressOf(invited)).toUpperCase();
    const { token, invitation } = await inviteMember(needs, { userId: owner }, { organizationId, email, role: 'DOOR' });
    expect(invitation.expiresAt.getTime()).toBeGreaterThan(Date.now() + 6 * 86_400_000);
    await expect(acceptInvitation(needs, { userId: other }, { token })).rejects.toBeInstanceOf(NotFound);
    await expect(acceptInvitation(needs, { userId: invited }, { token: 'x' })).rejects.toBeInstanceOf(NotFound);
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () =>
        outcomeAfterRetries(() => acceptInvitation(needs, { userId: invited }, { token })),
      ),
    );
    expect(outcomes.sort()).toEqual([...Array(9).fill('NotFound'), 'done']);
    const { items } = await listMembers(needs, organizationId, { size: 50, from: 'start' });
    expect(items.map(({ userId, role }) => ({ userId, role }))).toContainEqual({ userId: invited, role: 'DOOR' });
    expect(await listOrganizationsOf(needs, invited)).toMatchObject([{ id: organizationId }]);
    expect(JSON.stringify(await db.execute(sql`select * from organization_invitations`))).not.toContain(token);
  });

  test('an invitation ends with its time, with a newer one, and with the role of its inviter', async () => {
    const { organizationId, owners } = await organizationWith(3);
    const [first = '', second = '', third = ''] = owners;
    const invite = async (by: string, userId: string) =>
      (await inviteMember(needs, { userId: by }, { organizationId, email: await addressOf(userId), role: 'OWNER' }))
        .token;
    const accept = async (userId: string, token: string) => outcomeOf(acceptInvitation(needs, { userId }, { token }));
    const [late, again, ofFormer] = [await user(), await user(), await user()];
    const old = await invite(first, late);
    await db.execute(
      sql`update organization_invitations set expires_at = now() where organization_id = ${organizationId}`,
    );
    expect(await accept(late, old)).toBe('NotFound');
    const replaced = await invite(first, again);
    const newer = await invite(second, again);
    expect(await accept(again, replaced)).toBe('NotFound');
    expect(await accept(again, newer)).toBe('done');
    const token = await invite(third, ofFormer);
    await changeMember(needs, { userId: first }, { organizationId, userId: third, role: 'MANAGER' });
    expect(await accept(ofFormer, token)).toBe('NotFound');
  });

  test('guests, members of the organization and bad addresses are refused', async () => {
    const { organizationId, owner, owners } = await organizationWith(2);
    const ask = async (email: string) =>
      inviteMember(needs, { userId: owner }, { organizationId, email, role: 'READER' });
    await expect(ask('nonsense')).rejects.toBeInstanceOf(InvalidInput);
    await expect(ask(await addressOf(owners[1] ?? ''))).rejects.toMatchObject({ field: 'email' });
    const guest = await user();
    const { token } = await ask(await addressOf(guest));
    await db.execute(sql`update users set is_guest = true where id = ${guest}`);
    await expect(acceptInvitation(needs, { userId: guest }, { token })).rejects.toBeInstanceOf(NotAllowed);
    const key = { accessKeyId: guest, organizationId };
    await expect(acceptInvitation(needs, key, { token })).rejects.toBeInstanceOf(NotAllowed);
  });
});

test('guests and access keys cannot make an organization, and an account makes 50 at most, even at once', async () => {
  const request = { name: '  Teatro Municipal ', countryCode: 'CL' };
  const guest = await user();
  await db.execute(sql`update users set is_guest = true where id = ${guest}`);
  await expect(createOrganization(needs, { userId: guest }, request)).rejects.toBeInstanceOf(NotAllowed);
  await expect(createOrganization(needs, { accessKeyId: guest }, request)).rejects.toBeInstanceOf(NotAllowed);
  const account = { userId: await user() };
  for (const countryCode of ['', 'cl', 'XX', 'CHL'])
    await expect(createOrganization(needs, account, { ...request, countryCode })).rejects.toMatchObject({
      field: 'countryCode',
    });
  await expect(createOrganization(needs, account, { ...request, name: ' ' })).rejects.toMatchObject({
    field: 'name',
  });
  const outcomes = await Promise.all(
    Array.from({ length: 60 }, () => outcomeAfterRetries(() => createOrganization(needs, account, request))),
  );
  expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(50);
  expect(outcomes.filter((outcome) => outcome === 'NotAllowed')).toHaveLength(10);
  expect((await listOrganizationsOf(needs, account.userId))[0]).toMatchObject({
    name: 'Teatro Municipal',
    countryCode: 'CL',
  });
});

test('every change is audited in its transaction: who, with which role, what, before and after', async () => {
  const actor = { userId: await user() };
  const { id: organizationId } = await createOrganization(needs, actor, { name: 'Hall', countryCode: 'CH' });
  const member = await user();
  const email = await addressOf(member);
  const { token, invitation } = await inviteMember(needs, actor, { organizationId, email, role: 'DOOR' });
  await acceptInvitation(needs, { userId: member }, { token });
  const which = { organizationId, userId: member };
  await changeMember(needs, actor, { ...which, role: 'FINANCE' });
  await changeMember(needs, actor, { ...which, role: 'FINANCE' });
  await removeMember(needs, actor, which);
  const key = { organizationId, name: 'till', role: 'BOX_OFFICE', expiresAt: undefined } as const;
  const { accessKey, secret } = await createAccessKey(needs, actor, key);
  await revokeAccessKey(needs, actor, { accessKeyId: accessKey.id });
  await revokeAccessKey(needs, actor, { accessKeyId: accessKey.id });
  const rows = await auditOf(organizationId);
  const by = { by: actor.userId, role: 'OWNER' };
  const about = { type: 'User', subject: member };
  expect(rows).toEqual([
    {
      ...by,
      operation: 'createOrganization',
      type: 'Organization',
      subject: organizationId,
      before: null,
      after: { name: 'Hall', countryCode: 'CH' },
    },
    {
      ...by,
      operation: 'inviteMember',
      type: 'Invitation',
      subject: invitation.id,
      before: null,
      after: { role: 'DOOR' },
    },
    {
      ...about,
      by: member,
      role: 'DOOR',
      operation: 'acceptInvitation',
      before: { invitation: invitation.id },
      after: { role: 'DOOR' },
    },
    { ...by, ...about, operation: 'changeMember', before: { role: 'DOOR' }, after: { role: 'FINANCE' } },
    { ...by, ...about, operation: 'removeMember', before: { role: 'FINANCE' }, after: null },
    {
      ...by,
      operation: 'createAccessKey',
      type: 'AccessKey',
      subject: accessKey.id,
      before: null,
      after: { name: 'till', role: 'BOX_OFFICE' },
    },
    {
      ...by,
      operation: 'revokeAccessKey',
      type: 'AccessKey',
      subject: accessKey.id,
      before: { name: 'till', role: 'BOX_OFFICE' },
      after: null,
    },
  ]);
  const text = JSON.stringify(rows);
  for (const secretText of [token, secret, email]) expect(text).not.toContain(secretText);
  expect(world.announced).toContain(organizationId);
});

test('without PostgreSQL the caller gets TryAgain', async () => {
  const gone = openDb({ url: 'postgres://nobody@127.0.0.1:1/none', poolMax: 1, name: 'organization-test-gone' });
  const { organizationId, owner } = await organizationWith(1);
  await expect(
    removeMember({ db: gone, rights }, { userId: owner }, { organizationId, userId: owner }),
  ).rejects.toBeInstanceOf(TryAgain);
  await closeDb(gone);
});
