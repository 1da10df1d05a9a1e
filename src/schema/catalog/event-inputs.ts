import { builder } from '../builder.ts';
import { Category } from './event.ts';
import { OrphanPolicy } from './event-status.ts';

const texts = {
  venueId: 'The id of a Venue of the organization.',
  seatingPlanId: 'The id of a seating plan of the venue.',
  title: '1 to 200 characters.',
  description: 'Plain text of at most 10,000 characters; line breaks are allowed.',
  category: 'The kind of event.',
  performers: 'The teams, bands or speakers: at most 50, of at most 100 characters each.',
  startsAt: 'When the event begins.',
  endsAt: 'When the event ends.',
  doorsAt: 'When the doors open.',
  onSaleAt: 'When the sale opens.',
  offSaleAt: 'When the sale closes.',
  currency: 'The currency of all prices, ISO 4217.',
  holdSeconds: 'How long seats are held for payment: 10 to 3,600 seconds.',
  cancellableUntil: 'Until when a confirmed booking can be cancelled with a refund.',
  seatsPerBooking: 'How many seats one booking may have: 1 to 100.',
  seatsPerViewer: 'How many seats one viewer may have at the event, held and booked: 1 to 1,000.',
  accessibleReleaseAt:
    'When wheelchair places and companion seats that are left are sold like other seats. It moves with the start.',
  orphanPolicy: 'Whether a choice of seats may leave a single free seat between taken ones.',
  imageUploadId: 'The id of an Upload with the purpose EVENT_IMAGE whose bytes were sent.',
  idempotencyKey:
    'Send the same key with a repeated request, and it returns the result of the first. Without a key a repeated request makes another draft.',
} as const;

export const CreateEventInput = builder.inputType('CreateEventInput', {
  description: 'A new event.',
  fields: (t) => ({
    organizationId: t.id({ required: true, description: 'The id of an Organization.' }),
    venueId: t.id({ required: true, description: texts.venueId }),
    seatingPlanId: t.id({ required: true, description: texts.seatingPlanId }),
    title: t.string({ required: true, description: texts.title }),
    description: t.string({ description: texts.description }),
    category: t.field({ type: Category, required: true, description: texts.category }),
    performers: t.stringList({ description: texts.performers }),
    startsAt: t.field({ type: 'LocalDateTime', required: true, description: texts.startsAt }),
    endsAt: t.field({ type: 'LocalDateTime', description: texts.endsAt }),
    doorsAt: t.field({ type: 'LocalDateTime', description: texts.doorsAt }),
    onSaleAt: t.field({ type: 'DateTime', required: true, description: texts.onSaleAt }),
    offSaleAt: t.field({ type: 'DateTime', required: true, description: texts.offSaleAt }),
    currency: t.string({ required: true, description: texts.currency }),
    holdSeconds: t.int({ defaultValue: 300, description: texts.holdSeconds }),
    cancellableUntil: t.field({
      type: 'DateTime',
      description: `${texts.cancellableUntil} Left out: it cannot be cancelled.`,
    }),
    seatsPerBooking: t.int({ defaultValue: 10, description: texts.seatsPerBooking }),
    seatsPerViewer: t.int({ defaultValue: 20, description: texts.seatsPerViewer }),
    orphanPolicy: t.field({ type: OrphanPolicy, defaultValue: 'LENIENT', description: texts.orphanPolicy }),
    accessibleReleaseAt: t.field({
      type: 'DateTime',
      description: `${texts.accessibleReleaseAt} Left out: never.`,
    }),
    imageUploadId: t.id({ description: `${texts.imageUploadId} Left out: the event has no image.` }),
    idempotencyKey: t.string({ description: texts.idempotencyKey }),
  }),
});

const BEFORE_PUBLISHING = 'Not after the event was published.';

export const UpdateEventInput = builder.inputType('UpdateEventInput', {
  description:
    'The changes of an event. What is left out or null stays as it is; only `endsAt`, `doorsAt`, `cancellableUntil`, `accessibleReleaseAt` and `imageUploadId` are removed by null.',
  fields: (t) => ({
    eventId: t.id({ required: true, description: 'The id of an Event.' }),
    revision: t.int({ required: true, description: 'The `revision` of the event that the caller has read.' }),
    venueId: t.id({ description: `${texts.venueId} ${BEFORE_PUBLISHING}` }),
    seatingPlanId: t.id({ description: `${texts.seatingPlanId} ${BEFORE_PUBLISHING} Removes the price list.` }),
    title: t.string({ description: texts.title }),
    description: t.string({ description: texts.description }),
    category: t.field({ type: Category, description: texts.category }),
    performers: t.stringList({ description: texts.performers }),
    startsAt: t.field({
      type: 'LocalDateTime',
      description: `${texts.startsAt} ${BEFORE_PUBLISHING} Use \`rescheduleEvent\` then.`,
    }),
    endsAt: t.field({ type: 'LocalDateTime', description: texts.endsAt }),
    doorsAt: t.field({ type: 'LocalDateTime', description: texts.doorsAt }),
    onSaleAt: t.field({ type: 'DateTime', description: `${texts.onSaleAt} Not after it has opened.` }),
    offSaleAt: t.field({ type: 'DateTime', description: texts.offSaleAt }),
    currency: t.string({ description: `${texts.currency} ${BEFORE_PUBLISHING} Removes the price list.` }),
    holdSeconds: t.int({ description: `${texts.holdSeconds} For later holds.` }),
    cancellableUntil: t.field({
      type: 'DateTime',
      description: `${texts.cancellableUntil} Of a published event it can only become later.`,
    }),
    seatsPerBooking: t.int({ description: texts.seatsPerBooking }),
    seatsPerViewer: t.int({ description: texts.seatsPerViewer }),
    orphanPolicy: t.field({ type: OrphanPolicy, description: texts.orphanPolicy }),
    accessibleReleaseAt: t.field({ type: 'DateTime', description: texts.accessibleReleaseAt }),
    imageUploadId: t.id({ description: texts.imageUploadId }),
  }),
});

export const DuplicateEventInput = builder.inputType('DuplicateEventInput', {
  description: 'An event, and when its copies begin.',
  fields: (t) => ({
    eventId: t.id({ required: true, description: 'The id of an Event.' }),
    startsAt: t.field({
      type: ['LocalDateTime'],
      required: true,
      description: 'The start of each copy: 1 to 100, each another one.',
    }),
    idempotencyKey: t.string({ description: texts.idempotencyKey }),
  }),
});

export const EventInput = builder.inputType('EventInput', {
  description: 'An event.',
  fields: (t) => ({ eventId: t.id({ required: true, description: 'The id of an Event.' }) }),
});

export const RescheduleEventInput = builder.inputType('RescheduleEventInput', {
  description: 'The new date of an event.',
  fields: (t) => ({
    eventId: t.id({ required: true, description: 'The id of an Event.' }),
    startsAt: t.field({
      type: 'LocalDateTime',
      description: 'The new start. Null: the event is postponed, and its date is not known. It cannot be left out.',
    }),
    refundUntil: t.field({
      type: 'DateTime',
      description:
        'Until when buyers may cancel their bookings with a refund. It cannot become earlier. Left out: as it is.',
    }),
  }),
});
