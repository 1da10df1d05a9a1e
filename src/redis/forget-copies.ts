import { openRedis, type RedisPlace } from './client.ts';
import { EPOCH, SEAT_KEYS, waitingRoom } from './keys.ts';

/**
 * Removes every copy of PostgreSQL's data: seat locks, seat maps, versions of waiting rooms. After a restore they may
 * be ahead of it. While the epoch is missing, PostgreSQL alone decides holds, and a worker rebuilds the locks.
 */
export async function forgetCopies(options: RedisPlace & { name: string }): Promise<number> {
  const redis = openRedis(options);
  let forgotten = 0;
  try {
    await redis.del(EPOCH);
    for (const match of [SEAT_KEYS, waitingRoom('*')]) {
      for await (const keys of redis.scanStream({ match, count: 1000 })) {
        if (keys.length > 0) forgotten += await redis.unlink(...(keys as string[]));
      }
    }
    return forgotten;
  } finally {
    redis.disconnect();
  }
}
