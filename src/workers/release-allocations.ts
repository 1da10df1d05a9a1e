import type { Db } from '#db/client.ts';
import { endAllocations } from '#domain/allocation/end-allocations.ts';
import type { InventoryWriter } from '#domain/inventory/inventory-writer.ts';
import { type TimedWorker, worker } from './run-worker.ts';

type Needs = { db: Db; writer: InventoryWriter };

/** An allocation that is made meanwhile ends at most this much late. */
const IDLE_MS = 10_000;
/** An allocation that could not be ended, such as one of a stuck event, is tried again after this time. */
const AGAIN_MS = 1_000;

/** Gives the seats of allocations to the public when their time is over. Sleeps until the next one ends. */
export const releaseAllocations = worker<Needs, TimedWorker<Needs>>({
  name: 'release-allocations',
  everyMs: IDLE_MS,
  run: async (needs) => {
    const { nextDueInMs = IDLE_MS } = await endAllocations(needs);
    return { nextInMs: Math.min(IDLE_MS, Math.max(AGAIN_MS, nextDueInMs)) };
  },
});
