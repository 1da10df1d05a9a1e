import { setAllocation, setAllocationRefusals } from '#domain/allocation/set-allocation.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { Event, requireEventOfMembers } from '../catalog/event.ts';
import { SeatSelectionInput, selectionOf } from '../catalog/seat-selection.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';

const SetAllocationInput = builder.inputType('SetAllocationInput', {
  description: 'Seats of an event, and to whom they are sold.',
  fields: (t) => ({
    eventId: t.id({ required: true, description: 'The id of an Event.' }),
    seats: t.field({ type: SeatSelectionInput, required: true, description: 'The seats.' }),
    allocation: t.string({
      description:
        'The name of the allocation, 1 to 60 characters; it is made if it does not exist. Null or left out: the seats go to the public.',
    }),
    reason: t.string({
      description:
        'Why, for the organization alone, up to 200 characters. Left out: the reason of the allocation stays.',
    }),
    releaseAt: t.field({
      type: 'DateTime',
      description:
        'When all that is left of the allocation goes to the public. Null: never. Left out: the time of the allocation stays.',
    }),
  }),
});

const SetAllocationSuccess = builder.objectRef<{ eventId: string; changed: number }>('SetAllocationSuccess').implement({
  description: 'The seats are sold to others than before.',
  fields: (t) => ({
    changed: t.exposeInt('changed', {
      description:
        'How many of the seats have another allocation now. A seat that is blocked without an allocation stays blocked and is not counted.',
    }),
    event: t.field({
      type: Event,
      description: 'The event, with its allocations.',
      resolve: ({ eventId }, _args, context) => requireEventOfMembers(eventId, context),
    }),
  }),
});

builder.mutationField('setAllocation', (t) =>
  t.field({
    type: SetAllocationSuccess,
    description:
      'Gives all these seats of an event to an allocation, or to the public, or none of them when one is held or booked. For all fans without a code that opens the allocation, its seats are BLOCKED. Only for owners and managers of its organization.',
    args: {
      input: t.arg({ type: SetAllocationInput, required: true, description: 'The seats and their allocation.' }),
    },
    errors: {
      types: [...setAllocationRefusals],
      union: {
        name: 'SetAllocationResult',
        description:
          'How many seats were changed, or the reason for the refusal. SeatsUnavailable names all seats that are held or booked.',
      },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('setAllocation', async () => {
        const eventId = decodeId('Event', input.eventId);
        if (!eventId) throw new NotFound('event');
        return setAllocation(context.resources, actor, {
          eventId,
          seats: selectionOf(input.seats, 'seats'),
          allocation: input.allocation ?? null,
          reason: input.reason,
          releaseAt: input.releaseAt,
        });
      });
    },
  }),
);
