import { sql } from 'drizzle-orm';
import type { Queryable } from '#db/client.ts';

type Counts = { largestShare: number; addresses: number; onRecord: number };

/** How much addresses hold unpaid, and how many callers are on record. */
export async function readHoarding({ db }: { db: Queryable }): Promise<Counts> {
  const [row] = await db.execute<Counts>(sql`
    with held as (
      select event_id, address_key, sum(seat_count) as seats from bookings
      where status = 'PENDING_PAYMENT' and address_key is not null group by event_id, address_key)
    select coalesce(max(seats / i.capacity), 0)::float8 as "largestShare",
      count(distinct address_key)::int as addresses,
      (select count(*)::int from hold_strikes) as "onRecord"
    from held join seat_inventories i using (event_id)`);
  return row ?? { largestShare: 0, addresses: 0, onRecord: 0 };
}
