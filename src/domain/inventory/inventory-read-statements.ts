import { BY_KEY_WITH_LOCK_TIMEOUT } from '#db/by-key.ts';
import type { Db, Tx } from '#db/client.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import type { BookingStatus, PaymentStatus } from '../booking-status.ts';
import { currentListId } from '../pricing/price-lists.ts';
import type { StoredLine } from '../pricing/stored-line-rules.ts';
import type { SeatRange } from './alternatives-rules.ts';
import type { BookingState, EventSale, SeatState } from './inventory-command.ts';
import type { SeatStatus } from './seat-status.ts';

/** Values of several events, position by position. */
type OfEvents<T> = { eventIds: string[]; values: T[] };

/** Pairs each value with its event, as two arrays that `unnest` joins again. */
export function ofEvents<W extends { readonly eventId: string }, T>(
  works: readonly W[],
  valuesOf: (work: W) => readonly T[],
): OfEvents<T> {
  const pairs: OfEvents<T> = { eventIds: [], values: [] };
  for (const work of works) {
    for (const value of valuesOf(work)) {
      pairs.eventIds.push(work.eventId);
      pairs.values.push(value);
    }
  }
  return pairs;
}

export type InventoryRow = { event_id: string; version: number; capacity: number };

/**
 * How long a write waits for the locks of its events, and whether it then goes on without those that others have
 * locked.
 */
export type LockPatience = { readonly lockTimeoutMs: number; readonly skipsLocked: boolean };

/**
 * All writers of an event, in all processes, queue for its row. Those of several events lock in one order, so that
 * they cannot deadlock. Nothing else is read here: under READ COMMITTED a statement that waited for a lock still sees
 * the old snapshot of every other row.
 */
export async function lockInventories(
  tx: Tx,
  eventIds: readonly string[],
  { lockTimeoutMs, skipsLocked }: LockPatience,
): Promise<Map<string, InventoryRow>> {
  const [, rows] = await Promise.all([
    prepared(tx, BY_KEY_WITH_LOCK_TIMEOUT, [`${lockTimeoutMs}ms`]),
    prepared<InventoryRow>(tx, skipsLocked ? `${LOCK} skip locked` : LOCK, [plainArray(eventIds)]),
  ]);
  return new Map(rows.map((row) => [row.event_id, row]));
}

const LOCK = `select event_id, version::float8 as version, capacity from seat_inventories
  where event_id = any($1::uuid[]) order by event_id for update`;

type SaleRow = EventSale & { nowMs: number };

export type SaleNow = { readonly sale: EventSale; readonly nowMs: number };

/** The events, their price lists and the time, by the database's clock and in whole milliseconds. */
export async function readSales(tx: Tx, eventIds: readonly string[]): Promise<Map<string, SaleNow>> {
  const rows = await prepared<SaleRow>(
    tx,
    `select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs",
       id as "eventId", organization_id as "organizationId", plan_id as "planId", title, status, sales_paused as "salesPaused", currency,
       hold_seconds as "holdSeconds", seats_per_booking as "seatsPerBooking", seats_per_viewer as "seatsPerViewer",
       (extract(epoch from on_sale_at) * 1000)::float8 as "onSaleAtMs",
       (extract(epoch from off_sale_at) * 1000)::float8 as "offSaleAtMs",
       (extract(epoch from cancellable_until) * 1000)::float8 as "cancellableUntilMs",
       (extract(epoch from coalesce(ends_at, starts_at)) * 1000)::float8 as "endsAtMs",
       ${currentListId('events.id')} as "priceListId", orphan_policy as "orphanPolicy",
       (extract(epoch from accessible_release_at) * 1000)::float8 as "accessibleReleaseAtMs"
     from events where id = any($1::uuid[])`,
    [plainArray(eventIds)],
  );
  return new Map(rows.map(({ nowMs, ...sale }) => [sale.eventId, { nowMs, sale }]));
}

type SeatRow = {
  event_id: string;
  seat_no: number;
  status: SeatStatus;
  booking_id: string | null;
  expires_ms: number | null;
  allocation: string | null;
};

export type WantedSeats = {
  readonly eventId: string;
  readonly seatNos: readonly number[];
  /** The seats of these bookings are wanted too. */
  readonly bookingIds: readonly string[];
};

/** The wanted seats that have a row, by event. */
export async function readSeats(tx: Tx, wanted: readonly WantedSeats[]): Promise<SeatsByEvent> {
  const byNumber = ofEvents(wanted, (of) => of.seatNos);
  const byBooking = ofEvents(wanted, (of) => of.bookingIds);
  const reads: Promise<SeatRow[]>[] = [];
  if (byNumber.values.length > 0) {
    const from = 'unnest($1::uuid[], $2::int[]) as w (event_id, seat_no)';
    reads.push(prepared(tx, seatsFrom(from), [plainArray(byNumber.eventIds), plainArray(byNumber.values)]));
  }
  if (byBooking.values.length > 0) {
    const from = `unnest($1::uuid[], $2::uuid[]) as b (event_id, booking_id)
      join booking_seats w on w.booking_id = b.booking_id and w.event_id = b.event_id`;
    reads.push(prepared(tx, seatsFrom(from), [plainArray(byBooking.eventIds), plainArray(byBooking.values)]));
  }
  const seats: SeatsByEvent = new Map(wanted.map(({ eventId }) => [eventId, new Map()]));
  for (const row of (await Promise.all(reads)).flat()) {
    seats.get(row.event_id)?.set(row.seat_no, toSeatState(row));
  }
  return seats;
}

export type SeatsByEvent = Map<string, Map<number, SeatState>>;

const toSeatState = ({ status, booking_id: bookingId, expires_ms: holdExpiresAtMs, allocation }: SeatRow): SeatState =>
  allocation === null ? { status, bookingId, holdExpiresAtMs } : { status, bookingId, holdExpiresAtMs, allocation };

/** The seats of these allocations of an event, or of all. Reads all touched seats of the event. */
export async function readAllocatedSeats(
  tx: Tx,
  eventId: string,
  allocations: readonly string[] | 'ALL',
): Promise<Map<number, SeatState>> {
  const rows = await prepared<SeatRow>(
    tx,
    `select ${SEAT_COLUMNS} from event_seats s where s.event_id = $1::uuid
       and s.allocation is not null and ($2::text[] is null or s.allocation = any($2::text[]))`,
    [eventId, allocations === 'ALL' ? null : [...allocations]],
  );
  return new Map(rows.map((row) => [row.seat_no, toSeatState(row)]));
}

const SEAT_COLUMNS = `s.event_id, s.seat_no, s.status, s.booking_id,
  (extract(epoch from s.hold_expires_at) * 1000)::float8 as expires_ms, s.allocation`;

const seatsFrom = (wanted: string): string =>
  `select ${SEAT_COLUMNS}
   from ${wanted} join event_seats s on s.event_id = w.event_id and s.seat_no = w.seat_no`;

type BookingRow = Omit<BookingState, 'seats' | 'status' | 'paymentStatus'> & {
  status: BookingStatus;
  paymentStatus: PaymentStatus;
  seats: [seatNo: number, priceMinor: number, feeMinor: number, line: StoredLine | null][] | null;
};

/**
 * A booking as the rules see it. Times were written in whole milliseconds, and amounts are at most 2^53 - 1, so nothing is
 * lost here. Without the cast the driver would return a `bigint` as text.
 */
export const BOOKING_COLUMNS = `b.id, b.user_id as "userId", b.event_id as "eventId", b.status,
  b.total_minor::float8 as "totalMinor", b.fee_minor::float8 as "feeMinor", b.charges, b.currency,
  (extract(epoch from b.hold_expires_at) * 1000)::float8 as "holdExpiresAtMs",
  (extract(epoch from b.hold_extended_at) * 1000)::float8 as "holdExtendedAtMs",
  b.idempotency_key as "idempotencyKey", b.request_hash as "requestHash",
  b.payment_status as "paymentStatus", b.payment_url as "paymentUrl", b.refunded_minor::float8 as "refundedMinor",
  case when b.voided_tickets is not null then
    json_build_object('tickets', b.voided_tickets, 'backMinor', b.voided_minor) end as voided,
  b.version::float8 as version, (extract(epoch from b.created_at) * 1000)::float8 as "createdAtMs",
  (extract(epoch from b.confirmed_at) * 1000)::float8 as "confirmedAtMs",
  (extract(epoch from b.released_at) * 1000)::float8 as "releasedAtMs", to_json(b.code_ids) as "codeIds",
  case when b.tender is not null then json_build_object('tender', b.tender, 'tenderReference', b.tender_reference,
    'holderName', b.holder_name, 'holderEmail', b.holder_email) end as sale,
  (select json_agg(json_build_array(s.seat_no, s.price_minor, s.fee_minor, s.line) order by s.seat_no)
   from booking_seats s where s.booking_id = b.id) as seats`;

export const toBookingState = (row: BookingRow): BookingState => ({
  ...row,
  seats: (row.seats ?? []).map(([seatNo, priceMinor, feeMinor, line]) => ({ seatNo, priceMinor, feeMinor, line })),
});

export type { BookingRow };

/** Leaves out bookings that belong to another event than the one they are asked for. */
export async function readBookings(tx: Tx, ids: OfEvents<string>): Promise<BookingState[]> {
  const rows = await prepared<BookingRow>(
    tx,
    `select ${BOOKING_COLUMNS} from unnest($1::uuid[], $2::uuid[]) as w (event_id, id)
     join bookings b on b.id = w.id and b.event_id = w.event_id`,
    [plainArray(ids.eventIds), plainArray(ids.values)],
  );
  return rows.map(toBookingState);
}

/** The bookings that were made with these keys, at any event. */
export async function readBookingsByKey(
  tx: Tx | Db,
  keys: readonly { userId: string; idempotencyKey: string }[],
): Promise<BookingState[]> {
  const rows = await prepared<BookingRow>(
    tx,
    `select ${BOOKING_COLUMNS} from unnest($1::uuid[], $2::text[]) as k (user_id, key)
     join bookings b on b.user_id = k.user_id and b.idempotency_key = k.key`,
    [plainArray(keys.map((key) => key.userId)), keys.map((key) => key.idempotencyKey)],
  );
  return rows.map(toBookingState);
}

/**
 * How many seats each user has in open and confirmed bookings of the event, by `countKey`.
 * @param ownersOf bookings whose owners are counted as well
 */
export async function readSeatCounts(
  tx: Tx,
  users: OfEvents<string>,
  ownersOf: readonly string[],
): Promise<Map<string, number>> {
  const rows = await prepared<{ event_id: string; user_id: string; count: number }>(
    tx,
    `select w.event_id, w.user_id, c.count
     from (
       select event_id, user_id from unnest($1::uuid[], $2::uuid[]) as w (event_id, user_id)
       union select event_id, user_id from bookings where id = any($3::uuid[])
     ) as w
     cross join lateral (
       select count(*)::int as count from bookings b join booking_seats s on s.booking_id = b.id
       where b.event_id = w.event_id and b.user_id = w.user_id and b.status in ('PENDING_PAYMENT', 'CONFIRMED')) as c`,
    [plainArray(users.eventIds), plainArray(users.values), plainArray(ownersOf)],
  );
  return new Map(rows.map((row) => [countKey(row.event_id, row.user_id), row.count]));
}

export const countKey = (eventId: string, userId: string): string => `${eventId} ${userId}`;

export type InboxMark = { readonly consumer: string; readonly messageId: string };

export const markKey = (mark: InboxMark): string => `${mark.consumer} ${mark.messageId}`;

/** The keys (`markKey`) of the messages that their consumers have handled before. */
export async function readInbox(tx: Tx, marks: readonly InboxMark[]): Promise<Set<string>> {
  const rows = await prepared<{ consumer: string; message_id: string }>(
    tx,
    `select i.consumer, i.message_id from unnest($1::text[], $2::text[]) as m (consumer, message_id)
     join inbox i using (consumer, message_id)`,
    [marks.map((mark) => mark.consumer), marks.map((mark) => mark.messageId)],
  );
  return new Set(rows.map((row) => markKey({ consumer: row.consumer, messageId: row.message_id })));
}

/** The seats in these ranges that are held, booked or blocked, by event. */
export async function readTakenSeats(tx: Tx, ranges: OfEvents<SeatRange>): Promise<Map<string, Set<number>>> {
  const rows = await prepared<{ event_id: string; seat_no: number }>(
    tx,
    `select s.event_id, s.seat_no from unnest($1::uuid[], $2::int[], $3::int[]) as r (event_id, low, high)
     join event_seats s on s.event_id = r.event_id and s.seat_no between r.low and r.high
     where s.status <> 'AVAILABLE'`,
    [
      plainArray(ranges.eventIds),
      plainArray(ranges.values.map((range) => range.from)),
      plainArray(ranges.values.map((range) => range.to)),
    ],
  );
  const taken = new Map<string, Set<number>>(ranges.eventIds.map((eventId) => [eventId, new Set()]));
  for (const row of rows) taken.get(row.event_id)?.add(row.seat_no);
  return taken;
}

/** The event's version, and which of these seats and ranges are taken, at one moment: one statement, one snapshot. */
export async function readSnapshot(
  db: Tx | Db,
  eventId: string,
  of: { seatNos: readonly number[]; ranges: readonly SeatRange[] },
): Promise<{ version: number; taken: Set<number> }> {
  const [row] = await prepared<{ version: number; taken: number[] }>(
    db,
    `select (select version from seat_inventories where event_id = $1::uuid)::float8 as version, array(
       select s.seat_no from unnest($2::int[], $3::int[]) as r (low, high)
       join event_seats s on s.event_id = $1::uuid and s.seat_no between r.low and r.high
       where s.status <> 'AVAILABLE'
     ) as taken`,
    [
      eventId,
      plainArray([...of.ranges.map((range) => range.from), ...of.seatNos]),
      plainArray([...of.ranges.map((range) => range.to), ...of.seatNos]),
    ],
  );
  return { version: row?.version ?? 0, taken: new Set(row?.taken ?? []) };
}
