import { NotFound } from '#domain/errors.ts';
import { pauseWaitingRoom, pauseWaitingRoomRefusals } from '#domain/waiting-room/pause-waiting-room.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';
import { WaitingRoomInput } from './input.ts';
import { implementRoomSuccess } from './organizer-success.ts';

const PauseWaitingRoomSuccess = implementRoomSuccess(
  'PauseWaitingRoomSuccess',
  'No further fan is admitted until the room is opened again.',
);

builder.mutationField('pauseWaitingRoom', (t) =>
  t.field({
    type: PauseWaitingRoomSuccess,
    description:
      'Pauses the waiting room: no further turn begins until `openWaitingRoom`. Fans can still join, and fans inside stay. Only for owners and managers of the organization of the event.',
    args: { input: t.arg({ type: WaitingRoomInput, required: true, description: 'The waiting room.' }) },
    errors: {
      types: [...pauseWaitingRoomRefusals],
      union: { name: 'PauseWaitingRoomResult', description: 'The waiting room, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('pauseWaitingRoom', async () => {
        const eventId = decodeId('Event', input.eventId);
        if (!eventId) throw new NotFound('event');
        return { room: await pauseWaitingRoom(context.resources, actor, { eventId }) };
      });
    },
  }),
);
