import { z } from 'zod';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { getSeatMap } from '#domain/inventory/get-seat-map.ts';
import type { SeatMap as SeatMapModel } from '#domain/inventory/seat-map.ts';
import {
  type EventSeat as EventSeatModel,
  listEventSeats,
  listSectionAvailability,
  type SectionAvailability as SectionAvailabilityModel,
} from '#domain/inventory/seat-map-queries.ts';
import type { Quote as QuoteModel } from '#domain/pricing/quote-rules.ts';
import { requireAdmission } from '#domain/waiting-room/admissions.ts';
import { Quote } from '../booking/quote-types.ts';
import { builder } from '../builder.ts';
import { Event, requireEvent } from '../catalog/event.ts';
import { connectionOf, decodeCursor, pageArgs, pageOf, requireWindow } from '../connection.ts';
import type { Context } from '../context.ts';
import { Money } from '../money.ts';
import { decodeId, findNodesOf, Node } from '../node.ts';
import { Seat, Section, seatOf } from './seat.ts';
import { SeatMapLayout } from './seat-map-layout.ts';

export const SeatStatus = builder.enumType('SeatStatus', {
  description: 'The state of one seat at one event.',
  values: {
    AVAILABLE: { description: 'The seat can be held.' },
    HELD: { description: 'A booking that waits for payment holds the seat.' },
    BOOKED: { description: 'The seat is sold.' },
    BLOCKED: { description: 'The seat is not for sale.' },
  } as const,
});

const faceOf = ({ lines }: QuoteModel): number => lines.reduce((sum, { faceMinor }) => sum + faceMinor, 0);

const EventSeat = builder.objectRef<EventSeatModel>('EventSeat').implement({
  description: 'A seat at an event, with its price and its state.',
  fields: (t) => ({
    seat: t.field({
      type: Seat,
      description: 'The seat itself.',
      resolve: async ({ planId, seatNo }, _args, { resources }) => seatOf(await resources.plans.get(planId), seatNo),
    }),
    status: t.field({
      type: SeatStatus,
      description: 'The state at the version of this seat map.',
      resolve: (seat) => seat.status,
    }),
    price: t.field({
      type: Money,
      description: 'What a booking of this seat alone costs, with all fees and taxes.',
      resolve: ({ quote }) => ({ amountMinor: quote.totalMinor, currency: quote.currency }),
    }),
    fee: t.field({
      type: Money,
      description: 'The part of the price beside the face price: fees, and taxes that are added.',
      resolve: ({ quote }) => ({ amountMinor: quote.totalMinor - faceOf(quote), currency: quote.currency }),
    }),
    quote: t.field({
      type: Quote,
      description: 'The parts of the price, for the default ticket type of the seat.',
      resolve: ({ planId, quote }) => ({ planId, quote }),
    }),
  }),
});

/** The cursor of a seat is its `seat_no`. */
const SeatNo = z.int().min(0).max(9_999_999);

const EventSeatConnection = connectionOf('EventSeat', EventSeat, 'the seats of an event');

const SectionAvailability = builder.objectRef<SectionAvailabilityModel>('SectionAvailability').implement({
  description: 'The number of seats in each state, and the price, of a section at an event.',
  fields: (t) => ({
    section: t.field({ type: Section, description: 'The section itself.', resolve: ({ section }) => section }),
    available: t.exposeInt('available', { description: 'The number of seats that can be held.' }),
    held: t.exposeInt('held', { description: 'The number of held seats.' }),
    booked: t.exposeInt('booked', { description: 'The number of sold seats.' }),
    priceFrom: t.field({
      type: Money,
      nullable: true,
      description:
        'The lowest price of a seat, with all fees and taxes; null when the event does not sell the section.',
      resolve: ({ priceFrom }) => priceFrom,
    }),
    largestAdjacentBlock: t.exposeInt('largestAdjacentBlock', {
      description: 'The largest number of free seats next to each other in one row.',
    }),
  }),
});

export const SeatMap = builder.objectRef<SeatMapModel>('SeatMap').implement({
  description: 'All seats of an event at one version.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description:
        'Global id, one for each event. It does not depend on the version, so a client cache keeps one seat map for each event.',
      resolve: ({ eventId }) => encodeGlobalId('SeatMap', eventId),
    }),
    event: t.field({
      type: Event,
      description: 'The event.',
      resolve: ({ eventId }, _args, context) => requireEvent(eventId, context),
    }),
    version: t.exposeInt('version', {
      description: 'Grows by one with each change. Give it to `seatMapChanged` as `sinceVersion`.',
    }),
    asOf: t.field({
      type: 'DateTime',
      description: 'The last time at which the service knew that this version was the newest.',
      resolve: (map) => map.asOf,
    }),
    stale: t.exposeBoolean('stale', {
      description: 'True while the service cannot find out whether a newer version exists.',
    }),
    layout: t.field({
      type: SeatMapLayout,
      description: 'The positions of the seats.',
      resolve: ({ planId }, _args, { resources }) => resources.plans.get(planId),
    }),
    statuses: t.field({
      type: 'SeatStatuses',
      description: 'The state of every seat, in packed form.',
      resolve: (map) => map.statuses,
    }),
    sections: t.field({
      type: [SectionAvailability],
      description: 'Every section, in the order of the seating plan.',
      resolve: (map, _args, { resources }) => listSectionAvailability(resources, map),
    }),
    seats: t.field({
      type: EventSeatConnection,
      description: 'The seats in readable form, in the order of their seat numbers. For people and for small clients.',
      args: {
        sectionId: t.arg.id({ description: 'Only seats of this section.' }),
        status: t.arg({ type: SeatStatus, description: 'Only seats in this state.' }),
        ...pageArgs(t.arg, 50),
      },
      resolve: async (map, args, { resources }) => {
        const window = requireWindow(args, {
          otherwise: 50,
          toPosition: (cursor, field) => decodeCursor(cursor, SeatNo, field),
        });
        const page = await listEventSeats(resources, map, {
          // The id of another type matches no seat, like the id of a section that the plan does not have.
          sectionId: args.sectionId ? (decodeId('Section', args.sectionId) ?? '') : undefined,
          status: args.status ?? undefined,
          window,
        });
        return pageOf(page, window, ({ seatNo }) => seatNo);
      },
    }),
  }),
});

/** Throws AdmissionRequired for a caller without admission while the waiting room of the event is open. */
async function findSeatMap(eventId: string, { resources, viewer, admission }: Context) {
  const admitted = requireAdmission(resources, viewer, { eventId, admission });
  if (admitted) await admitted;
  return getSeatMap(resources, eventId);
}

findNodesOf('SeatMap', async (eventId, context) => {
  const map = await findSeatMap(eventId, context);
  // A copy, because the type is written into it, and all watchers of the event share the map.
  return map && { ...map };
});

builder.queryField('seatMap', (t) =>
  t.field({
    type: SeatMap,
    nullable: true,
    description:
      'The seat map of an event; null when the event is unknown. While the waiting room of the event is open, a viewer without admission gets the error ADMISSION_REQUIRED.',
    args: { eventId: t.arg.id({ required: true, description: 'The id of an Event.' }) },
    resolve: async (_root, args, context) => {
      const eventId = decodeId('Event', args.eventId);
      return eventId ? findSeatMap(eventId, context) : null;
    },
  }),
);
