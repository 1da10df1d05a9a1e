import type { Db } from '#db/client.ts';
import { onCancelledEvent, runCancellations } from '#domain/cancellation/run-cancellations.ts';
import type { InventoryWriter } from '#domain/inventory/inventory-writer.ts';
import type { Redis } from '#redis/client.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { type TimedWorker, worker } from './run-worker.ts';

type Needs = { db: Db; redis: Redis; pubsub: PubSub; writer: InventoryWriter };

/** A cancellation whose announcement Redis lost begins at most this much late. */
const IDLE_MS = 30_000;
const LEAST_MS = 100;

/** Ends the bookings of cancelled events. Redis wakes it, and it takes over the jobs of processes that died. */
export const cancelEvents = worker<Needs, TimedWorker<Needs>>({
  name: 'cancel-events',
  everyMs: IDLE_MS,
  onWake: onCancelledEvent,
  run: async (needs, { signal }) => {
    const { nextInMs = IDLE_MS } = await runCancellations(needs, signal);
    return { nextInMs: Math.min(IDLE_MS, Math.max(LEAST_MS, nextInMs)) };
  },
});
