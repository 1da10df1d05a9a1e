import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { applySeatChanges } from '#domain/inventory/apply-seat-changes.ts';
import { seatStatusAfter } from '#domain/inventory/inventory-events.ts';
import { unlockEnded } from '#domain/inventory/unlock-ended.ts';
import type { DomainEvent } from '#events/contracts.ts';
import { bookingChannel, bookingNews, eventChannel } from '#redis/channels.ts';
import type { Redis } from '#redis/client.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { type TopicWorker, worker } from './run-worker.ts';

type Needs = { db: Db; redis: Redis; pubsub: PubSub };

/**
 * The second copy of every push. The process that committed pushes at once. When it dies first, or Redis is away, the
 * change still arrives from the event log, and the locks of released seats are deleted. Versions and the owner's name
 * in a lock make the repetition harmless, so no inbox is needed. No client waits for it, so it takes its time.
 */
export const pushChanges = worker<Needs, TopicWorker<Needs>>({
  name: 'push-changes',
  topics: ['booking', 'catalog'],
  gathering: { leastMs: 100, mostMs: 100 },
  run: (needs, event) => push(needs, [event]),
  runMany: async (needs, messages) => {
    const ofEvents = Map.groupBy(messages, ({ event }) => event.eventId);
    const done = await Promise.all(
      [...ofEvents.values()].map(async (own) => {
        const events = own.map(({ event }) => event);
        const isDone = await push(needs, events).then(isSo, isNotSo);
        return isDone ? own.map(({ messageId }) => messageId) : [];
      }),
    );
    return new Set(done.flat());
  },
});

const isSo = () => true;
/** Its messages are delivered one by one, which shows the error. */
const isNotSo = () => false;

/** Pushes changes of one event. */
async function push({ db, redis, pubsub }: Needs, events: readonly DomainEvent[]): Promise<void> {
  const changes = events.flatMap((event) => {
    const status = seatStatusAfter(event.type);
    return status && 'version' in event && 'seatNos' in event
      ? [{ version: event.version, status, seatNos: event.seatNos }]
      : [];
  });
  const [first] = events;
  if (first && changes.length > 0) {
    await applySeatChanges({ db, redis }, first.eventId, changes);
    failpoint('push.applied');
  }
  await Promise.all(
    events.map(async (event) => {
      if (seatStatusAfter(event.type) === 'AVAILABLE' && 'seatNos' in event && 'userId' in event)
        await unlockEnded({ db, redis }, { ...event, bookingId: event.aggregateId });
      await tellWatchers(pubsub, event);
    }),
  );
}

/** A new booking is left out: no client watches a booking that it does not know yet, and its first read is newer. */
async function tellWatchers(pubsub: PubSub, event: DomainEvent): Promise<void> {
  if (event.type === 'BookingCreated') return;
  const isOfBooking = 'userId' in event;
  const [channel, id] = isOfBooking
    ? [
        bookingChannel(event.aggregateId),
        bookingNews(event.aggregateId, 'version' in event ? event.version : undefined),
      ]
    : [eventChannel(event.eventId), event.eventId];
  await pubsub.publish(channel, id);
}
