import { NotFound } from '#domain/errors.ts';
import { configureWaitingRoom, configureWaitingRoomRefusals } from '#domain/waiting-room/configure-waiting-room.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';
import { implementRoomSuccess } from './organizer-success.ts';

const ConfigureWaitingRoomInput = builder.inputType('ConfigureWaitingRoomInput', {
  description:
    'The settings of a waiting room. A setting that is left out or null stays as it is; in a new room it gets its default.',
  fields: (t) => ({
    eventId: t.id({ required: true, description: 'The id of an Event.' }),
    capacity: t.int({
      description:
        'How many fans may be inside at once, 0 to 1,000,000. Required for a new room; may be changed at any time.',
    }),
    sessionMinutes: t.int({
      description:
        'After how many minutes without activity a fan inside has to leave, 1 to 120. A fan with an open payment stays. Default 10.',
    }),
    graceSeconds: t.int({ description: 'How many seconds a turn lasts, 5 to 1,800. Default 120.' }),
    opensAt: t.field({
      type: 'DateTime',
      description: 'When fans can begin to join. Default: now. May be changed until then.',
    }),
    drawAt: t.field({
      type: 'DateTime',
      description:
        'When the order is drawn and admission begins. Default: when the sale opens, or when the room opens if that is later. May be changed until then.',
    }),
  }),
});

const ConfigureWaitingRoomSuccess = implementRoomSuccess(
  'ConfigureWaitingRoomSuccess',
  'The event has a waiting room with these settings.',
);

builder.mutationField('configureWaitingRoom', (t) =>
  t.field({
    type: ConfigureWaitingRoomSuccess,
    description:
      'Gives an event a waiting room, or changes the settings of its waiting room, even while it is open. Only for owners and managers of the organization of the event.',
    args: { input: t.arg({ type: ConfigureWaitingRoomInput, required: true, description: 'The settings.' }) },
    errors: {
      types: [...configureWaitingRoomRefusals],
      union: { name: 'ConfigureWaitingRoomResult', description: 'The waiting room, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('configureWaitingRoom', async () => {
        const eventId = decodeId('Event', input.eventId);
        if (!eventId) throw new NotFound('event');
        const settings = {
          capacity: input.capacity ?? undefined,
          sessionMinutes: input.sessionMinutes ?? undefined,
          graceSeconds: input.graceSeconds ?? undefined,
          opensAt: input.opensAt ?? undefined,
          drawAt: input.drawAt ?? undefined,
        };
        return { room: await configureWaitingRoom(context.resources, actor, { eventId, ...settings }) };
      });
    },
  }),
);
