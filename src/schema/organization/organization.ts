import { z } from 'zod';
import type { EventStatus as EventStatusModel } from '#domain/catalog/event-status-rules.ts';
import { listEventsOfOrganization, listVenuesOfOrganization } from '#domain/catalog/organization-catalog-queries.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import {
  type AccessKey as AccessKeyModel,
  findAccessKey,
  listAccessKeys,
} from '#domain/organization/change-access-keys.ts';
import {
  findInvitation,
  type Invitation as InvitationModel,
  listInvitations,
} from '#domain/organization/invitation-queries.ts';
import {
  findOrganization,
  listMembers,
  listOrganizationsOf,
  type Member as MemberModel,
  type Organization as OrganizationModel,
} from '#domain/organization/organization-queries.ts';
import type { OrganizerOperation } from '#domain/organization/rights-rules.ts';
import { readStandings } from '#domain/organization/standing-queries.ts';
import { isUuid } from '#shared/uuid.ts';
import { User } from '../account/user.ts';
import { builder } from '../builder.ts';
import { Event } from '../catalog/event.ts';
import { EventStatus } from '../catalog/event-status.ts';
import { Venue } from '../catalog/venue.ts';
import { connectionOf, decodeCursor, pageArgs, pageOf, requireWindow } from '../connection.ts';
import type { Context } from '../context.ts';
import { findNodesOf, Node } from '../node.ts';
import { requireActor } from '../viewer.ts';
import { isFor } from './standing.ts';

export const OrganizationRole = builder.enumType('OrganizationRole', {
  description: 'What a member or an access key may do in an organization.',
  values: {
    OWNER: { description: 'Everything, also members and access keys. An organization always has an owner.' },
    MANAGER: { description: 'Venues, seating plans, events, prices, allocations, waiting rooms, refunds.' },
    BOX_OFFICE: { description: 'Sales at the box office, and the bookings of events.' },
    DOOR: { description: 'The tickets of events.' },
    FINANCE: { description: 'Refunds, statements, payouts and figures.' },
    READER: { description: 'Figures only.' },
  } as const,
});

export const Member = builder.objectRef<MemberModel>('Member').implement({
  description: 'A person who belongs to an organization.',
  fields: (t) => ({
    userId: t.id({
      description: 'For `changeMember` and `removeMember`.',
      resolve: ({ userId }) => encodeGlobalId('User', userId),
    }),
    email: t.exposeString('email', { description: 'The e-mail address of the account.' }),
    displayName: t.exposeString('displayName', { description: 'The name that the person chose.' }),
    role: t.field({ type: OrganizationRole, description: 'The role.', resolve: ({ role }) => role }),
    since: t.field({ type: 'DateTime', description: 'When the membership began.', resolve: ({ since }) => since }),
  }),
});

export const AccessKey = builder.objectRef<AccessKeyModel>('AccessKey').implement({
  description: 'A key with which a server acts for the organization. Its secret cannot be read again.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'For `revokeAccessKey`.', resolve: ({ id }) => encodeGlobalId('AccessKey', id) }),
    name: t.exposeString('name', { description: 'The name that its maker chose.' }),
    role: t.field({ type: OrganizationRole, description: 'What the key may do.', resolve: ({ role }) => role }),
    createdAt: t.field({ type: 'DateTime', description: 'When it was made.', resolve: (key) => key.createdAt }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Until when it works; null when it does not expire.',
      resolve: (key) => key.expiresAt,
    }),
    lastUsedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, to the minute; null when it was never used.',
      resolve: (key) => key.lastUsedAt,
    }),
  }),
});

export const Invitation = builder.objectRef<InvitationModel>('Invitation').implement({
  description: 'An invitation to become a member of an organization.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: ({ id }) => encodeGlobalId('Invitation', id) }),
    email: t.exposeString('email', { description: 'The address of the account that may accept.' }),
    role: t.field({
      type: OrganizationRole,
      description: 'The role that the person gets.',
      resolve: ({ role }) => role,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'Until when it can be accepted: seven days.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
  }),
});

const MemberConnection = connectionOf('Member', Member, 'the members of an organization');
const VenueConnection = connectionOf('Venue', Venue, 'venues');
const EventConnection = connectionOf('Event', Event, 'events');

/** Small, so that a document about all organizations of a viewer stays within the limit of its cost. */
const PAGE = 10;

const Id = z.string().refine(isUuid);
const Seq = z.int().min(0);
const toId = (cursor: string, field: string): string => decodeCursor(cursor, Id, field);
const toSeq = (cursor: string, field: string): number => decodeCursor(cursor, Seq, field);

/** Throws NotAllowed for a member whose role is too small, and NotFound for all others. */
async function requireRight(
  context: Context,
  organizationId: string,
  operation: OrganizerOperation & `Organization.${string}`,
): Promise<void> {
  await context.resources.rights.requireRight({ actor: requireActor(context), operation, organizationId });
}

export const Organization = builder.objectRef<OrganizationModel>('Organization');

Organization.implement({
  description:
    'An organization that owns venues, seating plans and events. All callers see its name and its country at its events; the rest is for its members and access keys.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: ({ id }) => encodeGlobalId('Organization', id) }),
    name: t.exposeString('name', { description: 'The name of the organization.' }),
    countryCode: t.exposeString('countryCode', {
      description: 'The code of its country, ISO 3166-1 alpha-2; `ZZ` when it is not known.',
    }),
    viewerRole: t.field({
      type: OrganizationRole,
      nullable: true,
      description: 'The role of the caller; null when the caller does not belong to the organization.',
      resolve: async ({ id }, _args, context) => {
        const actor = context.viewer ?? context.accessKey;
        const [standing] = actor ? await readStandings(context.resources.db, [{ actor, organizationId: id }]) : [];
        return standing?.role;
      },
    }),
    members: t.field({
      type: MemberConnection,
      description: 'The members, in the order in which their accounts were made. Only for owners.',
      args: pageArgs(t.arg, PAGE),
      resolve: async ({ id }, args, context) => {
        await requireRight(context, id, 'Organization.members');
        const window = requireWindow(args, { otherwise: PAGE, toPosition: toId });
        return pageOf(await listMembers(context.resources, id, window), window, ({ userId }) => userId);
      },
    }),
    accessKeys: t.field({
      type: [AccessKey],
      description: 'The access keys that are not revoked, the newest first; at most 50. Only for owners.',
      resolve: async ({ id }, _args, context) => {
        await requireRight(context, id, 'Organization.accessKeys');
        return listAccessKeys(context.resources, id);
      },
    }),
    invitations: t.field({
      type: [Invitation],
      description: 'The invitations that can be accepted, the newest first; at most 50. Only for owners.',
      resolve: async ({ id }, _args, context) => {
        await requireRight(context, id, 'Organization.invitations');
        return listInvitations(context.resources, id);
      },
    }),
    venues: t.field({
      type: VenueConnection,
      description: 'The venues of the organization.',
      args: pageArgs(t.arg, PAGE),
      resolve: async ({ id }, args, context) => {
        await requireRight(context, id, 'Organization.venues');
        const window = requireWindow(args, { otherwise: PAGE, toPosition: toId });
        return pageOf(await listVenuesOfOrganization(context.resources, id, window), window, (venue) => venue.id);
      },
    }),
  }),
});

builder.objectField(Organization, 'events', (t) =>
  t.field({
    type: EventConnection,
    description: 'The events of the organization, in the order in which they were made; also drafts.',
    args: {
      status: t.arg({ type: [EventStatus], description: 'Only events in one of these states.' }),
      ...pageArgs(t.arg, PAGE),
    },
    resolve: async ({ id }, args, context) => {
      await requireRight(context, id, 'Organization.events');
      const window = requireWindow(args, { otherwise: PAGE, toPosition: toSeq });
      const statuses: readonly EventStatusModel[] | undefined = args.status ?? undefined;
      const listed = await listEventsOfOrganization(context.resources, id, { statuses, window });
      const { edges, pageInfo } = pageOf(listed, window, ({ seq }) => seq);
      return { pageInfo, edges: edges.map(({ cursor, node }) => ({ cursor, node: node.event })) };
    },
  }),
);

builder.objectField(Event, 'organization', (t) =>
  t.field({
    type: Organization,
    nullable: true,
    description: 'The organization that sells the event. Null only when it cannot be read at the moment.',
    resolve: async ({ organizationId }, _args, { loaders }) =>
      (await loaders.organization.load(organizationId)) ?? null,
  }),
);

builder.objectField(User, 'organizations', (t) =>
  t.field({
    type: [Organization],
    description: 'The organizations that the viewer belongs to, by name; at most 50.',
    resolve: ({ id }, _args, { resources }) => listOrganizationsOf(resources, id),
  }),
);

findNodesOf('AccessKey', async (id, context) => {
  const found = await findAccessKey(context.resources, id);
  return found && (await isFor(context, found.organizationId, 'Organization.accessKeys')) ? found.accessKey : undefined;
});

findNodesOf('Invitation', async (id, context) => {
  const found = await findInvitation(context.resources, id);
  return found && (await isFor(context, found.organizationId, 'Organization.invitations'))
    ? found.invitation
    : undefined;
});

findNodesOf('Organization', async (id, context) =>
  (await isFor(context, id)) ? findOrganization(context.resources.db, id) : undefined,
);
