import { rebuildSeatLocks } from '#domain/inventory/rebuild-seat-locks.ts';
import { HEARTBEAT_CHANNEL } from '#redis/channels.ts';
import { openRedis } from '#redis/client.ts';
import type { Stores } from './stores.ts';

const HEARTBEAT_MS = 1000;

/** Does the worker's part for Redis: a complete set of seat locks, and a beat per second. */
export async function keepRedisAlive(stores: Stores): Promise<() => void> {
  const redis = openRedis({ url: stores.redisUrl, name: 'bench-heartbeat' });
  await rebuildSeatLocks({ db: stores.db, redis });
  const beat = () => void redis.publish(HEARTBEAT_CHANNEL, '1').catch(() => undefined);
  beat();
  const timer = setInterval(beat, HEARTBEAT_MS);
  return () => {
    clearInterval(timer);
    redis.disconnect();
  };
}
