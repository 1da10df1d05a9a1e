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
import { requireAdmission } from '#domain/waiting-room/admissions.ts';
import { builder } from '../builder.ts';
import { Event, requireEvent } from '../catalog/event.ts';
import { connectionOf, decodeCursor, pageArgs, pageOf, requireWindow } from '../connection.ts';
import type { Context } from '../context.ts';
import { Money } from '../money.ts';
import { decodeId, findNodesOf, Node } from '../node.ts';
import { Seat, Section, seatOf } from './seat.ts';

export const SeatStatus = builder.enumType('SeatStatus', {
  description: 'The state of one seat at one event.',
  values: {
    AVAILABLE: { description: 'Free to hold.' },
    HELD: { description: 'Held by a booking that waits for payment.' },
    BOOKED: { description: 'Sold.' },
    BLOCKED: { description: 'Not for sale.' },
  } as const,
});

const EventSeat = builder.objectRef<EventSeatModel>('EventSeat').implement({
  description: 'A seat at an event: what it costs and whether it is free.',
  fields: (t) => ({
    seat: t.field({
      type: Seat,
      description: 'The seat itself.',
      resolve: async ({ planId, seatNo }, _args, { resources }) => seatOf(await resources.plans.get(planId), seatNo),
    }),
    status: t.field({
      type: SeatStatus,
      description: 'At the version of this seat map.',
      resolve: (seat) => seat.status,
    }),
    price: t.field({
      type: Money,
      description: 'Without the fee.',
      resolve: ({ priceMinor, currency }) => ({ amountMinor: priceMinor, currency }),
    }),
    fee: t.field({
      type: Money,
      description: 'On top of the price.',
      resolve: ({ feeMinor, currency }) => ({ amountMinor: feeMinor, currency }),
    }),
  }),
});

/** The cursor of a seat is its `seat_no`. */
const SeatNo = z.int().min(0).max(9_999_999);

const EventSeatConnection = connectionOf('EventSeat', EventSeat, 'the seats of an event');

const SeatMapLayout = builder.objectRef<{ hash: string; seatCount: number }>('SeatMapLayout').implement({
  description: 'Where every seat is: a file that never changes, to be fetched once.',
  fields: (t) => ({
    hash: t.exposeString('hash', { description: 'The name of its content: equal plans have equal hashes.' }),
    url: t.string({
      description: 'Where the file is, relative to this server: JSON in columns, position i of each is seat_no i.',
      resolve: ({ hash }) => `/layouts/${hash}.json`,
    }),
    seatCount: t.exposeInt('seatCount', { description: 'How many seats the plan has.' }),
  }),
});

const SectionAvailability = builder.objectRef<SectionAvailabilityModel>('SectionAvailability').implement({
  description: 'How full a section is at an event.',
  fields: (t) => ({
    section: t.field({ type: Section, description: 'The section itself.', resolve: ({ section }) => section }),
    available: t.exposeInt('available', { description: 'Seats that are free to hold.' }),
    held: t.exposeInt('held', { description: 'Seats that are held.' }),
    booked: t.exposeInt('booked', { description: 'Seats that are sold.' }),
    priceFrom: t.field({
      type: Money,
      nullable: true,
      description: 'The price of its seats, without the fee; null when the event does not sell it.',
      resolve: ({ priceFrom }) => priceFrom,
    }),
    largestAdjacentBlock: t.exposeInt('largestAdjacentBlock', {
      description: 'The most free seats next to each other in one row.',
    }),
  }),
});

export const SeatMap = builder.objectRef<SeatMapModel>('SeatMap').implement({
  description: 'All seats of an event at one version.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description: "Global id, made from the event's: a cache keeps one seat map for each event, whatever its version.",
      resolve: ({ eventId }) => encodeGlobalId('SeatMap', eventId),
    }),
    event: t.field({
      type: Event,
      description: 'The event.',
      resolve: ({ eventId }, _args, context) => requireEvent(eventId, context),
    }),
    version: t.exposeInt('version', {
      description: 'Grows by one with each change: `sinceVersion` of a subscription.',
    }),
    asOf: t.field({
      type: 'DateTime',
      description: 'When this version was last known to be the newest.',
      resolve: (map) => map.asOf,
    }),
    stale: t.exposeBoolean('stale', { description: 'True while nobody can say whether there is a newer version.' }),
    layout: t.field({
      type: SeatMapLayout,
      description: 'Where the seats are.',
      resolve: ({ planId }, _args, { resources }) => resources.plans.get(planId),
    }),
    statuses: t.field({
      type: 'SeatStatuses',
      description: 'The state of every seat, packed.',
      resolve: (map) => map.statuses,
    }),
    sections: t.field({
      type: [SectionAvailability],
      description: "Every section, in the plan's order.",
      resolve: (map, _args, { resources }) => listSectionAvailability(resources, map),
    }),
    seats: t.field({
      type: EventSeatConnection,
      description: 'The seats in readable form, by seat number: for people and for small clients.',
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
          // Of another type or plan: no seat matches, as with any section that the plan does not have.
          sectionId: args.sectionId ? (decodeId('Section', args.sectionId) ?? '') : undefined,
          status: args.status ?? undefined,
          window,
        });
        return pageOf(page, window, ({ seatNo }) => seatNo);
      },
    }),
  }),
});

/** Only for callers who may see the seats: while the waiting room of the event is open, throws AdmissionRequired. */
async function findSeatMap(eventId: string, { resources, viewer, admission }: Context) {
  const admitted = requireAdmission(resources, viewer, { eventId, admission });
  if (admitted) await admitted;
  return getSeatMap(resources, eventId);
}

findNodesOf('SeatMap', async (eventId, context) => {
  const map = await findSeatMap(eventId, context);
  // A copy, because the type is written into it, and the map is shared by all who watch it.
  return map && { ...map };
});

builder.queryField('seatMap', (t) =>
  t.field({
    type: SeatMap,
    nullable: true,
    description:
      'The seat map of an event; null when the event is unknown. While its waiting room is open, only for who was admitted: else the error ADMISSION_REQUIRED.',
    args: { eventId: t.arg.id({ required: true, description: 'The id of an Event.' }) },
    resolve: async (_root, args, context) => {
      const eventId = decodeId('Event', args.eventId);
      return eventId ? findSeatMap(eventId, context) : null;
    },
  }),
);
