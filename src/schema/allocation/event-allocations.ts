import { type Allocation, findAllocations } from '#domain/allocation/allocation-queries.ts';
import { builder } from '../builder.ts';
import { Event } from '../catalog/event.ts';

const EventAllocation = builder.objectRef<Allocation>('EventAllocation').implement({
  description: 'Seats of an event that are not for the public.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name, unique at the event. Codes open it by this name.' }),
    seats: t.exposeInt('seats', { description: 'How many seats it has.' }),
    available: t.exposeInt('available', { description: 'How many of them are neither held nor booked.' }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why, for the organization alone.' }),
    releaseAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When all that is left goes to the public; null for never.',
      resolve: ({ releaseAt }) => releaseAt,
    }),
  }),
});

builder.objectField(Event, 'allocations', (t) =>
  t.field({
    type: [EventAllocation],
    nullable: true,
    description:
      'The allocations of the event by name, for members of its organization; null for all other callers. For a member who is no longer one, within a second.',
    resolve: async (event, _args, { resources, viewer, accessKey }) => {
      const actor = viewer ?? accessKey;
      return actor ? ((await findAllocations(resources, actor, event.id)) ?? null) : null;
    },
  }),
);
