import { eventChannel, seatMapChannel } from '#redis/channels.ts';
import { type MemberWatchNeeds, watchForMembers } from '../catalog/event-life/watch-for-members.ts';
import type { Actor } from '../viewer.ts';
import { type Cancellation, findCancellation } from './cancellation-queries.ts';

/** `cancellation`: undefined while the event is not cancelled. */
export type CancellationProgress = { readonly cancellation: Cancellation | undefined };

/**
 * The progress of the event's cancellation now, and again when it changes, at most once a second, until the actor may no longer
 * have it: then it fails with NotAllowed. Throws NotAllowed for a member of the event's organization whose role is too small,
 * and NotFound for all others. Call `return()` when done.
 */
export const watchCancellation = (
  needs: MemberWatchNeeds,
  actor: Actor,
  eventId: string,
): Promise<AsyncIterableIterator<CancellationProgress>> =>
  watchForMembers(needs, actor, {
    eventId,
    operation: 'Subscription.eventCancellationChanged',
    channels: [seatMapChannel(eventId), eventChannel(eventId)],
    read: async () => ({ cancellation: await findCancellation(needs, eventId) }),
  });
