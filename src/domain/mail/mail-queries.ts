import { sql } from 'drizzle-orm';
import type { Queryable } from '#db/client.ts';

/** The mails that no mail server has accepted yet, and the age in seconds of the oldest one: 0 without a mail. */
export async function readWaitingMails({ db }: { db: Queryable }): Promise<{ count: number; oldestSeconds: number }> {
  const [row] = await db.execute<{ count: number; oldest: number | null }>(sql`
    select count(*)::int as count, extract(epoch from clock_timestamp() - min(created_at))::float8 as oldest
    from mails`);
  return { count: row?.count ?? 0, oldestSeconds: row?.oldest ?? 0 };
}
