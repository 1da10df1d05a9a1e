import type { Db } from '#db/client.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import { inSets } from '#shared/in-sets.ts';
import { isUuid } from '#shared/uuid.ts';
import type { BookingState } from '../inventory/inventory-command.ts';
import type { Viewer } from '../viewer.ts';
import { type Booking, toBooking } from './booking.ts';

/** `canBeCancelled`: the event allows it now. With its tickets when it is confirmed. */
export type WatchedBooking = Booking & { readonly canBeCancelled: boolean };

type Wanted = { readonly id: string; readonly userId: string };
type Ticket = NonNullable<Booking['tickets']>[number];
type TicketRow = Omit<Ticket, 'issuedAt' | 'checkedInAt' | 'voidedAt'> & {
  issuedAtMs: number;
  checkedInAtMs: number | null;
};
type Row = Omit<BookingState, 'seats'> & { canBeCancelled: boolean; tickets: TicketRow[] | null };

/** Reads within this time are one statement, because thousands of watchers read after the same write. */
const GATHERING = { leastMs: 5, mostMs: 20 };

const readers = new WeakMap<Db, (wanted: Wanted) => Promise<WatchedBooking | undefined>>();

/**
 * The viewer's booking; undefined for an unknown one as for another viewer's. Reads of concurrent callers are one
 * statement, which begins after the call.
 */
export function readWatchedBooking(db: Db, { userId }: Viewer, id: string): Promise<WatchedBooking | undefined> {
  if (!isUuid(id)) return Promise.resolve(undefined);
  const known = readers.get(db);
  const read =
    known ??
    inSets<Wanted, WatchedBooking | undefined>({
      together: (wanted) => readAll(db, wanted),
      alone: async (wanted) => (await readAll(db, [wanted]))[0],
      gathering: GATHERING,
    });
  if (!known) readers.set(db, read);
  return read({ id, userId });
}

async function readAll(db: Db, wanted: readonly Wanted[]): Promise<(WatchedBooking | undefined)[]> {
  const rows = await prepared<Row>(db, READ, [
    plainArray(wanted.map(({ id }) => id)),
    plainArray(wanted.map(({ userId }) => userId)),
  ]);
  const found = new Map(rows.map((row) => [`${row.id} ${row.userId}`, row]));
  return wanted.map(({ id, userId }) => {
    const row = found.get(`${id.toLowerCase()} ${userId}`);
    return row && toWatched(row);
  });
}

function toWatched({ canBeCancelled, tickets, ...state }: Row): WatchedBooking {
  const { seats: _none, ...booking } = toBooking({ ...state, seats: [] });
  return { ...booking, canBeCancelled, ...(tickets && { tickets: tickets.map(toTicket) }) };
}

const toTicket = ({ issuedAtMs, checkedInAtMs, ...ticket }: TicketRow): Ticket => ({
  ...ticket,
  issuedAt: new Date(issuedAtMs),
  checkedInAt: checkedInAtMs === null ? null : new Date(checkedInAtMs),
  voidedAt: null,
});

const ms = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`;

/** `limit 1` makes each a look-up by key, also with a plan from the time when the tables were small. */
const READ = `select b.id, b.user_id as "userId", b.event_id as "eventId", b.status, b.total_minor::float8 as "totalMinor",
    b.currency, ${ms('b.hold_expires_at')} as "holdExpiresAtMs", ${ms('b.hold_extended_at')} as "holdExtendedAtMs",
    b.idempotency_key as "idempotencyKey", b.request_hash as "requestHash", b.payment_status as "paymentStatus",
    b.payment_url as "paymentUrl", b.refunded_minor::float8 as "refundedMinor",
    case when b.voided_tickets is not null then json_build_object('tickets', b.voided_tickets, 'backMinor', b.voided_minor) end
      as voided, b.version::float8 as version,
    ${ms('b.created_at')} as "createdAtMs", ${ms('b.confirmed_at')} as "confirmedAtMs",
    ${ms('b.released_at')} as "releasedAtMs",
    coalesce(b.status = 'CONFIRMED' and e.cancellable_until > clock_timestamp(), false) as "canBeCancelled",
    case when b.status = 'CONFIRMED' then (
      select json_agg(json_build_object('id', t.id, 'bookingId', t.booking_id, 'eventId', t.event_id,
        'seatNo', t.seat_no, 'code', t.code, 'issuedAtMs', ${ms('t.issued_at')},
        'checkedInAtMs', ${ms('t.checked_in_at')}) order by t.seat_no) filter (where t.voided_at is null)
      from tickets t where t.booking_id = b.id) end as tickets
  from unnest($1::uuid[], $2::uuid[]) as w (id, user_id)
    cross join lateral (select * from bookings where id = w.id and user_id = w.user_id limit 1) as b
    cross join lateral (select cancellable_until from events where id = b.event_id limit 1) as e`;
