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

/** Stands where the epoch would, so nobody believes what is there, and dies with whoever rebuilds. */
export const CLAIM = 'rebuilding:';

/**
 * What a Redis says of itself that was rebuilt and not started again since. A dump holds the epoch of the moment in which
 * it was written, which may be the current one; the server that loads it has another run id, and what was released
 * between is a lock again.
 */
export const epochOn = (epoch: string, runId: string): string => `${epoch}:${runId}`;

/** Which life of which server the connection leads to; another one after each start. */
export async function readRunId(redis: Redis): Promise<string> {
  const runId = /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1];
  if (!runId) throw new Error('Redis does not say its run_id: INFO must be allowed.');
  return runId;
}

/** The epoch that Redis names and the life of its server: neither changes while nothing is lost. */
export async function readNamedEpoch(redis: Redis): Promise<string> {
  const [named, runId] = await Promise.all([redis.get(EPOCH), readRunId(redis)]);
  return `${named} ${runId}`;
}
