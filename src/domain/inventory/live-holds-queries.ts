import type { Db } from '#db/client.ts';
import { plainArray } from '#db/prepared.ts';

/** The fields of a hold that its seat locks need. */
export type LiveHold = {
  readonly bookingId: string;
  readonly eventId: string;
  readonly userId: string;
  readonly idempotencyKey: string;
  /** Whole milliseconds, at least 1, by the database's clock. */
  readonly remainingMs: number;
  readonly seatNos: readonly number[];
  /** The version of the event's inventory at the moment of the read. */
  readonly eventVersion: string;
};

/** Keeps the memory of one page below a few megabytes. */
const PAGE = 5_000;

type Row = [string, string, string, string, number, string, string];

/**
 * Every hold that is unpaid and not over, event by event, as of the moment of the call. Read page by page, so that
 * memory does not grow with the number of holds. A page is fetched while the caller works on the one before it.
 */
export async function* streamLiveHolds(db: Db): AsyncGenerator<LiveHold[]> {
  // The seats are one text because the driver parses it twice as fast as an array.
  const pages = db.$client
    .unsafe(
      `select b.id, b.event_id, b.user_id, b.idempotency_key,
         ceil(extract(epoch from b.hold_expires_at - statement_timestamp()) * 1000)::float8,
         string_agg(s.seat_no::text, ','), i.version
       from bookings b join booking_seats s on s.booking_id = b.id join seat_inventories i on i.event_id = b.event_id
       where b.status = 'PENDING_PAYMENT' and b.hold_expires_at > statement_timestamp()
       group by b.event_id, b.id, i.version order by b.event_id`,
    )
    .values()
    .cursor(PAGE);
  for await (const page of pages) yield (page as unknown as Row[]).map(holdOf);
}

const holdOf = ([bookingId, eventId, userId, idempotencyKey, remainingMs, seats, eventVersion]: Row): LiveHold => ({
  bookingId,
  eventId,
  userId,
  idempotencyKey,
  remainingMs: Math.max(1, remainingMs),
  seatNos: seats.split(',').map(Number),
  eventVersion,
});

export type EndedHold = Pick<LiveHold, 'eventId' | 'userId' | 'idempotencyKey' | 'seatNos'>;

type EndedRow = { event: string; user: string; key: string; seats: string };

const endedHoldOf = ({ event, user, key, seats }: EndedRow): EndedHold => ({
  eventId: event,
  userId: user,
  idempotencyKey: key,
  seatNos: seats.split(',').map(Number),
});

/** The bookings that ended, or went on without some seats, after their event had this version. Each transition raises it. */
export async function listEndedSince(db: Db, versions: ReadonlyMap<string, string>): Promise<EndedHold[]> {
  const rows = await db.$client.unsafe<EndedRow[]>(
    `select b.event_id as event, b.user_id as user, b.idempotency_key as key, string_agg(s.seat_no::text, ',') as seats
     from unnest($1::uuid[], $2::bigint[]) as known (event_id, version)
     join seat_inventories i on i.event_id = known.event_id and i.version > known.version
     join bookings b on b.event_id = known.event_id and b.version > known.version
     join booking_seats s on s.booking_id = b.id
     where b.status not in ('PENDING_PAYMENT', 'CONFIRMED') group by b.id
     union all
     select b.event_id, b.user_id, b.idempotency_key, string_agg(s.seat_no::text, ',')
     from unnest($1::uuid[], $2::bigint[]) as known (event_id, version)
     join bookings b on b.event_id = known.event_id and b.version > known.version and b.voided_tickets is not null
     join refunded_seats s on s.booking_id = b.id group by b.id`,
    [plainArray([...versions.keys()]), plainArray([...versions.values()])],
  );
  return rows.map(endedHoldOf);
}

/** These seats as those of a hold that has ended; undefined while the booking has one of them. */
export async function findEndedHold(
  db: Db,
  { bookingId, seatNos }: { readonly bookingId: string; readonly seatNos: readonly number[] },
): Promise<EndedHold | undefined> {
  const rows = await db.$client.unsafe<EndedRow[]>(
    `select b.event_id as event, b.user_id as user, b.idempotency_key as key, array_to_string($2::int[], ',') as seats
     from bookings b
     where b.id = $1 and (b.status not in ('PENDING_PAYMENT', 'CONFIRMED') or not exists (
       select from unnest($2::int[]) as n where not exists (
         select from refunded_seats s where s.booking_id = b.id and s.seat_no = n)))`,
    [bookingId, plainArray(seatNos)],
  );
  return rows[0] && endedHoldOf(rows[0]);
}
