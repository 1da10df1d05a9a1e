import { cancelEvent, cancelEventRefusals } from '#domain/cancellation/cancel-event.ts';
import { PreviewOutdated } from '#domain/cancellation/errors.ts';
import {
  type CancellationPreview,
  previewEventCancellation,
  previewEventCancellationRefusals,
} from '#domain/cancellation/preview-event-cancellation.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { Event, requireEventOfMembers } from '../catalog/event.ts';
import { EventInput } from '../catalog/event-inputs.ts';
import { Money } from '../money.ts';
import { decodeId } from '../node.ts';
import { Refusal } from '../refusals.ts';
import { requireActor } from '../viewer.ts';
import { amountsOf, refundsOf } from './event-cancellation.ts';

builder.objectType(PreviewOutdated, {
  name: 'PreviewOutdated',
  description:
    'The event was changed since the preview of its cancellation, or the preview has expired. Nothing was cancelled.',
  interfaces: [Refusal],
});

const EventCancellationPreview = builder.objectRef<CancellationPreview>('EventCancellationPreview').implement({
  description:
    'What a cancellation of the event would end and pay back, as of this answer. The sale goes on meanwhile.',
  fields: (t) => ({
    token: t.exposeString('token', {
      description: '`cancelEvent` wants it. A change of the event makes it worthless; bookings do not.',
    }),
    bookings: t.int({
      description: 'The confirmed bookings, also those of the box office.',
      resolve: ({ figures }) => figures.bookings,
    }),
    tickets: t.int({ description: 'Their tickets.', resolve: ({ figures }) => figures.tickets }),
    refunds: t.field({
      type: [Money],
      description: 'What the gateway would pay back with `refundFees: true`, for each currency.',
      resolve: ({ figures }) => refundsOf(figures, true),
    }),
    refundsWithoutFees: t.field({
      type: [Money],
      description: 'The same with `refundFees: false`: without the fees that the price list calls not refundable.',
      resolve: ({ figures }) => refundsOf(figures, false),
    }),
    bookingsByHand: t.int({
      description: 'Of the bookings, those that the box office sold.',
      resolve: ({ figures }) => figures.byHand,
    }),
    toRepayByHand: t.field({
      type: [Money],
      description: 'What was paid for them: the gateway cannot pay it back.',
      resolve: ({ figures }) => amountsOf(figures.byHand, figures.byHandMinor, figures),
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'Until when the token is valid.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
  }),
});

const PreviewEventCancellationSuccess = builder
  .objectRef<{ preview: CancellationPreview }>('PreviewEventCancellationSuccess')
  .implement({
    description: 'The preview. Nothing was cancelled.',
    fields: (t) => ({
      preview: t.field({
        type: EventCancellationPreview,
        description: 'What a cancellation would do.',
        resolve: ({ preview }) => preview,
      }),
    }),
  });

const FOR_KEEPERS = 'Only for owners and managers of its organization.';

const requireEventId = (id: string): string => {
  const eventId = decodeId('Event', id);
  if (eventId === undefined) throw new NotFound('event');
  return eventId;
};

builder.mutationField('previewEventCancellation', (t) =>
  t.field({
    type: PreviewEventCancellationSuccess,
    description: `Returns what a cancellation of the event would end and pay back, and the token that \`cancelEvent\` wants. It is valid for 15 minutes. ${FOR_KEEPERS}`,
    args: { input: t.arg({ type: EventInput, required: true, description: 'The event.' }) },
    errors: {
      types: [...previewEventCancellationRefusals],
      union: { name: 'PreviewEventCancellationResult', description: 'The preview, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('previewEventCancellation', async () => {
        const eventId = requireEventId(input.eventId);
        return { preview: await previewEventCancellation(context.resources, actor, eventId) };
      });
    },
  }),
);

const CancelEventInput = builder.inputType('CancelEventInput', {
  description: 'An event that does not take place.',
  fields: (t) => ({
    eventId: t.id({ required: true, description: 'The id of an Event.' }),
    token: t.string({ required: true, description: 'The token of `previewEventCancellation`.' }),
    refundFees: t.boolean({
      required: true,
      description: 'Whether the fees that the price list calls not refundable are paid back as well.',
    }),
    reason: t.string({
      required: true,
      description: 'Why, for the members of the organization: 1 to 500 characters; line breaks are allowed.',
    }),
  }),
});

const CancelEventSuccess = builder.objectRef<{ eventId: string }>('CancelEventSuccess').implement({
  description:
    'The event is cancelled: no seat can be held, and no booking is confirmed. Its bookings end from now on.',
  fields: (t) => ({
    event: t.field({
      type: Event,
      description: 'The event. `cancellation` shows how far its bookings and refunds are.',
      resolve: ({ eventId }, _args, context) => requireEventOfMembers(eventId, context),
    }),
  }),
});

builder.mutationField('cancelEvent', (t) =>
  t.field({
    type: CancelEventSuccess,
    description: `Cancels a published event for good. After the answer no seat can be held and no booking is confirmed; a worker ends its bookings, which are refunded, and its tickets are void. Subscribe to \`eventCancellationChanged\` for the progress. A repeated request with the same token changes nothing. ${FOR_KEEPERS}`,
    args: { input: t.arg({ type: CancelEventInput, required: true, description: 'The event and the decision.' }) },
    errors: {
      types: [...cancelEventRefusals],
      union: { name: 'CancelEventResult', description: 'The event, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('cancelEvent', async () => {
        const eventId = requireEventId(input.eventId);
        await cancelEvent(context.resources, actor, { ...input, eventId });
        return { eventId };
      });
    },
  }),
);
