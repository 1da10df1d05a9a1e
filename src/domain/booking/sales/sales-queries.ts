import type { Db } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';
import type { PaidMoney, Sold, SoldBookings, SoldSeats } from './sales-figures-rules.ts';

/** So many minutes are averaged for the tickets per minute. */
const MINUTES = 5;

/**
 * Reads what was sold of an event. Seats with the same line are one row, so a stadium is a few hundred rows. The
 * statements may see different moments; each is a state that was committed.
 */
export async function readSold(db: Db, eventId: string): Promise<Sold> {
  const [seats, bookings, money, pace] = await Promise.all([
    prepared<SoldSeats>(db, SEATS, [eventId]),
    prepared<SoldBookings>(db, BOOKINGS, [eventId]),
    prepared<PaidMoney>(db, MONEY, [eventId]),
    prepared<{ tickets: number }>(db, PACE, [eventId, MINUTES]),
  ]);
  return { seats, bookings, money, ticketsPerMinute: (pace[0]?.tickets ?? 0) / MINUTES };
}

// `json` has no equality, but lines that are equal were written as the same text.
const SEATS = `
  select count(*)::int as seats, s.fee_minor::float8 as "feeMinor", s.line::text::json as line, b.status <> 'CONFIRMED' as "isOver"
  from bookings b join booking_seats s on s.booking_id = b.id
  where b.event_id = $1::uuid and b.confirmed_at is not null
  group by s.fee_minor, s.line::text, b.status <> 'CONFIRMED'
  union all
  select count(*)::int, fee_minor::float8, line::text::json, true
  from refunded_seats where event_id = $1::uuid group by fee_minor, line::text`;

const BOOKINGS = `
  select count(*)::int as bookings, charges::text::json as charges
  from bookings where event_id = $1::uuid and confirmed_at is not null and charges is not null
  group by charges::text`;

const MONEY = `
  select currency, sum(total_minor)::float8 as "grossMinor", coalesce(sum(refunded_minor), 0)::float8 as "refundedMinor"
  from bookings where event_id = $1::uuid and confirmed_at is not null group by currency order by currency`;

const PACE = `
  select count(*)::int as tickets from tickets
  where event_id = $1::uuid and issued_at > clock_timestamp() - make_interval(mins => $2::int)`;
