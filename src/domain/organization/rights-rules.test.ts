import { describe, expect, it, test } from 'vitest';
import { decideRight, type OrganizerOperation, organizationRoles, rights } from './rights-rules.ts';

const operations = Object.keys(rights) as OrganizerOperation[];

describe('the table of rights', () => {
  it.each([
    ['OWNER', ['Mutation.inviteMember', 'Organization.members', 'Mutation.pauseWaitingRoom', 'Organization.events']],
    ['MANAGER', ['Mutation.configureWaitingRoom', 'Subscription.waitingRoomStats', 'Organization.venues']],
    ['BOX_OFFICE', ['Organization.events', 'Query.node']],
    ['DOOR', ['Organization.events', 'Query.node']],
    ['FINANCE', ['Organization.events', 'Query.node']],
    ['READER', ['Organization.events', 'Query.node']],
  ] as const)('admits a %s to what organizer.md says', (role, admitted) => {
    const person = { role, isAdmin: false, isAccessKey: false };
    for (const operation of admitted) expect(decideRight(operation, person)).toEqual({ admittedAs: role });
  });

  it('admits owners alone to members and access keys, and no access key', () => {
    for (const operation of operations.filter((one) => /member|accessKey/i.test(one))) {
      for (const role of organizationRoles) {
        const person = decideRight(operation, { role, isAdmin: false, isAccessKey: false });
        expect(person).toEqual(role === 'OWNER' ? { admittedAs: 'OWNER' } : { refusal: 'NOT_ALLOWED' });
        const key = decideRight(operation, { role, isAdmin: false, isAccessKey: true });
        expect(key).toEqual({ refusal: 'NOT_ALLOWED' });
      }
      const admin = decideRight(operation, { role: undefined, isAdmin: true, isAccessKey: false });
      expect(admin).toEqual({ refusal: 'NOT_FOUND' });
    }
  });
});

test('a caller outside the organization finds nothing, whichever operation', () => {
  for (const operation of operations)
    expect(decideRight(operation, { role: undefined, isAdmin: false, isAccessKey: false })).toEqual({
      refusal: 'NOT_FOUND',
    });
});

test('an admin who is a member with a small role is admitted as an admin', () => {
  const standing = { role: 'READER', isAdmin: true, isAccessKey: false } as const;
  expect(decideRight('Mutation.openWaitingRoom', standing)).toEqual({ admittedAs: 'ADMIN' });
  expect(decideRight('Organization.members', standing)).toEqual({ refusal: 'NOT_ALLOWED' });
});
