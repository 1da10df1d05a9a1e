import { builder } from '../builder.ts';

export const EventStatus = builder.enumType('EventStatus', {
  description: 'The state of an event.',
  values: {
    DRAFT: { description: 'Only members of the organization see it.' },
    PUBLISHED: { description: 'Fans see it.' },
    POSTPONED: {
      description:
        'It has no date at the moment: `startsAt` is the last one. Tickets stay valid, and no seat can be held.',
    },
    CANCELLED: { description: 'It will not take place.' },
    ENDED: { description: 'It has taken place.' },
  } as const,
});

export const OrphanPolicy = builder.enumType('OrphanPolicy', {
  description: 'Whether a choice of seats may leave a single free seat between taken ones.',
  values: {
    OFF: { description: 'It may.' },
    LENIENT: { description: 'Only when the row has no choice that leaves none.' },
    STRICT: { description: 'Never.' },
  } as const,
});
