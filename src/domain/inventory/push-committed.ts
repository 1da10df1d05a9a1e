import type { Db } from '#db/client.ts';
import { bookingChannel } from '#redis/channels.ts';
import type { Redis } from '#redis/client.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { applySeatChanges } from './apply-seat-changes.ts';
import type { Committed } from './inventory-batches.ts';

type Needs = { readonly db: Db; readonly redis: Redis; readonly pubsub: PubSub };

/**
 * Tells watchers of seats and bookings at once what a write has changed. Nobody waits for it: the same comes again from
 * the event log, should Redis be away.
 */
export function pushCommitted({ db, redis, pubsub }: Needs, { eventId, changes, bookingIds }: Committed): void {
  applySeatChanges({ redis, db }, eventId, changes).catch(() => undefined);
  for (const bookingId of bookingIds) pubsub.publish(bookingChannel(bookingId), bookingId).catch(() => undefined);
}
