import { NotFound } from '#domain/errors.ts';
import { configureWaitingRoom, configureWaitingRoomRefusals } from '#domain/waiting-room/configure-waiting-room.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';
import { implementRoomSuccess } from './organizer-success.ts';

const ConfigureWaitingRoomInput = builder.inputType('ConfigureWaitingRoomInput', {
  description: 'The settings of a waiting room. What is left out, or null, stays; a new room gets the default.',
  fields: (t) => ({
    eventId: t.id({ required: true, description: 'The id of an Event.' }),
    capacity: t.int({
      description: 'How many may be inside at once, 0 to 1,000,000; a new room needs it. May change at any time.',
    }),
    sessionMinutes: t.int({
      description:
        'After how long without any activity a fan inside loses the slot, 1 to 120; a payment that is open is waited for. Default 10.',
    }),
    graceSeconds: t.int({ description: 'How long a turn lasts, 5 to 1,800. Default 120.' }),
    opensAt: t.field({
      type: 'DateTime',
      description: 'From when fans can join. Default: now. May change until then.',
    }),
    drawAt: t.field({
      type: 'DateTime',
      description:
        'When the order is drawn and admission begins. Default: when the sale opens, or the room if that is later. May change until then.',
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
      "For the event's organizer: gives it a waiting room, or changes the settings of the one it has, also while it runs.",
    args: { input: t.arg({ type: ConfigureWaitingRoomInput, required: true, description: 'The settings.' }) },
    errors: {
      types: [...configureWaitingRoomRefusals],
      union: { name: 'ConfigureWaitingRoomResult', description: 'The waiting room, or why it is as before.' },
    },
    resolve: (_root, { input }, context) => {
      const viewer = requireViewer(context);
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
        return { room: await configureWaitingRoom(context.resources, viewer, { eventId, ...settings }) };
      });
    },
  }),
);
