import type { Db } from '#db/client.ts';
import { rebuildSeatLocks } from '#domain/inventory/rebuild-seat-locks.ts';
import { readNamedEpoch } from '#domain/inventory/redis-epoch.ts';
import type { Redis } from '#redis/client.ts';
import { type TimedWorker, worker } from './run-worker.ts';

type Needs = { db: Db; redis: Redis };

/** So long PostgreSQL is not asked again while Redis says the same: only a restore of PostgreSQL changes what it says. */
const BELIEVED_MS = 10_000;

/** What Redis said when PostgreSQL last agreed. */
const agreed = new WeakMap<Redis, { said: string; untilMs: number }>();

/** Notices within half a second that Redis lost its data or came back with old ones, and builds the seat locks anew. */
export const guardRedisEpoch = worker<Needs, TimedWorker<Needs>>({
  name: 'guard-redis-epoch',
  everyMs: 500,
  run: async (needs) => {
    const said = await readNamedEpoch(needs.redis);
    const known = agreed.get(needs.redis);
    if (known?.said === said && performance.now() < known.untilMs) return undefined;
    const { kind } = await rebuildSeatLocks(needs);
    // Read again, since another process may have rebuilt in between.
    if (kind === 'current' && (await readNamedEpoch(needs.redis)) === said)
      agreed.set(needs.redis, { said, untilMs: performance.now() + BELIEVED_MS });
    return kind === 'interrupted' ? { nextInMs: 0 } : undefined;
  },
});
