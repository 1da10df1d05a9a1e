import type { ExportLink as ExportLinkModel } from '#domain/exports/event-exports.ts';
import type { Actor } from '#domain/viewer.ts';
import { builder } from '../builder.ts';
import { Event } from '../catalog/event.ts';
import { isFor } from '../catalog/event-for-members.ts';

export const ExportLink = builder.objectRef<ExportLinkModel>('ExportLink').implement({
  description: 'Where a file can be read, without a token of the caller.',
  fields: (t) => ({
    url: t.string({
      description:
        'Relative to this server. It is signed for the caller, and ends with the right of the caller. Treat it like a password.',
      resolve: ({ path }) => path,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'Until when reading can begin.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
  }),
});

type Exports = { readonly actor: Actor; readonly eventId: string };

const EventExports = builder.objectRef<Exports>('EventExports').implement({
  description: 'Files of the bookings and tickets of an event: CSV by RFC 4180, UTF-8, times in UTC.',
  fields: (t) => ({
    bookings: t.field({
      type: ExportLink,
      description: 'The bookings that were paid, also those that ended since.',
      resolve: ({ actor, eventId }, _args, { resources }) =>
        resources.eventExports.linkOf(actor, { eventId, kind: 'bookings' }),
    }),
    tickets: t.field({
      type: ExportLink,
      description: 'The tickets, also void ones, without their codes.',
      resolve: ({ actor, eventId }, _args, { resources }) =>
        resources.eventExports.linkOf(actor, { eventId, kind: 'tickets' }),
    }),
  }),
});

builder.objectField(Event, 'exports', (t) =>
  t.field({
    type: EventExports,
    nullable: true,
    description:
      'Files of its bookings and tickets, for owners, managers and the finance office of its organization. Null for all other callers outside it; the error NOT_ALLOWED for members with another role.',
    resolve: async ({ id, organizationId }, _args, context) => {
      const actor = context.viewer ?? context.accessKey;
      return actor && (await isFor(context, organizationId, 'Event.exports')) ? { actor, eventId: id } : null;
    },
  }),
);
