import { and, asc, desc, eq, inArray, or, type SQL, sql } from 'drizzle-orm';
import type { Queryable } from '#db/client.ts';
import { ONE_ROUND_TRIP, plainArray } from '#db/prepared.ts';
import { bookingRefunds, bookingSeats, bookings, refundedSeats, tickets } from '#db/tables/booking.ts';
import { isUuid } from '#shared/uuid.ts';
import type { VisibleBookingStatus } from '../booking-status.ts';
import type { PageWindow, WindowOf } from '../page-window.ts';
import type { PricedSeat, StoredLine } from '../pricing/stored-line-rules.ts';
import type { Viewer } from '../viewer.ts';
import { type Booking, bookingColumns, toOwners } from './booking.ts';

export type BookingSeat = PricedSeat & { readonly bookingId: string };
export type Ticket = typeof tickets.$inferSelect;

/** The viewer's booking; undefined for an unknown one as for another viewer's. */
export async function findBooking(db: Queryable, viewer: Viewer, id: string): Promise<Booking | undefined> {
  return (await listBookingsByIds(db, viewer, [id]))[0];
}

/** The bookings among these that belong to the viewer, in no particular order. */
export async function listBookingsByIds(db: Queryable, viewer: Viewer, ids: readonly string[]): Promise<Booking[]> {
  const known = ids.filter(isUuid);
  if (known.length === 0) return [];
  const rows = await db
    .select(bookingColumns)
    .from(bookings)
    .where(and(sql`${bookings.id} = any(${sql.param(plainArray(known))}::uuid[])`, eq(bookings.userId, viewer.userId)))
    .prepare(ONE_ROUND_TRIP)
    .execute();
  return rows.map(toOwners);
}

export type BookingPosition = { readonly createdAtMs: number; readonly id: string };

export const positionOf = (booking: Booking): BookingPosition => ({
  createdAtMs: booking.createdAt.getTime(),
  id: booking.id,
});

/**
 * Some of the viewer's bookings, latest first. `statuses` selects: PAYMENT_READY is PENDING_PAYMENT with an open
 * session, and PENDING_PAYMENT is one without.
 */
export async function listBookings(
  db: Queryable,
  viewer: Pick<Viewer, 'userId'>,
  { statuses, window }: { statuses?: readonly VisibleBookingStatus[] | undefined; window: PageWindow<BookingPosition> },
): Promise<WindowOf<Booking>> {
  const { size, from, after, before } = window;
  const direction = from === 'end' ? asc : desc;
  const place = sql`(${bookings.createdAt}, ${bookings.id})`;
  const rows = await db
    .select(bookingColumns)
    .from(bookings)
    .where(
      and(
        eq(bookings.userId, viewer.userId),
        statuses && isOneOf(statuses),
        after && sql`${place} < ${rowOf(after)}`,
        before && sql`${place} > ${rowOf(before)}`,
      ),
    )
    .orderBy(direction(bookings.createdAt), direction(bookings.id))
    .limit(size + 1)
    .prepare(ONE_ROUND_TRIP)
    .execute();
  const items = rows.slice(0, size).map(toOwners);
  return { items: from === 'end' ? items.reverse() : items, hasMore: rows.length > size };
}

const rowOf = ({ createdAtMs, id }: BookingPosition): SQL =>
  sql`(to_timestamp(${createdAtMs}::float8 / 1000), ${id}::uuid)`;

function isOneOf(statuses: readonly VisibleBookingStatus[]): SQL | undefined {
  const isReady = eq(bookings.paymentStatus, 'SESSION_CREATED');
  const isPending = eq(bookings.status, 'PENDING_PAYMENT');
  const ended = statuses.filter((status) => status !== 'PENDING_PAYMENT' && status !== 'PAYMENT_READY');
  return or(
    sql`false`,
    ended.length > 0 ? inArray(bookings.status, ended) : undefined,
    statuses.includes('PAYMENT_READY') ? and(isPending, isReady) : undefined,
    statuses.includes('PENDING_PAYMENT') ? and(isPending, sql`not (${isReady})`) : undefined,
  );
}

/** The seats of each booking in seat order, in the order of the ids. */
export const listSeatsOfBookings = (db: Queryable, ids: readonly string[]): Promise<BookingSeat[][]> =>
  seatsOfBookings(db, ids, bookingSeats);

/** The same of seats whose tickets were refunded while the booking went on. */
export const listRefundedSeatsOfBookings = (db: Queryable, ids: readonly string[]): Promise<BookingSeat[][]> =>
  seatsOfBookings(db, ids, refundedSeats);

async function seatsOfBookings(
  db: Queryable,
  ids: readonly string[],
  table: typeof bookingSeats | typeof refundedSeats,
): Promise<BookingSeat[][]> {
  const { bookingId, seatNo, priceMinor, feeMinor, line } = table;
  const rows = await db
    .select({ bookingId, seatNo, priceMinor, feeMinor, line })
    .from(table)
    .where(inArray(bookingId, [...ids]))
    .orderBy(asc(seatNo));
  const seats = rows.map((row) => ({ ...row, line: row.line as StoredLine | null }));
  const byBooking = Map.groupBy(seats, (seat) => seat.bookingId);
  return ids.map((id) => byBooking.get(id) ?? []);
}

/** The tickets of each booking that are not void, in seat order, in the order of the ids. */
export const listTicketsOfBookings = (db: Queryable, ids: readonly string[]): Promise<Ticket[][]> =>
  ticketsOfBookings(db, ids, sql`${tickets.voidedAt} is null`);

/** The same of tickets that are void. */
export const listVoidTicketsOfBookings = (db: Queryable, ids: readonly string[]): Promise<Ticket[][]> =>
  ticketsOfBookings(db, ids, sql`${tickets.voidedAt} is not null`);

async function ticketsOfBookings(db: Queryable, ids: readonly string[], which: SQL): Promise<Ticket[][]> {
  const rows = await db
    .select()
    .from(tickets)
    .where(and(inArray(tickets.bookingId, [...ids]), which))
    .orderBy(asc(tickets.seatNo));
  const byBooking = Map.groupBy(rows, (row) => row.bookingId);
  return ids.map((id) => byBooking.get(id) ?? []);
}

export type BookingRefund = typeof bookingRefunds.$inferSelect;

/** The refunds of each booking, the oldest first, in the order of the ids. */
export async function listRefundsOfBookings(db: Queryable, ids: readonly string[]): Promise<BookingRefund[][]> {
  const rows = await db
    .select()
    .from(bookingRefunds)
    .where(inArray(bookingRefunds.bookingId, [...ids]))
    .orderBy(asc(bookingRefunds.createdAt), asc(bookingRefunds.id));
  const byBooking = Map.groupBy(rows, (row) => row.bookingId);
  return ids.map((id) => byBooking.get(id) ?? []);
}

/** The refund of one of the viewer's bookings; undefined for an unknown one as for another viewer's. */
export async function findRefund(db: Queryable, viewer: Viewer, id: string): Promise<BookingRefund | undefined> {
  if (!isUuid(id)) return undefined;
  const [row] = await db
    .select({ refund: bookingRefunds })
    .from(bookingRefunds)
    .innerJoin(bookings, eq(bookings.id, bookingRefunds.bookingId))
    .where(and(eq(bookingRefunds.id, id), eq(bookings.userId, viewer.userId)));
  return row?.refund;
}

/** The viewer's ticket, if it is not void; undefined for an unknown one as for another viewer's. */
export async function findTicket(db: Queryable, viewer: Viewer, id: string): Promise<Ticket | undefined> {
  if (!isUuid(id)) return undefined;
  const [row] = await db
    .select({ ticket: tickets })
    .from(tickets)
    .innerJoin(bookings, eq(bookings.id, tickets.bookingId))
    .where(and(eq(tickets.id, id), eq(bookings.userId, viewer.userId), sql`${tickets.voidedAt} is null`));
  return row?.ticket;
}
