import SchemaBuilder from '@pothos/core';
import ErrorsPlugin from '@pothos/plugin-errors';
import { and, asc, eq } from 'drizzle-orm';
import { events, sections, venueSeats } from '#db/tables/catalog.ts';
import { eventSeats, seatInventories } from '#db/tables/inventory.ts';
import type { StockContext } from './stock-context.ts';
import { type StockChange, stockSeatTopic } from './stock-topics.ts';

/** The same fields as Frontrow's, written as in the documentation of Pothos: objects, resolvers, the errors plugin. */

type Money = { amountMinor: number; currency: string };
type HeldSeat = { seatId: string; price: Money };
type Booking = { id: string; status: string; holdExpiresAt: string; total: Money; seats: HeldSeat[] };
type SeatRow = {
  seatNo: number;
  section: string;
  row: string;
  label: string;
  x: number;
  y: number;
  status: string | null;
};

class SeatsUnavailable extends Error {
  readonly code = 'SEATS_UNAVAILABLE';
}

const builder = new SchemaBuilder<{
  Context: StockContext;
  DefaultFieldNullability: false;
  Objects: {
    Money: Money;
    Seat: { id: string };
    BookingSeat: HeldSeat;
    Booking: Booking;
    SeatRow: SeatRow;
    SeatList: { version: number; seats: SeatRow[] };
    SeatChange: { seatNo: number; status: string };
    SeatMapDelta: StockChange;
  };
}>({ plugins: [ErrorsPlugin], defaultFieldNullability: false });

builder.objectType('Money', {
  fields: (t) => ({ amountMinor: t.exposeInt('amountMinor'), currency: t.exposeString('currency') }),
});
builder.objectType('Seat', { fields: (t) => ({ id: t.exposeID('id') }) });
builder.objectType('BookingSeat', {
  fields: (t) => ({
    seat: t.field({ type: 'Seat', resolve: ({ seatId }) => ({ id: seatId }) }),
    price: t.field({ type: 'Money', resolve: ({ price }) => price }),
  }),
});
builder.objectType('Booking', {
  fields: (t) => ({
    id: t.exposeID('id'),
    status: t.exposeString('status'),
    holdExpiresAt: t.exposeString('holdExpiresAt'),
    total: t.field({ type: 'Money', resolve: ({ total }) => total }),
    seats: t.field({ type: ['BookingSeat'], resolve: ({ seats }) => seats }),
  }),
});
builder.objectType('SeatRow', {
  fields: (t) => ({
    seatNo: t.exposeInt('seatNo'),
    section: t.exposeString('section'),
    row: t.exposeString('row'),
    label: t.exposeString('label'),
    x: t.exposeFloat('x'),
    y: t.exposeFloat('y'),
    status: t.string({ resolve: ({ status }) => status ?? 'AVAILABLE' }),
  }),
});
builder.objectType('SeatList', {
  fields: (t) => ({
    version: t.exposeInt('version'),
    seats: t.field({ type: ['SeatRow'], resolve: ({ seats }) => seats }),
  }),
});
builder.objectType(SeatsUnavailable, {
  name: 'SeatsUnavailable',
  fields: (t) => ({ code: t.exposeString('code'), message: t.exposeString('message') }),
});

const CreateBookingInput = builder.inputType('CreateBookingInput', {
  fields: (t) => ({
    eventId: t.id({ required: true }),
    seatIds: t.idList({ required: true }),
    idempotencyKey: t.string({ required: true }),
  }),
});

builder.queryType({
  fields: (t) => ({
    seatMap: t.field({
      type: 'SeatList',
      args: { eventId: t.arg.id({ required: true }) },
      resolve: (_root, { eventId }, context) => readSeatList(context, rawId(eventId)),
    }),
  }),
});
builder.mutationType({
  fields: (t) => ({
    createBooking: t.field({
      type: 'Booking',
      args: { input: t.arg({ type: CreateBookingInput, required: true }) },
      errors: { types: [SeatsUnavailable], dataField: { name: 'booking' }, result: { name: 'CreateBookingSuccess' } },
      resolve: (_root, { input }, context) => createBooking(context, input),
    }),
  }),
});

builder.objectType('SeatChange', {
  fields: (t) => ({ seatNo: t.exposeInt('seatNo'), status: t.exposeString('status') }),
});
builder.objectType('SeatMapDelta', {
  fields: (t) => ({
    fromVersion: t.exposeInt('fromVersion'),
    toVersion: t.exposeInt('toVersion'),
    changes: t.field({ type: ['SeatChange'], resolve: ({ changes }) => [...changes] }),
  }),
});
const SeatMapChange = builder.unionType('SeatMapChange', {
  types: ['SeatMapDelta'],
  resolveType: () => 'SeatMapDelta',
});
builder.subscriptionType({
  fields: (t) => ({
    seatMapChanged: t.field({
      type: SeatMapChange,
      args: { eventId: t.arg.id({ required: true }) },
      subscribe: (_root, { eventId }, { pubsub }): AsyncIterable<StockChange> =>
        pubsub.asyncIterableIterator<StockChange>(stockSeatTopic(rawId(eventId))),
      resolve: (change) => change,
    }),
  }),
});

export const stockSchema = builder.toSchema();

const rawId = (globalId: string | number): string => String(globalId).slice(String(globalId).indexOf('_') + 1);

async function readSeatList({ db }: StockContext, eventId: string): Promise<{ version: number; seats: SeatRow[] }> {
  const [inventory] = await db.select().from(seatInventories).where(eq(seatInventories.eventId, eventId));
  const seats = await db
    .select({
      seatNo: venueSeats.seatNo,
      section: sections.label,
      row: venueSeats.rowLabel,
      label: venueSeats.seatLabel,
      x: venueSeats.x,
      y: venueSeats.y,
      status: eventSeats.status,
    })
    .from(events)
    .innerJoin(venueSeats, eq(venueSeats.planId, events.planId))
    .innerJoin(sections, eq(sections.id, venueSeats.sectionId))
    .leftJoin(eventSeats, and(eq(eventSeats.eventId, events.id), eq(eventSeats.seatNo, venueSeats.seatNo)))
    .where(eq(events.id, eventId))
    .orderBy(asc(venueSeats.seatNo));
  return { version: inventory?.version ?? 0, seats };
}

type CreateBooking = { eventId: string | number; seatIds: (string | number)[]; idempotencyKey: string };

async function createBooking({ holds, userId }: StockContext, input: CreateBooking): Promise<Booking> {
  if (userId === undefined) throw new Error('Sign in first.');
  const seatIds = input.seatIds.map(String);
  const [planId = ''] = rawId(seatIds[0] ?? '').split('_');
  const seatNos = seatIds.map((seatId) => Number(seatId.slice(seatId.lastIndexOf('_') + 1)));
  const held = await holds.hold({ eventId: rawId(input.eventId), planId, userId, key: input.idempotencyKey, seatNos });
  if (!held) throw new SeatsUnavailable('Another booking has one of these seats.');
  return {
    id: `Booking_${held.bookingId}`,
    status: 'PENDING_PAYMENT',
    holdExpiresAt: new Date(Date.now() + 300_000).toISOString(),
    total: { amountMinor: 5250 * seatIds.length, currency: 'USD' },
    seats: seatIds.map((seatId) => ({ seatId, price: { amountMinor: 5000, currency: 'USD' } })),
  };
}
