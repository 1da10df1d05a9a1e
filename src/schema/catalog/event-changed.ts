import { watchEvent } from '#domain/catalog/watch-event.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { Event, requireEvent } from './event.ts';

builder.subscriptionField('eventChanged', (t) =>
  t.field({
    type: Event,
    description:
      'Sends the event now, and again when its data, its sale status or its availability changes, at most once a second.',
    args: { eventId: t.arg.id({ required: true, description: 'The id of an Event.' }) },
    subscribe: (_root, args, { resources }) => {
      const eventId = decodeId('Event', args.eventId);
      if (!eventId) throw new NotFound('event');
      return watchEvent(resources, eventId);
    },
    resolve: ({ eventId }, _args, context) => requireEvent(eventId, context),
  }),
);
