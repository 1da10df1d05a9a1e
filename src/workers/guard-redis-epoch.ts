import type { Db } from '#db/client.ts';
import { rebuildSeatLocks } from '#domain/inventory/rebuild-seat-locks.ts';
import { readNamedEpoch } from '#domain/inventory/redis-epoch.ts';
import type { Redis } from '#redis/client.ts';
import { type TimedWorker, worker } from './run-worker.ts';

type Needs = { db: Db; redis: Redis };

/**
 * PostgreSQL is not asked again for so long while Redis names the same epoch, because only a restore of PostgreSQL
 * changes its answer.
 */
const BELIEVED_MS = 30_000;

/** What Redis named when PostgreSQL last agreed. */
const agreed = new WeakMap<Redis, { said: string; untilMs: number }>();

/** Notices within half a second that Redis lost its data or came back with old data, and rebuilds the seat locks. */
export const guardRedisEpoch = worker<Needs, TimedWorker<Needs>>({
  name: 'guard-redis-epoch',
  everyMs: 500,
  run: async (needs) => {
    const said = await readNamedEpoch(needs.redis);
    const known = agreed.get(needs.redis);
    if (known?.said === said && performance.now() < known.untilMs) return undefined;
    const { kind } = await rebuildSeatLocks(needs);
    // Read again, because another process may have rebuilt in between.
    if (kind === 'current' && (await readNamedEpoch(needs.redis)) === said)
      agreed.set(needs.redis, { said, untilMs: performance.now() + BELIEVED_MS });
    return kind === 'interrupted' ? { nextInMs: 0 } : undefined;
  },
});
