import type { Db } from '#db/client.ts';

/** A hold as its seat locks need it. */
export type LiveHold = {
  readonly bookingId: string;
  readonly eventId: string;
  readonly userId: string;
  readonly idempotencyKey: string;
  /** Whole milliseconds, at least 1, by the database's clock. */
  readonly remainingMs: number;
  readonly seatNos: readonly number[];
};

/** What one page takes stays below a few megabytes. */
const PAGE = 5_000;

type Row = [string, string, string, string, number, string];

/**
 * Every hold that is neither paid nor over, event after event, as of the moment of the call; read page by page, so that
 * memory does not grow with their number. A page is fetched while the caller works on the one before it.
 */
export async function* streamLiveHolds(db: Db): AsyncGenerator<LiveHold[]> {
  // Arrays as text: a seat number is parsed twice as fast as an array's element by the driver.
  const pages = db.$client
    .unsafe(
      `select b.id, b.event_id, b.user_id, b.idempotency_key,
         ceil(extract(epoch from b.hold_expires_at - statement_timestamp()) * 1000)::float8,
         string_agg(s.seat_no::text, ',')
       from bookings b join booking_seats s on s.booking_id = b.id
       where b.status = 'PENDING_PAYMENT' and b.hold_expires_at > statement_timestamp()
       group by b.event_id, b.id order by b.event_id`,
    )
    .values()
    .cursor(PAGE);
  for await (const page of pages) yield (page as unknown as Row[]).map(holdOf);
}

const holdOf = ([bookingId, eventId, userId, idempotencyKey, remainingMs, seats]: Row): LiveHold => ({
  bookingId,
  eventId,
  userId,
  idempotencyKey,
  remainingMs: Math.max(1, remainingMs),
  seatNos: seats.split(',').map(Number),
});

export type EndedHold = Pick<LiveHold, 'eventId' | 'userId' | 'idempotencyKey' | 'seatNos'>;

/** Those of these bookings whose seats may be somebody else's by now. */
export async function listEndedHolds(db: Db, bookingIds: readonly string[]): Promise<EndedHold[]> {
  const rows = await db.$client.unsafe<{ event: string; user: string; key: string; seats: string }[]>(
    `select b.event_id as event, b.user_id as user, b.idempotency_key as key, string_agg(s.seat_no::text, ',') as seats
     from bookings b join booking_seats s on s.booking_id = b.id
     where b.id = any($1::uuid[]) and b.status not in ('PENDING_PAYMENT', 'CONFIRMED') group by b.id`,
    [`{${bookingIds.join(',')}}`],
    { prepare: true },
  );
  return rows.map(({ event, user, key, seats }) => ({
    eventId: event,
    userId: user,
    idempotencyKey: key,
    seatNos: seats.split(',').map(Number),
  }));
}
