import type { Db } from '#db/client.ts';
import type { Redis } from '#redis/client.ts';
import { EPOCH } from '#redis/keys.ts';
import { CLAIM, currentEpoch, epochOn, readRunId } from './redis-epoch.ts';

export type SeatLockMode = 'believed' | 'rebuilding' | 'bypassed';

/**
 * `believed`: Redis names the last complete rebuild of the seat locks, in its present life. `rebuilding`: a process is at
 * it. `bypassed`: it names none or another one. Unless they are believed, holds are decided by PostgreSQL alone. Rejects
 * when one of the two does not answer.
 */
export async function readSeatLockMode({ redis, db }: { redis: Redis; db: Db }): Promise<SeatLockMode> {
  const [named, current, runId] = await Promise.all([redis.get(EPOCH), currentEpoch(db), readRunId(redis)]);
  if (current !== undefined && named === epochOn(current, runId)) return 'believed';
  return named?.startsWith(CLAIM) ? 'rebuilding' : 'bypassed';
}
