import type { Db } from '#db/client.ts';
import type { Redis } from '#redis/client.ts';
import { EPOCH } from '#redis/keys.ts';
import { CLAIM, currentEpoch, epochOn, readRunId } from './redis-epoch.ts';

export type SeatLockMode = 'believed' | 'rebuilding' | 'bypassed';

/**
 * `believed`: Redis names the last complete rebuild of the seat locks and was not restarted since. `rebuilding`: a
 * process rebuilds them. `bypassed`: Redis names no rebuild or another one. Unless the locks are believed, PostgreSQL
 * alone decides holds. Rejects when one of the two does not answer.
 */
export async function readSeatLockMode({ redis, db }: { redis: Redis; db: Db }): Promise<SeatLockMode> {
  const [named, current, runId] = await Promise.all([redis.get(EPOCH), currentEpoch(db), readRunId(redis)]);
  if (current !== undefined && named === epochOn(current, runId)) return 'believed';
  return named?.startsWith(CLAIM) ? 'rebuilding' : 'bypassed';
}
