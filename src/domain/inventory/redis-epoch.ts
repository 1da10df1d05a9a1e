import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import type { Redis } from '#redis/client.ts';
import { EPOCH } from '#redis/keys.ts';

/** The name under which `redis_epochs` keeps the epoch of the seat locks. */
export const SEAT_LOCKS = 'seat-locks';

/** The epoch of the last complete rebuild, or undefined before the first. */
export async function currentEpoch(db: Db): Promise<string | undefined> {
  const rows = await db.execute<{ epoch: string }>(sql`select epoch from redis_epochs where name = ${SEAT_LOCKS}`);
  return rows[0]?.epoch;
}

/**
 * Stands in the place of the epoch while a process rebuilds, so that no process relies on half of the locks. It
 * expires when the rebuilding process dies.
 */
export const CLAIM = 'rebuilding:';

/**
 * The value of the epoch key in a Redis that was rebuilt and not restarted since. A dump holds the epoch of the
 * moment when it was written, which may be the current one, and brings locks back that were released since. The run
 * id distinguishes the two: the server that loads a dump has a new one.
 */
export const epochOn = (epoch: string, runId: string): string => `${epoch}:${runId}`;

/** Identifies the server behind the connection and its current start: the run id changes with each start. */
export async function readRunId(redis: Redis): Promise<string> {
  const runId = /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1];
  if (!runId) throw new Error('Redis does not say its run_id: INFO must be allowed.');
  return runId;
}

/** The epoch that Redis names and the run id of its server: both stay the same as long as no data is lost. */
export async function readNamedEpoch(redis: Redis): Promise<string> {
  const [named, runId] = await Promise.all([redis.get(EPOCH), readRunId(redis)]);
  return `${named} ${runId}`;
}
