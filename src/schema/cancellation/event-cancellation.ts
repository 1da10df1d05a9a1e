import { z } from 'zod';
import {
  type Cancellation,
  findCancellation,
  listRepayments,
  type Repayment,
} from '#domain/cancellation/cancellation-queries.ts';
import { type CancellationFigures, refundsMinor } from '#domain/cancellation/figures-rules.ts';
import { watchCancellation } from '#domain/cancellation/watch-cancellation.ts';
import { NotFound } from '#domain/errors.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { isUuid } from '#shared/uuid.ts';
import { Tender } from '../booking/sell-at-box-office.ts';
import { builder } from '../builder.ts';
import { Event } from '../catalog/event.ts';
import { isFor } from '../catalog/event-for-members.ts';
import { connectionOf, decodeCursor, pageArgs, pageOf, requireWindow } from '../connection.ts';
import { Money } from '../money.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';

const EventCancellationState = builder.enumType('EventCancellationState', {
  description: 'How far the cancellation of an event is.',
  values: {
    CANCELLING: { description: 'Bookings of the event are left.' },
    REFUNDING: { description: 'All bookings have ended, and the gateway has not paid all money back.' },
    DONE: { description: 'All bookings have ended, and the gateway has paid all money back.' },
  } as const,
});

/** One amount for each currency in which something was paid: an event has one. */
export const amountsOf = (bookings: number, amountMinor: number, { currency }: { readonly currency: string }) =>
  bookings > 0 ? [{ amountMinor, currency }] : [];
export const refundsOf = (figures: CancellationFigures, refundFees: boolean) =>
  amountsOf(figures.bookings - figures.byHand, refundsMinor(figures, { refundFees }), figures);

const PreviewedCancellation = builder.objectRef<Cancellation>('PreviewedCancellation').implement({
  description: 'What the preview of a cancellation had shown. The sale went on until the event was cancelled.',
  fields: (t) => ({
    at: t.field({
      type: 'DateTime',
      description: 'When it was made.',
      resolve: ({ previewed }) => new Date(previewed.madeAtMs),
    }),
    bookings: t.int({
      description: 'The confirmed bookings.',
      resolve: ({ previewed }) => previewed.bookings,
    }),
    tickets: t.int({ description: 'Their tickets.', resolve: ({ previewed }) => previewed.tickets }),
    refunds: t.field({
      type: [Money],
      description: 'What the gateway would have paid back, by the decision about fees.',
      resolve: ({ previewed, refundFees }) => refundsOf(previewed, refundFees),
    }),
  }),
});

const HandRepayment = builder.objectRef<Repayment>('HandRepayment').implement({
  description: 'A booking that the box office had sold and that ended with its event: its money is paid back by hand.',
  fields: (t) => ({
    bookingId: t.id({
      description: 'The id of the Booking.',
      resolve: ({ id }) => encodeGlobalId('Booking', id),
    }),
    tender: t.field({ type: Tender, description: 'How it was paid.', resolve: ({ tender }) => tender }),
    reference: t.exposeString('reference', {
      nullable: true,
      description: 'The reference of the sale, for example the number of the receipt.',
    }),
    tickets: t.exposeInt('tickets', { description: 'The number of its tickets, which are void.' }),
    amount: t.field({ type: Money, description: 'What was paid.', resolve: (repayment) => repayment }),
  }),
});

const HandRepaymentConnection = connectionOf('HandRepayment', HandRepayment, 'the repayments by hand');
const PAGE = 10;
const toId = (cursor: string, field: string): string => decodeCursor(cursor, z.string().refine(isUuid), field);

const EventCancellation = builder.objectRef<Cancellation>('EventCancellation').implement({
  description:
    'The cancellation of an event, for members of its organization. A worker ends the bookings, and the gateway pays back as fast as its rate allows.',
  fields: (t) => ({
    state: t.field({
      type: EventCancellationState,
      description: 'How far it is.',
      resolve: ({ state }) => state,
    }),
    bookings: t.int({
      description: 'The bookings that were confirmed when the event was cancelled, also those of the box office.',
      resolve: ({ figures }) => figures.bookings,
    }),
    tickets: t.int({ description: 'Their tickets.', resolve: ({ figures }) => figures.tickets }),
    done: t.exposeInt('done', { description: 'How many of the bookings have ended. Their tickets are void.' }),
    failed: t.exposeInt('failed', {
      description: 'How many bookings could not be ended in the last pass. They are tried again every minute.',
    }),
    refunds: t.field({
      type: [Money],
      description: 'What the gateway pays back in all, for each currency.',
      resolve: ({ figures, refundFees }) => refundsOf(figures, refundFees),
    }),
    refunded: t.field({
      type: [Money],
      description: 'What the gateway has paid back, for each currency.',
      resolve: ({ figures, refundedMinor }) => amountsOf(figures.bookings - figures.byHand, refundedMinor, figures),
    }),
    refundFees: t.exposeBoolean('refundFees', {
      description: 'Whether the fees that the price list calls not refundable are paid back as well.',
    }),
    reason: t.exposeString('reason', { description: 'The reason that was given with the cancellation.' }),
    cancelledAt: t.field({
      type: 'DateTime',
      description: 'When the event was cancelled.',
      resolve: ({ cancelledAt }) => cancelledAt,
    }),
    finishedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the last booking had ended; null before.',
      resolve: ({ finishedAt }) => finishedAt,
    }),
    previewed: t.field({
      type: PreviewedCancellation,
      description:
        'What the preview had shown. The difference to `bookings`, `tickets` and `refunds` was booked or given back in between.',
      resolve: (cancellation) => cancellation,
    }),
    bookingsByHand: t.int({
      description: 'Of the bookings, those that the box office had sold.',
      resolve: ({ figures }) => figures.byHand,
    }),
    toRepayByHand: t.field({
      type: [Money],
      description: 'What was paid for them, for each currency.',
      resolve: ({ figures }) => amountsOf(figures.byHand, figures.byHandMinor, figures),
    }),
    repayments: t.field({
      type: HandRepaymentConnection,
      description: 'The bookings of the box office that have ended and were paid, in the order of their sale.',
      args: pageArgs(t.arg, PAGE),
      resolve: async ({ eventId }, args, { resources }) => {
        const window = requireWindow(args, { otherwise: PAGE, toPosition: toId });
        return pageOf(await listRepayments(resources, eventId, window), window, ({ id }) => id);
      },
    }),
  }),
});

builder.objectField(Event, 'cancellation', (t) =>
  t.field({
    type: EventCancellation,
    nullable: true,
    description:
      'How far the cancellation of the event is; null for an event that was not cancelled, and for all but the members of its organization. The error NOT_ALLOWED for the role DOOR, which has no figures.',
    resolve: async ({ id, organizationId }, _args, context) =>
      (await isFor(context, organizationId, 'Event.cancellation'))
        ? ((await findCancellation(context.resources, id)) ?? null)
        : null,
  }),
);

builder.subscriptionField('eventCancellationChanged', (t) =>
  t.field({
    type: EventCancellation,
    nullable: true,
    description:
      'Sends how far the cancellation of the event is now (null: it is not cancelled), and again when that changes, at most once a second; a refund within ten seconds. Only for members of its organization whose role has figures: all except DOOR. It ends with the error NOT_ALLOWED when the role of the caller ends.',
    args: { eventId: t.arg.id({ required: true, description: 'The id of an Event.' }) },
    subscribe: (_root, args, context) => {
      const actor = requireActor(context);
      const eventId = decodeId('Event', args.eventId);
      if (!eventId) throw new NotFound('event');
      return watchCancellation(context.resources, actor, eventId);
    },
    resolve: ({ cancellation }) => cancellation ?? null,
  }),
);
