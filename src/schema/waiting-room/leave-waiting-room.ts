import { NotFound } from '#domain/errors.ts';
import { leaveRefusals, leaveWaitingRoom } from '#domain/waiting-room/leave-waiting-room.ts';
import type { Place } from '#domain/waiting-room/place.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';
import { WaitingRoomInput } from './input.ts';
import { WaitingRoomPlace } from './place.ts';

const LeaveWaitingRoomSuccess = builder.objectRef<{ place: Place }>('LeaveWaitingRoomSuccess').implement({
  description: 'The viewer has given up the place.',
  fields: (t) => ({
    place: t.field({ type: WaitingRoomPlace, description: 'The place as it is now.', resolve: ({ place }) => place }),
  }),
});

builder.mutationField('leaveWaitingRoom', (t) =>
  t.field({
    type: LeaveWaitingRoomSuccess,
    description: "Gives up the viewer's place. If the viewer is inside, another fan can go in.",
    args: { input: t.arg({ type: WaitingRoomInput, required: true, description: 'The waiting room.' }) },
    errors: {
      types: [...leaveRefusals],
      union: { name: 'LeaveWaitingRoomResult', description: 'The place, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const viewer = requireViewer(context);
      return context.attempt('leaveWaitingRoom', async () => {
        const eventId = decodeId('Event', input.eventId);
        if (!eventId) throw new NotFound('place in a waiting room');
        return { place: await leaveWaitingRoom(context.resources, viewer, { eventId }) };
      });
    },
  }),
);
