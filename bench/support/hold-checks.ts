import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';

type Expected = {
  readonly eventIds: readonly string[];
  readonly held: number;
  readonly released: number;
  /** Whether the side keeps the event's counters and version. */
  readonly hasCounters: boolean;
};

type Found = {
  sold_twice: number;
  disagreeing: number;
  open_bookings: number;
  open_seats: number;
  held_seats: number;
  outbox_rows: number;
  wrong_counters: number;
};

/**
 * Checks after the last answer: no seat in two open bookings, seats and bookings agree, exactly the acknowledged
 * holds exist, each with its row in the outbox, and the counters equal the rows.
 */
export async function checkHolds(db: Db, expected: Expected): Promise<void> {
  const found = await findState(db, expected.eventIds);
  const open = expected.held - expected.released;
  const wanted: Found = {
    sold_twice: 0,
    disagreeing: 0,
    open_bookings: open,
    open_seats: 2 * open,
    held_seats: 2 * open,
    outbox_rows: expected.held + expected.released,
    wrong_counters: expected.hasCounters ? 0 : found.wrong_counters,
  };
  for (const [name, value] of Object.entries(wanted)) {
    const actual = found[name as keyof Found];
    if (actual !== value) throw new Error(`The invariants do not hold: ${name} is ${actual} and should be ${value}.`);
  }
}

async function findState(db: Db, eventIds: readonly string[]): Promise<Found> {
  const [found] = await db.execute<Found>(sql`
    with of_events as (select unnest(${sql.param(eventIds)}::uuid[]) as event_id),
    open as (select b.id, b.event_id from bookings b join of_events using (event_id)
      where b.status in ('PENDING_PAYMENT', 'CONFIRMED')),
    owned as (select s.event_id, s.seat_no, s.booking_id from booking_seats s join open on open.id = s.booking_id),
    taken as (select event_id, seat_no, booking_id, status from event_seats join of_events using (event_id)
      where status <> 'AVAILABLE'),
    counted as (select event_id, count(*) filter (where status = 'HELD') as held,
      count(*) filter (where status = 'BOOKED') as booked from taken group by event_id)
    select
      (select count(*) from (select 1 from owned group by event_id, seat_no having count(*) > 1) t)::int as sold_twice,
      (select count(*) from owned full join taken using (event_id, seat_no)
        where owned.booking_id is distinct from taken.booking_id)::int as disagreeing,
      (select count(*) from open)::int as open_bookings,
      (select count(*) from owned)::int as open_seats,
      (select count(*) from taken where status = 'HELD')::int as held_seats,
      (select count(*) from outbox join of_events using (event_id))::int as outbox_rows,
      (select count(*) from seat_inventories i join of_events using (event_id) left join counted c using (event_id)
        where i.held <> coalesce(c.held, 0) or i.booked <> coalesce(c.booked, 0)
          or i.available + i.held + i.booked + i.blocked <> i.capacity)::int as wrong_counters`);
  if (!found) throw new Error('PostgreSQL did not answer.');
  return found;
}
