import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '#db/client.ts';
import { eventChannel, seatMapChannel } from '#redis/channels.ts';
import type { Heartbeat } from '#redis/heartbeat.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { openPulse } from '#redis/pulse.ts';
import { requireEventRight } from '../catalog/event-life/change-event.ts';
import type { Rights } from '../organization/rights.ts';
import type { Actor } from '../viewer.ts';
import { watchState } from '../watch-state.ts';
import { type Cancellation, findCancellation } from './cancellation-queries.ts';

const OPERATION = 'Subscription.eventCancellationChanged';
const LEAST_MS = 1_000;
/** A refund changes the progress without a message about the event. */
const LOOK_EVERY_MS = 10_000;

type Needs = {
  readonly db: Db;
  readonly pubsub: PubSub;
  readonly heartbeat: Heartbeat;
  readonly rights: Pick<Rights, 'requireRight' | 'whileAllowed'>;
};

/** `cancellation`: undefined while the event is not cancelled. */
export type CancellationProgress = { readonly cancellation: Cancellation | undefined };

/**
 * The progress of the event's cancellation now, and again when it changes, at most once a second, until the actor may no longer
 * have it: then it fails with NotAllowed. Throws NotAllowed for a member of the event's organization whose role is too small,
 * and NotFound for all others. Call `return()` when done.
 */
export async function watchCancellation(
  needs: Needs,
  actor: Actor,
  eventId: string,
): Promise<AsyncIterableIterator<CancellationProgress>> {
  const { organizationId } = await requireEventRight(needs, actor, eventId, OPERATION);
  const channels = [seatMapChannel(eventId), eventChannel(eventId)];
  const pulse = await openPulse(needs, channels, { everyMs: LOOK_EVERY_MS });
  const read = async () => ({ cancellation: await findCancellation(needs, eventId) });
  try {
    let readAt = performance.now();
    const first = await read();
    const again = async () => {
      await sleep(Math.max(0, readAt + LEAST_MS - performance.now()), undefined, { ref: false });
      readAt = performance.now();
      return read();
    };
    const states = watchState(pulse, { first, read: again, keyOf: (progress) => JSON.stringify(progress) });
    return needs.rights.whileAllowed({ actor, operation: OPERATION, organizationId }, states);
  } catch (error) {
    pulse.close();
    throw error;
  }
}
