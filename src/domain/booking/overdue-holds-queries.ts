import { sql } from 'drizzle-orm';
import type { Queryable } from '#db/client.ts';

/** Bookings whose hold is over and that no worker has ended yet, by the database's clock. */
export async function readOverdueHolds({ db }: { db: Queryable }): Promise<{ count: number; oldestSeconds: number }> {
  const [row] = await db.execute<{ count: number; oldest: number | null }>(sql`
    select count(*)::int as count, extract(epoch from clock_timestamp() - min(hold_expires_at))::float8 as oldest
    from bookings where status = 'PENDING_PAYMENT' and hold_expires_at <= clock_timestamp()`);
  return { count: row?.count ?? 0, oldestSeconds: row?.oldest ?? 0 };
}
