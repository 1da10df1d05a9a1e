import type { Db } from '#db/client.ts';
import { expireBookings } from '#domain/booking/expire-bookings.ts';
import type { InventoryWriter } from '#domain/inventory/inventory-writer.ts';
import { type TimedWorker, worker } from './run-worker.ts';

type Needs = { db: Db; writer: InventoryWriter };

/** Sleeps until the next hold ends. Looks twice a second all the same: a hold made meanwhile may end before the one it knew. */
export const releaseExpiredHolds = worker<Needs, TimedWorker<Needs>>({
  name: 'release-expired-holds',
  everyMs: 500,
  run: async (needs, { signal }) => {
    const { nextDueInMs } = await expireBookings(needs, signal);
    return nextDueInMs === undefined ? undefined : { nextInMs: nextDueInMs };
  },
});
