import { sql } from 'drizzle-orm';
import { openSlotBacklog, readConnections, readParked } from '#db/backlog-queries.ts';
import type { Db } from '#db/client.ts';
import type { EventLog, NewMessage } from '#events/log/log.ts';
import { connectionSampler, consumerLagSampler, parkedSampler, slotSampler } from '#observability/backlog-metrics.ts';
import { type Dependencies, watchDependencies } from '#observability/dependencies.ts';
import type { Sampler } from '#observability/samplers.ts';
import { followTrace } from '#observability/tracing.ts';
import { brokerChecks, explaining, explainingStore, settings } from './store-checks.ts';

type Watched = {
  bookingDb: Db;
  paymentsDb: Db;
  eventLog: EventLog;
  /** The slots of the databases, that of the booking database first. */
  slots: readonly string[];
  /** Why this process neither streams from a slot nor stands by for it; undefined when it does. */
  whyLost: (slot: string) => unknown;
};

const without = 'Its messages are not published until it is back. No message is lost, because the slot keeps them.';

/** The stores that a relay depends on, and what happens without each. */
export const relayDependencies = ({ bookingDb, paymentsDb, eventLog, slots, whyLost }: Watched): Dependencies =>
  watchDependencies([
    {
      name: 'booking-database',
      check: () => bookingDb.execute(sql`select 1`),
      explain: explainingStore(settings.booking),
      isNeeded: true,
      without,
    },
    {
      name: 'payments-database',
      check: () => paymentsDb.execute(sql`select 1`),
      explain: explainingStore(settings.payments),
      isNeeded: true,
      without,
    },
    ...brokerChecks(eventLog, { isNeeded: true }),
    ...slots.map((slot, index) => ({
      name: `slot ${slot}`,
      check: () => {
        const reason = whyLost(slot);
        if (reason !== undefined) throw reason;
        return true;
      },
      // The event log is also at fault when messages are read from a slot but cannot be appended.
      explain: explaining({
        kafka: settings.kafka,
        otherwise: index === 0 ? settings.booking : settings.payments,
      }),
      isNeeded: true,
      without: 'Its outbox is not published by this process.',
    })),
  ]);

/** Gauges of the messages between the databases and the consumers. Every relay sees all of them, and the same ones. */
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

/**
 * Records a span from the commit to the log for each message whose trace is recorded. The consumer of the message
 * continues the trace.
 */
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
