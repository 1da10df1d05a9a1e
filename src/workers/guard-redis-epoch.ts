import type { Db } from '#db/client.ts';
import { rebuildSeatLocks } from '#domain/inventory/rebuild-seat-locks.ts';
import type { Redis } from '#redis/client.ts';
import { type TimedWorker, worker } from './run-worker.ts';

type Needs = { db: Db; redis: Redis };

/** Notices within half a second that Redis lost its data or came back with old ones, and builds the seat locks anew. */
export const guardRedisEpoch = worker<Needs, TimedWorker<Needs>>({
  name: 'guard-redis-epoch',
  everyMs: 500,
  run: async (needs) => {
    const { kind } = await rebuildSeatLocks(needs);
    return kind === 'interrupted' ? { nextInMs: 0 } : undefined;
  },
});
