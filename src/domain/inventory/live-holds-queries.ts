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

/** The bookings that ended after their event had this version. Each transition raises the version. */
export async function listEndedSince(db: Db, versions: ReadonlyMap<string, string>): Promise<EndedHold[]> {
  const rows = await db.$client.unsafe<EndedRow[]>(
    `select b.event_id as event, b.user_id as user, b.idempotency_key as key, string_agg(s.seat_no::text, ',') as seats
     from unnest($1::uuid[], $2::bigint[]) as known (event_id, version)
     join seat_inventories i on i.event_id = known.event_id and i.version > known.version
     join bookings b on b.event_id = known.event_id and b.version > known.version
     join booking_seats s on s.booking_id = b.id
     where b.status not in ('PENDING_PAYMENT', 'CONFIRMED') group by b.id`,
    [plainArray([...versions.keys()]), plainArray([...versions.values()])],
  );
  return rows.map(endedHoldOf);
}

/** The booking as a hold that has ended; undefined while the booking still has its seats. */
export async function findEndedHold(db: Db, bookingId: string): Promise<EndedHold | undefined> {
  const rows = await db.$client.unsafe<EndedRow[]>(
    `select b.event_id as event, b.user_id as user, b.idempotency_key as key, string_agg(s.seat_no::text, ',') as seats
     from bookings b join booking_seats s on s.booking_id = b.id
     where b.id = $1 and b.status not in ('PENDING_PAYMENT', 'CONFIRMED') group by b.id`,
    [bookingId],
  );
  return rows[0] && endedHoldOf(rows[0]);
}
