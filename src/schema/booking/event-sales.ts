import type { SalesFigures, SoldCount as SoldCountModel } from '#domain/booking/sales/sales-figures-rules.ts';
import { findSales, watchSales } from '#domain/booking/sales/watch-sales.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { Event } from '../catalog/event.ts';
import { isFor } from '../catalog/event-for-members.ts';
import { Money } from '../money.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';

const SoldCount = builder.objectRef<SoldCountModel>('SoldCount').implement({
  description: 'How many tickets of one kind are sold.',
  fields: (t) => ({
    key: t.exposeString('key', {
      description:
        'The key of the ticket type or price level in the price list; empty for seats from before price lists.',
    }),
    name: t.exposeString('name', { description: 'Its name.' }),
    tickets: t.exposeInt('tickets', { description: 'The number of valid tickets.' }),
  }),
});

type Amount = 'grossMinor' | 'feesMinor' | 'taxesMinor' | 'refundedMinor' | 'netMinor';
const amounts = (of: Amount) => ({
  type: [Money] as [typeof Money],
  resolve: ({ money }: SalesFigures) => money.map((sums) => ({ amountMinor: sums[of], currency: sums.currency })),
});

export const EventSales = builder.objectRef<SalesFigures>('EventSales').implement({
  description:
    'What an event has sold, for members of its organization, at most a second old. Amounts are lists with one entry for each currency that was paid in.',
  fields: (t) => ({
    soldTickets: t.exposeInt('soldTickets', { description: 'The number of valid tickets: paid, and not given back.' }),
    soldByType: t.field({
      type: [SoldCount],
      description: 'The valid tickets by ticket type, most first.',
      resolve: ({ soldByType }) => [...soldByType],
    }),
    soldByLevel: t.field({
      type: [SoldCount],
      description: 'The valid tickets by price level, most first.',
      resolve: ({ soldByLevel }) => [...soldByLevel],
    }),
    gross: t.field({
      ...amounts('grossMinor'),
      description: 'All that was paid, also for bookings that were given back since.',
    }),
    fees: t.field({ ...amounts('feesMinor'), description: 'The fees in `gross`.' }),
    taxes: t.field({
      ...amounts('taxesMinor'),
      description: 'The taxes in `gross`, those that prices contain and those that are added.',
    }),
    refunded: t.field({ ...amounts('refundedMinor'), description: 'What was paid back of `gross`.' }),
    net: t.field({ ...amounts('netMinor'), description: '`gross` without `refunded`.' }),
    perMinute: t.exposeFloat('ticketsPerMinute', {
      description: 'Tickets sold per minute, on average over the last five minutes.',
    }),
  }),
});

builder.objectField(Event, 'sales', (t) =>
  t.field({
    type: EventSales,
    nullable: true,
    description:
      'What the event has sold. Null for all but the members of its organization; the error NOT_ALLOWED for the role DOOR, which has no figures.',
    resolve: async ({ id, organizationId }, _args, context) =>
      (await isFor(context, organizationId, 'Event.sales')) ? findSales(context.resources, id) : null,
  }),
);

builder.subscriptionField('eventSalesChanged', (t) =>
  t.field({
    type: EventSales,
    description:
      'Sends what an event has sold now, and again when it changes, at most once a second; a refund within ten seconds. Only for members of its organization whose role has figures: all except DOOR. It ends with the error NOT_ALLOWED when the role of the caller ends.',
    args: { eventId: t.arg.id({ required: true, description: 'The id of an Event.' }) },
    subscribe: (_root, args, context) => {
      const actor = requireActor(context);
      const eventId = decodeId('Event', args.eventId);
      if (!eventId) throw new NotFound('event');
      return watchSales(context.resources, actor, eventId);
    },
    resolve: (sales) => sales,
  }),
);
