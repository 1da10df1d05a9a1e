import type { Db } from '#db/client.ts';
import type { Redis } from '#redis/client.ts';
import { EPOCH } from '#redis/keys.ts';
import { currentEpoch, epochOn, readRunId } from './redis-epoch.ts';

/**
 * `believed`: Redis names the last complete rebuild of the seat locks, in its present life. `bypassed`: it names none or
 * another one, and holds are decided by PostgreSQL alone. Rejects when one of the two does not answer.
 */
export async function readSeatLockMode({ redis, db }: { redis: Redis; db: Db }): Promise<'believed' | 'bypassed'> {
  const [named, current, runId] = await Promise.all([redis.get(EPOCH), currentEpoch(db), readRunId(redis)]);
  return current !== undefined && named === epochOn(current, runId) ? 'believed' : 'bypassed';
}
