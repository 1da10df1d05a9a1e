import { createEvent, createEventRefusals } from '#domain/catalog/event-life/create-event.ts';
import { duplicateEvent, duplicateEventRefusals } from '#domain/catalog/event-life/duplicate-event.ts';
import { pauseSales, pauseSalesRefusals, resumeSales } from '#domain/catalog/event-life/pause-sales.ts';
import { publishEvent, publishEventRefusals } from '#domain/catalog/event-life/publish-event.ts';
import { rescheduleEvent, rescheduleEventRefusals } from '#domain/catalog/event-life/reschedule-event.ts';
import { type EventUpdate, updateEvent, updateEventRefusals } from '#domain/catalog/event-life/update-event.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';
import { Event, requireEventOfMembers } from './event.ts';
import {
  CreateEventInput,
  DuplicateEventInput,
  EventInput,
  RescheduleEventInput,
  UpdateEventInput,
} from './event-inputs.ts';

const eventSuccess = (name: string, description: string) =>
  builder.objectRef<{ eventId: string }>(name).implement({
    description,
    fields: (t) => ({
      event: t.field({
        type: Event,
        description: 'The event, as it is now.',
        resolve: ({ eventId }, _args, context) => requireEventOfMembers(eventId, context),
      }),
    }),
  });

const FOR_KEEPERS = 'Only for owners and managers of its organization.';

/** The raw id, which is unknown for a text that is not the id of such an object. */
function requireId(type: string, id: string, what: string): string {
  const raw = decodeId(type, id);
  if (raw === undefined) throw new NotFound(what);
  return raw;
}

/** An id that is no id of an upload becomes one that no upload has, so that the refusal names the field. */
const imageOf = (id: string | null | undefined): string | null => (id ? (decodeId('Upload', id) ?? 'unknown') : null);

builder.mutationField('createEvent', (t) =>
  t.field({
    type: eventSuccess('CreateEventSuccess', 'The event exists as a draft.'),
    description:
      'Makes a draft. Set its prices with `setPrices`, then publish it with `publishEvent`. Only for owners and managers of the organization.',
    args: { input: t.arg({ type: CreateEventInput, required: true, description: 'The new event.' }) },
    errors: {
      types: [...createEventRefusals],
      union: { name: 'CreateEventResult', description: 'The event, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('createEvent', async () => {
        const event = {
          ...input,
          organizationId: requireId('Organization', input.organizationId, 'organization'),
          venueId: requireId('Venue', input.venueId, 'venue'),
          seatingPlanId: requireId('SeatingPlan', input.seatingPlanId, 'seating plan'),
          description: input.description ?? '',
          performers: input.performers ?? [],
          endsAt: input.endsAt ?? null,
          doorsAt: input.doorsAt ?? null,
          cancellableUntil: input.cancellableUntil ?? null,
          holdSeconds: input.holdSeconds ?? 300,
          seatsPerBooking: input.seatsPerBooking ?? 10,
          seatsPerViewer: input.seatsPerViewer ?? 20,
          orphanPolicy: input.orphanPolicy ?? 'LENIENT',
          accessibleReleaseAt: input.accessibleReleaseAt ?? null,
          imageUploadId: imageOf(input.imageUploadId),
          idempotencyKey: input.idempotencyKey ?? undefined,
        };
        return { eventId: await createEvent(context.resources, actor, event) };
      });
    },
  }),
);

/** The values that null removes. */
const REMOVABLE: readonly string[] = ['endsAt', 'doorsAt', 'cancellableUntil', 'accessibleReleaseAt', 'imageUploadId'];

function updateOf({ eventId, venueId, seatingPlanId, ...rest }: typeof UpdateEventInput.$inferInput): EventUpdate {
  const given = Object.entries(rest).filter(
    ([name, value]) => value !== undefined && (value !== null || REMOVABLE.includes(name)),
  );
  return {
    ...(Object.fromEntries(given) as Partial<EventUpdate>),
    revision: rest.revision,
    eventId: requireId('Event', eventId, 'event'),
    ...(rest.imageUploadId !== undefined && { imageUploadId: imageOf(rest.imageUploadId) }),
    ...(venueId != null && { venueId: requireId('Venue', venueId, 'venue') }),
    ...(seatingPlanId != null && { seatingPlanId: requireId('SeatingPlan', seatingPlanId, 'seating plan') }),
  };
}

builder.mutationField('updateEvent', (t) =>
  t.field({
    type: eventSuccess('UpdateEventSuccess', 'The event has these data.'),
    description: `Changes an event. Fans see the change of a published event within seconds, also in the search. A repeated request changes nothing. ${FOR_KEEPERS}`,
    args: { input: t.arg({ type: UpdateEventInput, required: true, description: 'The changes.' }) },
    errors: {
      types: [...updateEventRefusals],
      union: { name: 'UpdateEventResult', description: 'The event, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('updateEvent', async () => {
        const update = updateOf(input);
        await updateEvent(context.resources, actor, update);
        return { eventId: update.eventId };
      });
    },
  }),
);

const DuplicateEventSuccess = builder.objectRef<{ eventIds: readonly string[] }>('DuplicateEventSuccess').implement({
  description: 'The copies exist as drafts.',
  fields: (t) => ({
    events: t.field({
      type: [Event],
      description: 'The copies, in the order of their starts in the input.',
      resolve: ({ eventIds }, _args, context) =>
        Promise.all(eventIds.map((eventId) => requireEventOfMembers(eventId, context))),
    }),
  }),
});

builder.mutationField('duplicateEvent', (t) =>
  t.field({
    type: DuplicateEventSuccess,
    description: `Makes a series: a draft like the event for each start, with its prices. Its other times keep their distance to the start on the clock of the venue. All copies are made, or none. ${FOR_KEEPERS}`,
    args: { input: t.arg({ type: DuplicateEventInput, required: true, description: 'The event and the starts.' }) },
    errors: {
      types: [...duplicateEventRefusals],
      union: { name: 'DuplicateEventResult', description: 'The copies, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('duplicateEvent', async () => {
        const { startsAt, idempotencyKey } = input;
        const series = {
          eventId: requireId('Event', input.eventId, 'event'),
          startsAt,
          idempotencyKey: idempotencyKey ?? undefined,
        };
        return { eventIds: await duplicateEvent(context.resources, actor, series) };
      });
    },
  }),
);

builder.mutationField('publishEvent', (t) =>
  t.field({
    type: eventSuccess('PublishEventSuccess', 'Fans see the event.'),
    description: `Publishes a draft: fans find it within seconds. A repeated request changes nothing. ${FOR_KEEPERS}`,
    args: { input: t.arg({ type: EventInput, required: true, description: 'The draft.' }) },
    errors: {
      types: [...publishEventRefusals],
      union: { name: 'PublishEventResult', description: 'The event, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('publishEvent', async () => {
        const eventId = requireId('Event', input.eventId, 'event');
        await publishEvent(context.resources, actor, eventId);
        return { eventId };
      });
    },
  }),
);

builder.mutationField('pauseSales', (t) =>
  t.field({
    type: eventSuccess('PauseSalesSuccess', 'No seat of the event can be held.'),
    description: `Pauses the sale: after the answer no seat can be held, until \`resumeSales\`. Holds that exist can be paid. A repeated request changes nothing. ${FOR_KEEPERS}`,
    args: { input: t.arg({ type: EventInput, required: true, description: 'The event.' }) },
    errors: {
      types: [...pauseSalesRefusals],
      union: { name: 'PauseSalesResult', description: 'The event, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('pauseSales', async () => {
        const eventId = requireId('Event', input.eventId, 'event');
        await pauseSales(context.resources, actor, eventId);
        return { eventId };
      });
    },
  }),
);

builder.mutationField('resumeSales', (t) =>
  t.field({
    type: eventSuccess('ResumeSalesSuccess', 'The sale is not paused.'),
    description: `Lets a paused sale go on. A repeated request changes nothing. ${FOR_KEEPERS}`,
    args: { input: t.arg({ type: EventInput, required: true, description: 'The event.' }) },
    errors: {
      types: [...pauseSalesRefusals],
      union: { name: 'ResumeSalesResult', description: 'The event, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('resumeSales', async () => {
        const eventId = requireId('Event', input.eventId, 'event');
        await resumeSales(context.resources, actor, eventId);
        return { eventId };
      });
    },
  }),
);

builder.mutationField('rescheduleEvent', (t) =>
  t.field({
    type: eventSuccess('RescheduleEventSuccess', 'The event has this date, or none at the moment.'),
    description: `Moves a published event to another start, or postpones it. Tickets stay valid, and watchers of the event are told. Doors, end and the end of the sale move with the start. A repeated request changes nothing. ${FOR_KEEPERS}`,
    args: { input: t.arg({ type: RescheduleEventInput, required: true, description: 'The new date.' }) },
    errors: {
      types: [...rescheduleEventRefusals],
      union: { name: 'RescheduleEventResult', description: 'The event, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('rescheduleEvent', async () => {
        const eventId = requireId('Event', input.eventId, 'event');
        const { startsAt, refundUntil = null } = input;
        await rescheduleEvent(context.resources, actor, { eventId, startsAt, refundUntil });
        return { eventId };
      });
    },
  }),
);
