import { EventChanged, EventIncomplete } from '#domain/catalog/event-life/errors.ts';
import type { EventProblem } from '#domain/catalog/event-life/event-problems-rules.ts';
import { builder } from '../builder.ts';
import { Refusal } from '../refusals.ts';
import { Event, requireEventOfMembers } from './event.ts';

builder.objectType(EventChanged, {
  name: 'EventChanged',
  description: 'Another caller saved the event since the caller read it. Nothing was changed.',
  interfaces: [Refusal],
  fields: (t) => ({
    event: t.field({
      type: Event,
      description: 'The event, as it is now.',
      resolve: ({ eventId }, _args, context) => requireEventOfMembers(eventId, context),
    }),
  }),
});

const EventProblemType = builder.objectRef<EventProblem>('EventProblem').implement({
  description: 'One thing that keeps an event from being published.',
  fields: (t) => ({
    field: t.exposeString('field', {
      description: 'The field of `CreateEventInput`, or `prices` for the price list.',
    }),
    message: t.exposeString('message', { description: 'What is wrong, in English.' }),
  }),
});

builder.objectType(EventIncomplete, {
  name: 'EventIncomplete',
  description: 'The draft cannot be published yet. Nothing was changed.',
  interfaces: [Refusal],
  fields: (t) => ({
    problems: t.field({
      type: [EventProblemType],
      description: 'Everything that is wrong or missing.',
      resolve: ({ problems }) => [...problems],
    }),
  }),
});
