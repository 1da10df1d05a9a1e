/** The roles of members and of access keys, as the table of rights lists them. */
export const organizationRoles = ['OWNER', 'MANAGER', 'BOX_OFFICE', 'DOOR', 'FINANCE', 'READER'] as const;
export type OrganizationRole = (typeof organizationRoles)[number];

/** Which callers an operation admits. */
type Right = {
  readonly roles: readonly OrganizationRole[];
  /** Whether an access key with such a role is admitted, and not only a person. */
  readonly accessKeys: boolean;
  /** Whether an account with the role ADMIN of Frontrow is admitted, which needs no membership. */
  readonly admins: boolean;
};

const everyMember: Right = { roles: organizationRoles, accessKeys: true, admins: false };
/** A server must not be able to make owners, or further keys that live on after its own. */
const ownersInPerson: Right = { roles: ['OWNER'], accessKeys: false, admins: false };
const keeping: Right = { roles: ['OWNER', 'MANAGER'], accessKeys: true, admins: false };
const figures: Right = {
  roles: ['OWNER', 'MANAGER', 'BOX_OFFICE', 'FINANCE', 'READER'],
  accessKeys: true,
  admins: false,
};
const accounting: Right = { roles: ['OWNER', 'MANAGER', 'FINANCE'], accessKeys: true, admins: false };
/** What is owed to the organization, and what was paid out to it. */
const treasury: Right = { roles: ['OWNER', 'FINANCE'], accessKeys: true, admins: false };
const selling: Right = { roles: ['OWNER', 'MANAGER', 'BOX_OFFICE'], accessKeys: true, admins: false };
const managing: Right = { roles: ['OWNER', 'MANAGER'], accessKeys: true, admins: true };

/**
 * The one table of what each role may do, by the GraphQL field of the operation. Every organizer's operation asks it, the
 * page docs/reference/rights.md prints it, and test/scenarios/organizer-rights.e2e.test.ts calls each cell of it.
 */
export const rights = {
  'Query.node': everyMember,
  'Organization.venues': everyMember,
  'Organization.events': everyMember,
  'Event.revision': everyMember,
  'Event.history': everyMember,
  'Event.allocations': everyMember,
  'Event.priceList': everyMember,
  'Organization.members': ownersInPerson,
  'Organization.accessKeys': ownersInPerson,
  'Organization.invitations': ownersInPerson,
  'Mutation.inviteMember': ownersInPerson,
  'Mutation.changeMember': ownersInPerson,
  'Mutation.removeMember': ownersInPerson,
  'Mutation.createAccessKey': ownersInPerson,
  'Mutation.revokeAccessKey': ownersInPerson,
  'Mutation.createVenue': keeping,
  'Mutation.updateVenue': keeping,
  'Mutation.createUpload': keeping,
  'Mutation.importSeatingPlan': keeping,
  'Mutation.publishSeatingPlan': keeping,
  'Mutation.setPrices': keeping,
  'Mutation.createEvent': keeping,
  'Mutation.updateEvent': keeping,
  'Mutation.duplicateEvent': keeping,
  'Mutation.publishEvent': keeping,
  'Mutation.pauseSales': keeping,
  'Mutation.resumeSales': keeping,
  'Mutation.rescheduleEvent': keeping,
  'Mutation.previewEventCancellation': keeping,
  'Mutation.cancelEvent': keeping,
  'Event.cancellation': figures,
  'Subscription.eventCancellationChanged': figures,
  'Event.exports': accounting,
  'Organization.statement': treasury,
  'Organization.journalExport': treasury,
  'Mutation.recordPayout': treasury,
  'Event.sales': figures,
  'Subscription.eventSalesChanged': figures,
  'Mutation.setAllocation': keeping,
  'Mutation.createCodes': keeping,
  'Query.quote': selling,
  'Mutation.sellAtBoxOffice': selling,
  'Mutation.refundTickets': accounting,
  'Mutation.configureWaitingRoom': managing,
  'Mutation.openWaitingRoom': managing,
  'Mutation.pauseWaitingRoom': managing,
  'Mutation.endWaitingRoom': managing,
  'Query.waitingRoomStats': managing,
  'Subscription.waitingRoomStats': managing,
} as const satisfies Readonly<Record<string, Right>>;

export type OrganizerOperation = keyof typeof rights;

/** What a caller is in an organization. Without a membership and without the role ADMIN it is not known there. */
export type Standing = {
  readonly role: OrganizationRole | undefined;
  readonly isAdmin: boolean;
  readonly isAccessKey: boolean;
};

/** The role that admits the caller; `NOT_ALLOWED` for a member whose role is too small, `NOT_FOUND` for all others. */
export function decideRight(
  operation: OrganizerOperation,
  { role, isAdmin, isAccessKey }: Standing,
): { readonly admittedAs: OrganizationRole | 'ADMIN' } | { readonly refusal: 'NOT_ALLOWED' | 'NOT_FOUND' } {
  const right: Right = rights[operation];
  if (role !== undefined && right.roles.includes(role) && (right.accessKeys || !isAccessKey))
    return { admittedAs: role };
  if (isAdmin && right.admins) return { admittedAs: 'ADMIN' };
  return { refusal: role === undefined ? 'NOT_FOUND' : 'NOT_ALLOWED' };
}
