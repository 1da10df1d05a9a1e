import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { applySeatChanges } from '#domain/inventory/apply-seat-changes.ts';
import { seatStatusAfter } from '#domain/inventory/inventory-events.ts';
import { unlockEnded } from '#domain/inventory/unlock-ended.ts';
import type { DomainEvent } from '#events/contracts.ts';
import { bookingChannel, eventChannel } from '#redis/channels.ts';
import type { Redis } from '#redis/client.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { type TopicWorker, worker } from './run-worker.ts';

type Needs = { db: Db; redis: Redis; pubsub: PubSub };

/**
 * The second copy of every push. The process that committed pushes at once. When it dies first, or Redis is away, the
 * change still arrives from the event log, and the locks of released seats are deleted. Versions and the owner's name
 * in a lock make the repetition harmless, so no inbox is needed.
 */
export const pushChanges = worker<Needs, TopicWorker<Needs>>({
  name: 'push-changes',
  topics: ['booking', 'catalog'],
  run: push,
});

async function push({ db, redis, pubsub }: Needs, event: DomainEvent): Promise<void> {
  const status = seatStatusAfter(event.type);
  if (status && 'seatNos' in event) {
    const { version, seatNos } = event;
    await applySeatChanges({ db, redis }, event.eventId, [{ version, status, seatNos }]);
    failpoint('push.applied');
    if (status === 'AVAILABLE') await unlockEnded({ db, redis }, { ...event, bookingId: event.aggregateId });
  }
  const isOfBooking = 'userId' in event;
  const [channel, id] = isOfBooking
    ? [bookingChannel(event.aggregateId), event.aggregateId]
    : [eventChannel(event.eventId), event.eventId];
  await pubsub.publish(channel, id);
}
