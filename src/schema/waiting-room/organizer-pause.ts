import { NotFound } from '#domain/errors.ts';
import { pauseWaitingRoom, pauseWaitingRoomRefusals } from '#domain/waiting-room/pause-waiting-room.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';
import { WaitingRoomInput } from './input.ts';
import { implementRoomSuccess } from './organizer-success.ts';

const PauseWaitingRoomSuccess = implementRoomSuccess(
  'PauseWaitingRoomSuccess',
  'Nobody new is admitted until it is opened again.',
);

builder.mutationField('pauseWaitingRoom', (t) =>
  t.field({
    type: PauseWaitingRoomSuccess,
    description:
      "For the event's organizer: no further turn begins until `openWaitingRoom`. Fans join, and those inside go on.",
    args: { input: t.arg({ type: WaitingRoomInput, required: true, description: 'Which one.' }) },
    errors: {
      types: [...pauseWaitingRoomRefusals],
      union: { name: 'PauseWaitingRoomResult', description: 'The waiting room, or why it is as before.' },
    },
    resolve: (_root, { input }, context) => {
      const viewer = requireViewer(context);
      return context.attempt('pauseWaitingRoom', async () => {
        const eventId = decodeId('Event', input.eventId);
        if (!eventId) throw new NotFound('event');
        return { room: await pauseWaitingRoom(context.resources, viewer, { eventId }) };
      });
    },
  }),
);
