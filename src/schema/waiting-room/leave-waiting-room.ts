import { NotFound } from '#domain/errors.ts';
import { leaveRefusals, leaveWaitingRoom } from '#domain/waiting-room/leave-waiting-room.ts';
import type { Place } from '#domain/waiting-room/place.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';
import { WaitingRoomInput } from './input.ts';
import { WaitingRoomPlace } from './place.ts';

const LeaveWaitingRoomSuccess = builder.objectRef<{ place: Place }>('LeaveWaitingRoomSuccess').implement({
  description: 'The place is given up.',
  fields: (t) => ({
    place: t.field({ type: WaitingRoomPlace, description: 'As it is now.', resolve: ({ place }) => place }),
  }),
});

builder.mutationField('leaveWaitingRoom', (t) =>
  t.field({
    type: LeaveWaitingRoomSuccess,
    description: "Gives up the viewer's place, and the slot in the room, if it has one: somebody else goes in.",
    args: { input: t.arg({ type: WaitingRoomInput, required: true, description: 'Which one.' }) },
    errors: {
      types: [...leaveRefusals],
      union: { name: 'LeaveWaitingRoomResult', description: 'The place as it is now, or why there is none.' },
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
