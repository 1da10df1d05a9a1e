import { sql } from 'drizzle-orm';
import type { Queryable } from './client.ts';

/** The database's clock, for a process whose own clock may be wrong. */
export type DatabaseClock = { now(): Date; refresh(): Promise<void> };

/** Before the first `refresh` it is the process's own clock; afterwards the error is at most one round trip. */
export function openDatabaseClock(db: Queryable): DatabaseClock {
  let aheadMs = 0;
  return {
    now: () => new Date(Date.now() + aheadMs),
    async refresh() {
      const [row] = await db.execute<{ ms: number }>(
        sql`select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`,
      );
      if (row) aheadMs = row.ms - Date.now();
    },
  };
}
