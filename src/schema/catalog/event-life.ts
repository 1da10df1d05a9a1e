import { findDraft } from '#domain/catalog/event-life/find-draft.ts';
import type { CatalogEvent } from '#domain/catalog/event-queries.ts';
import { imagePath } from '#domain/catalog/uploads/use-image-statements.ts';
import { holdSecondsOf, seatsPerBookingOf, seatsPerViewerOf } from '#domain/inventory/sale-limits-rules.ts';
import { builder } from '../builder.ts';
import type { Context } from '../context.ts';
import { decodeId, findNodesOf } from '../node.ts';
import { Event } from './event.ts';
import { EventStatus, OrphanPolicy } from './event-status.ts';

builder.objectFields(Event, (t) => ({
  status: t.field({
    type: EventStatus,
    description: 'The state of the event, by the clock of the database.',
    resolve: ({ status }) => status,
  }),
  salesPaused: t.exposeBoolean('salesPaused', {
    description: 'True while the organizer has paused the sale: no seat can be held, and holds that exist can be paid.',
  }),
  endsAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When the event ends; null when it is not known.',
    resolve: ({ endsAt }) => endsAt,
  }),
  doorsAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When the doors open; null when it is not known.',
    resolve: ({ doorsAt }) => doorsAt,
  }),
  previousStartsAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When the event was going to begin before it was moved or postponed; null for one that was not.',
    resolve: ({ previousStartsAt }) => previousStartsAt,
  }),
  refundUntil: t.field({
    type: 'DateTime',
    nullable: true,
    description:
      'Until when tickets can be given back because the event was moved or postponed. `cancellableUntil` is not earlier.',
    resolve: ({ refundUntil }) => refundUntil,
  }),
  accessibleReleaseAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When wheelchair places and companion seats that are left are sold like other seats; null for never.',
    resolve: ({ accessibleReleaseAt }) => accessibleReleaseAt ?? null,
  }),
  imageUrl: t.string({
    nullable: true,
    description: 'Where the image of the event is, relative to this server; null for an event without one.',
    resolve: ({ imageUploadId }) => (imageUploadId ? imagePath(imageUploadId) : null),
  }),
  holdSeconds: t.int({
    description: 'How long seats are held for payment, in seconds.',
    resolve: (event, _args, { resources }) => holdSecondsOf(event, resources.writer.policy),
  }),
  seatsPerBooking: t.int({
    description: 'How many seats one booking may have.',
    resolve: (event, _args, { resources }) => seatsPerBookingOf(event, resources.writer.policy),
  }),
  seatsPerViewer: t.int({
    description: 'How many seats one viewer may have at the event, held and booked.',
    resolve: (event, _args, { resources }) => seatsPerViewerOf(event, resources.writer.policy),
  }),
  orphanPolicy: t.field({
    type: OrphanPolicy,
    description: 'Whether a choice of seats may leave a single free seat between taken ones.',
    resolve: ({ orphanPolicy }) => orphanPolicy,
  }),
}));

/** The event with this raw id; a draft only for the members of its organization. */
async function findEventFor(eventId: string, context: Context): Promise<CatalogEvent | undefined> {
  const found = await context.loaders.event.load(eventId);
  const actor = context.viewer ?? context.accessKey;
  return found ?? (actor && findDraft(context.resources, actor, eventId));
}

findNodesOf('Event', findEventFor);

builder.queryField('event', (t) =>
  t.field({
    type: Event,
    nullable: true,
    description:
      'The event with this id; null when it is unknown. A draft is unknown to all but the members of its organization.',
    args: { id: t.arg.id({ required: true, description: 'The id of an Event.' }) },
    resolve: async (_root, { id }, context) => {
      const eventId = decodeId('Event', id);
      return eventId ? findEventFor(eventId, context) : null;
    },
  }),
);
