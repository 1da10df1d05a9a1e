import type { Db } from '#db/client.ts';
import { bookingChannel, bookingNews } from '#redis/channels.ts';
import type { Redis } from '#redis/client.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { applySeatChanges } from './apply-seat-changes.ts';
import type { Committed } from './inventory-batches.ts';

type Needs = { readonly db: Db; readonly redis: Redis; readonly pubsub: PubSub };

/**
 * Notifies the watchers of seats and bookings at once about a committed write. The caller does not wait for it: when
 * Redis is away, the same changes arrive again from the event log.
 */
export function pushCommitted({ db, redis, pubsub }: Needs, { eventId, changes, bookings }: Committed): void {
  applySeatChanges({ redis, db }, eventId, changes).catch(() => undefined);
  for (const { id, version } of bookings)
    pubsub.publish(bookingChannel(id), bookingNews(id, version)).catch(() => undefined);
}
