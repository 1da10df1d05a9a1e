import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';

/** Each has up to 32 MiB, so a statement deletes few of them. */
const AT_ONCE = 20;

/**
 * Deletes uploads that expired an hour ago and were not used, and what is left of the uploads of seating plans. An image that
 * an event used stays, because its address is public and never changes.
 */
export async function forgetUploads({ db }: { db: Db }, signal: AbortSignal): Promise<void> {
  const someExpired = sql`
    delete from uploads where id in (
      select id from uploads where expires_at < now() - interval '1 hour' and (used_at is null or purpose = 'SEATING_PLAN')
      limit ${AT_ONCE})`;
  while (!signal.aborted && (await db.execute(someExpired)).count === AT_ONCE);
}
