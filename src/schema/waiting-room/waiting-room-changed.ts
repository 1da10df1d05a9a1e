import { NotFound } from '#domain/errors.ts';
import { watchPlace } from '#domain/waiting-room/watch-place.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';
import { WaitingRoomPlace } from './place.ts';

builder.subscriptionField('waitingRoomChanged', (t) =>
  t.field({
    type: WaitingRoomPlace,
    description:
      "Sends the viewer's place now, and again when its state changes, its admission is renewed, or it has moved far enough while it waits. Completes after LEFT or MISSED. A client that joins again subscribes again.",
    args: { eventId: t.arg.id({ required: true, description: 'The id of an Event.' }) },
    subscribe: (_root, args, context) => {
      const viewer = requireViewer(context);
      const eventId = decodeId('Event', args.eventId);
      if (!eventId) throw new NotFound('place in a waiting room');
      return watchPlace(context.resources, viewer, { eventId, ticket: context.place });
    },
    resolve: (place) => place,
  }),
);
