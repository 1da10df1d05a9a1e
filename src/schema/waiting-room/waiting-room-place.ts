import { findPlace } from '#domain/waiting-room/find-place.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';
import { WaitingRoomPlace } from './place.ts';

builder.queryField('waitingRoomPlace', (t) =>
  t.field({
    type: WaitingRoomPlace,
    nullable: true,
    description:
      "The viewer's place in the waiting room of an event; null when the viewer has no place. When a viewer who is inside asks from another sign-in session, the stay moves to that session.",
    args: { eventId: t.arg.id({ required: true, description: 'The id of an Event.' }) },
    resolve: async (_root, args, context) => {
      const viewer = requireViewer(context);
      const eventId = decodeId('Event', args.eventId);
      return eventId ? findPlace(context.resources, viewer, { eventId, ticket: context.place }) : null;
    },
  }),
);
