import { NotFound } from '#domain/errors.ts';
import { endWaitingRoom, endWaitingRoomRefusals } from '#domain/waiting-room/end-waiting-room.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';
import { WaitingRoomInput } from './input.ts';
import { implementRoomSuccess } from './organizer-success.ts';

const EndWaitingRoomSuccess = implementRoomSuccess('EndWaitingRoomSuccess', 'The event no longer needs an admission.');

builder.mutationField('endWaitingRoom', (t) =>
  t.field({
    type: EndWaitingRoomSuccess,
    description:
      'Ends the waiting room, so that all fans may buy without an admission. Only for owners and managers of the organization of the event.',
    args: { input: t.arg({ type: WaitingRoomInput, required: true, description: 'The waiting room.' }) },
    errors: {
      types: [...endWaitingRoomRefusals],
      union: { name: 'EndWaitingRoomResult', description: 'The waiting room, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('endWaitingRoom', async () => {
        const eventId = decodeId('Event', input.eventId);
        if (!eventId) throw new NotFound('event');
        return { room: await endWaitingRoom(context.resources, actor, { eventId }) };
      });
    },
  }),
);
