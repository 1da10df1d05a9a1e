import { NotFound } from '#domain/errors.ts';
import { joinRefusals, joinWaitingRoom } from '#domain/waiting-room/join-waiting-room.ts';
import type { Place } from '#domain/waiting-room/place.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';
import { WaitingRoomInput } from './input.ts';
import { WaitingRoomPlace } from './place.ts';

const JoinWaitingRoomSuccess = builder.objectRef<{ place: Place }>('JoinWaitingRoomSuccess').implement({
  description: 'The viewer has a place.',
  fields: (t) => ({
    place: t.field({ type: WaitingRoomPlace, description: 'The place as it is now.', resolve: ({ place }) => place }),
  }),
});

builder.mutationField('joinWaitingRoom', (t) =>
  t.field({
    type: JoinWaitingRoomSuccess,
    description:
      'Gives the viewer a place in the waiting room of an event. A viewer who already has a place keeps it; one who left or missed the turn gets a new place at the end.',
    args: { input: t.arg({ type: WaitingRoomInput, required: true, description: 'The waiting room.' }) },
    errors: {
      types: [...joinRefusals],
      union: { name: 'JoinWaitingRoomResult', description: 'The place, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const viewer = requireViewer(context);
      return context.attempt('joinWaitingRoom', async () => {
        const eventId = decodeId('Event', input.eventId);
        if (!eventId) throw new NotFound('event with a waiting room');
        const request = { eventId, addressKey: context.addressKey() };
        return { place: await joinWaitingRoom(context.resources, viewer, request) };
      });
    },
  }),
);
