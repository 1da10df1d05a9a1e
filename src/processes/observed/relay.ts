import { sql } from 'drizzle-orm';
import { openSlotBacklog, readConnections, readParked } from '#db/backlog-queries.ts';
import type { Db } from '#db/client.ts';
import type { EventLog } from '#events/log/log.ts';
import { connectionSampler, consumerLagSampler, parkedSampler, slotSampler } from '#observability/backlog-metrics.ts';
import { type Dependencies, watchDependencies } from '#observability/dependencies.ts';
import type { Sampler } from '#observability/samplers.ts';

type Watched = {
  bookingDb: Db;
  paymentsDb: Db;
  eventLog: EventLog;
  /** The slot of each database, the booking database first. */
  slots: readonly string[];
  /** Whether this process streams from a slot or stands by for it. */
  isFollowing: (slot: string) => boolean;
};

const without = 'What is written there is not published until it is back; nothing is lost, the slot keeps it.';

/** What a relay depends on, and what it does without. */
export const relayDependencies = ({ bookingDb, paymentsDb, slots, isFollowing }: Watched): Dependencies =>
  watchDependencies([
    { name: 'booking-database', check: () => bookingDb.execute(sql`select 1`), isNeeded: true, without },
    { name: 'payments-database', check: () => paymentsDb.execute(sql`select 1`), isNeeded: true, without },
    ...slots.map((slot) => ({
      name: `slot ${slot}`,
      check: () => isFollowing(slot),
      isNeeded: true,
      without: 'Its outbox is not published by this process.',
    })),
  ]);

/** Of what waits between the databases and the consumers: the relay sees all of it, and every relay the same. */
export function relaySamplers(watched: Watched, dependencies: Dependencies): Sampler[] {
  const { bookingDb, paymentsDb, eventLog, slots } = watched;
  const backlogs = [bookingDb, paymentsDb].map((db, index) => openSlotBacklog(db, slots[index] ?? ''));
  return [
    dependencies.sampler,
    slotSampler(() => Promise.all(backlogs.map((read) => read()))),
    parkedSampler(() => readParked(bookingDb)),
    consumerLagSampler(async () => (await eventLog.lag?.()) ?? []),
    connectionSampler(async () => (await Promise.all([bookingDb, paymentsDb].map(readConnections))).flat()),
  ];
}
