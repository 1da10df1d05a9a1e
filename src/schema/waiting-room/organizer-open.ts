import { NotFound } from '#domain/errors.ts';
import { openWaitingRoom, openWaitingRoomRefusals } from '#domain/waiting-room/open-waiting-room.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';
import { WaitingRoomInput } from './input.ts';
import { implementRoomSuccess } from './organizer-success.ts';

const OpenWaitingRoomSuccess = implementRoomSuccess('OpenWaitingRoomSuccess', 'It is open, or goes on.');

builder.mutationField('openWaitingRoom', (t) =>
  t.field({
    type: OpenWaitingRoomSuccess,
    description:
      "For the event's organizer: opens a closed waiting room now, goes on with a paused one, and with one that has ended, whose places are as they were.",
    args: { input: t.arg({ type: WaitingRoomInput, required: true, description: 'Which one.' }) },
    errors: {
      types: [...openWaitingRoomRefusals],
      union: { name: 'OpenWaitingRoomResult', description: 'The waiting room, or why it is as before.' },
    },
    resolve: (_root, { input }, context) => {
      const viewer = requireViewer(context);
      return context.attempt('openWaitingRoom', async () => {
        const eventId = decodeId('Event', input.eventId);
        if (!eventId) throw new NotFound('event');
        return { room: await openWaitingRoom(context.resources, viewer, { eventId }) };
      });
    },
  }),
);
