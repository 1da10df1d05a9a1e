import { NotFound } from '#domain/errors.ts';
import { openWaitingRoom, openWaitingRoomRefusals } from '#domain/waiting-room/open-waiting-room.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';
import { WaitingRoomInput } from './input.ts';
import { implementRoomSuccess } from './organizer-success.ts';

const OpenWaitingRoomSuccess = implementRoomSuccess('OpenWaitingRoomSuccess', 'The waiting room is open.');

builder.mutationField('openWaitingRoom', (t) =>
  t.field({
    type: OpenWaitingRoomSuccess,
    description:
      'Opens a closed waiting room now, or continues one that is paused or has ended; its places are as they were. Only for owners and managers of the organization of the event.',
    args: { input: t.arg({ type: WaitingRoomInput, required: true, description: 'The waiting room.' }) },
    errors: {
      types: [...openWaitingRoomRefusals],
      union: { name: 'OpenWaitingRoomResult', description: 'The waiting room, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('openWaitingRoom', async () => {
        const eventId = decodeId('Event', input.eventId);
        if (!eventId) throw new NotFound('event');
        return { room: await openWaitingRoom(context.resources, actor, { eventId }) };
      });
    },
  }),
);
