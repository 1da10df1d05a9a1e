import { z } from 'zod';
import {
  type EventChange as EventChangeModel,
  listChangesOfEvent,
} from '#domain/catalog/event-life/event-history-queries.ts';
import { NotFound } from '#domain/errors.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import type { OrganizerOperation } from '#domain/organization/rights-rules.ts';
import { isUuid } from '#shared/uuid.ts';
import { builder } from '../builder.ts';
import { connectionOf, decodeCursor, pageArgs, pageOf, requireWindow } from '../connection.ts';
import type { Context } from '../context.ts';
import { Event } from './event.ts';

const EventChange = builder.objectRef<EventChangeModel>('EventChange').implement({
  description: 'A change that was made of an event.',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', description: 'When it was made.', resolve: ({ at }) => at }),
    operation: t.exposeString('operation', { description: 'The name of the mutation, for example `updateEvent`.' }),
    role: t.exposeString('role', {
      description: 'The role that allowed it: an OrganizationRole, `ADMIN`, or `OPERATOR` for a command of the server.',
    }),
    userId: t.id({
      nullable: true,
      description: 'The account that made it; null for an access key and for a command of the server.',
      resolve: ({ userId }) => (userId === null ? null : encodeGlobalId('User', userId)),
    }),
    accessKeyId: t.id({
      nullable: true,
      description: 'The access key that made it.',
      resolve: ({ accessKeyId }) => (accessKeyId === null ? null : encodeGlobalId('AccessKey', accessKeyId)),
    }),
    by: t.string({
      nullable: true,
      description: 'The name of the account or of the access key; null when it is gone.',
      resolve: ({ by }) => by,
    }),
    before: t.string({
      nullable: true,
      description: 'The values before, as a JSON object; null for what did not exist.',
      resolve: ({ before }) => before,
    }),
    after: t.string({
      nullable: true,
      description: 'The values after, as a JSON object.',
      resolve: ({ after }) => after,
    }),
  }),
});

const EventChangeConnection = connectionOf('EventChange', EventChange, 'the changes of an event');

const PAGE = 10;
const toId = (cursor: string, field: string): string => decodeCursor(cursor, z.string().refine(isUuid), field);

/**
 * Whether the caller may read this field of an event of the organization: an event is for all, so others get null. Throws
 * NotAllowed for a member whose role is too small.
 */
export async function isFor(
  context: Context,
  organizationId: string,
  operation: OrganizerOperation & `Event.${string}`,
) {
  const actor = context.viewer ?? context.accessKey;
  if (!actor) return false;
  try {
    await context.resources.rights.requireRight({ actor, operation, organizationId }, 'event');
    return true;
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}

builder.objectFields(Event, (t) => ({
  revision: t.int({
    nullable: true,
    description:
      'Grows with every change that a member makes of the event itself; `updateEvent` wants it. Null for all but the members of its organization.',
    resolve: async ({ organizationId, revision }, _args, context) =>
      (await isFor(context, organizationId, 'Event.revision')) ? revision : null,
  }),
  history: t.field({
    type: EventChangeConnection,
    nullable: true,
    description: 'The changes of the event, the latest first. Null for all but the members of its organization.',
    args: pageArgs(t.arg, PAGE),
    resolve: async ({ id, organizationId }, args, context) => {
      const window = requireWindow(args, { otherwise: PAGE, toPosition: toId });
      if (!(await isFor(context, organizationId, 'Event.history'))) return null;
      const listed = await listChangesOfEvent(context.resources, { eventId: id, organizationId }, window);
      return pageOf(listed, window, (change) => change.id);
    },
  }),
}));
