import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';

export type HoldsPlan = {
  /** Seats held at each event, from the first one on. */
  readonly seatsAt: readonly number[];
  readonly seatsPerBooking: number;
};

/** Inserts live holds at as many events as the plan names, as the inventory writer would leave them. */
export async function seedHolds(db: Db, { seatsAt, seatsPerBooking }: HoldsPlan): Promise<SeededEvent[]> {
  const events: SeededEvent[] = [];
  let like: SeededEvent | undefined;
  const seats = Math.max(...seatsAt) + 1000;
  for (const held of seatsAt) {
    like = await seedEvent(db, { seats, rows: 50, ...(like && { like, organizerId: like.organizerId }) });
    events.push(like);
    await holdSeats(db, like.eventId, { held, seatsPerBooking });
  }
  await db.execute(sql`analyze bookings, booking_seats, event_seats, seat_inventories`);
  return events;
}

async function holdSeats(
  db: Db,
  eventId: string,
  { held, seatsPerBooking }: { held: number; seatsPerBooking: number },
): Promise<void> {
  await db.execute(sql`
    with numbered as (
      select seat_no, seat_no / ${seatsPerBooking} as booking_no from generate_series(0, ${held - 1}) as seat_no
    ), made as (
      insert into bookings (id, user_id, event_id, status, total_minor, currency, hold_expires_at, idempotency_key,
        request_hash, version)
      select gen_random_uuid(), gen_random_uuid(), ${eventId}::uuid, 'PENDING_PAYMENT', 5250 * count(*), 'USD',
        now() + interval '20 minutes' * (0.5 + random() / 2), gen_random_uuid()::text, booking_no::text, booking_no + 1
      from numbered group by booking_no
      returning id, hold_expires_at, request_hash
    ), taken as (
      insert into booking_seats (booking_id, event_id, seat_no, price_minor, fee_minor)
      select made.id, ${eventId}::uuid, n.seat_no, 5000, 250
      from numbered n join made on made.request_hash = n.booking_no::text
      returning booking_id, seat_no
    )
    insert into event_seats (event_id, seat_no, status, booking_id, hold_expires_at)
    select ${eventId}::uuid, taken.seat_no, 'HELD', taken.booking_id, made.hold_expires_at
    from taken join made on made.id = taken.booking_id`);
  await db.execute(sql`
    update seat_inventories set available = available - ${held}, held = held + ${held},
      version = ${Math.ceil(held / seatsPerBooking)} where event_id = ${eventId}::uuid`);
}
