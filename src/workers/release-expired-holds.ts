import type { Db } from '#db/client.ts';
import { expireBookings } from '#domain/booking/expire-bookings.ts';
import type { InventoryWriter } from '#domain/inventory/inventory-writer.ts';
import { type TimedWorker, worker } from './run-worker.ts';

type Needs = { db: Db; writer: InventoryWriter };

/** A process with other settings may make shorter holds: those are ended at most this much late. */
const IDLE_MS = 10_000;

/**
 * Sleeps until the next hold ends, and at most half as long as a hold lasts: a hold that is made meanwhile ends later
 * than that.
 */
export const releaseExpiredHolds = worker<Needs, TimedWorker<Needs>>({
  name: 'release-expired-holds',
  everyMs: IDLE_MS,
  run: async (needs, { signal }) => {
    const { nextDueInMs } = await expireBookings(needs, signal);
    return { nextInMs: Math.min(nextDueInMs ?? IDLE_MS, needs.writer.policy.holdTtlSeconds * 500) };
  },
});
