import { sql } from 'drizzle-orm';
import { openSlotBacklog, readConnections, readParked } from '#db/backlog-queries.ts';
import type { Db } from '#db/client.ts';
import type { EventLog, NewMessage } from '#events/log/log.ts';
import { connectionSampler, consumerLagSampler, parkedSampler, slotSampler } from '#observability/backlog-metrics.ts';
import { type Dependencies, watchDependencies } from '#observability/dependencies.ts';
import type { Sampler } from '#observability/samplers.ts';
import { followTrace } from '#observability/tracing.ts';

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
    parkedSampler(async () => (await Promise.all([bookingDb, paymentsDb].map(readParked))).flat()),
    consumerLagSampler(async () => (await eventLog.lag?.()) ?? []),
    connectionSampler(async () => (await Promise.all([bookingDb, paymentsDb].map(readConnections))).flat()),
  ];
}

/** From the commit to the log, a span for each message whose trace is recorded; what consumes it goes on from there. */
export async function appendTraced(log: Pick<EventLog, 'append'>, messages: readonly NewMessage[]): Promise<void> {
  const spans = messages.map(({ origin, topic, createdAt }) =>
    followTrace(`relay ${topic}`, {
      kind: 'producer',
      parent: origin?.traceparent,
      startedAtMs: createdAt.getTime(),
    }),
  );
  let failed = true;
  try {
    await log.append(
      messages.map((message, index) => {
        const traceparent = spans[index]?.traceparent;
        return message.origin && traceparent ? { ...message, origin: { ...message.origin, traceparent } } : message;
      }),
    );
    failed = false;
  } finally {
    for (const span of spans) span.end({ failed });
  }
}
