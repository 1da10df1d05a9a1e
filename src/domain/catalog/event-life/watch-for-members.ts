import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '#db/client.ts';
import type { Heartbeat } from '#redis/heartbeat.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { openPulse } from '#redis/pulse.ts';
import type { Rights } from '../../organization/rights.ts';
import type { OrganizerOperation } from '../../organization/rights-rules.ts';
import type { Actor } from '../../viewer.ts';
import { watchState } from '../../watch-state.ts';
import { requireEventRight } from './change-event.ts';

export type MemberWatchNeeds = {
  readonly db: Db;
  readonly pubsub: PubSub;
  readonly heartbeat: Heartbeat;
  readonly rights: Pick<Rights, 'requireRight' | 'whileAllowed'>;
};

type Watched<T> = {
  readonly eventId: string;
  readonly operation: OrganizerOperation;
  /** A message on one of these means that the state may have changed. */
  readonly channels: readonly string[];
  /** Reads a state that is not older than `since` (`performance.now()`). */
  readonly read: (since: number) => Promise<T>;
};

const LEAST_MS = 1_000;
/** Refunds and the passing of time change a state without a message about the event. */
const LOOK_EVERY_MS = 10_000;

/**
 * What `read` returns now, and again when it changes, at most once a second, until the actor may no longer have it: then it
 * fails with NotAllowed. Throws NotAllowed for a member of the event's organization whose role is too small, and NotFound for
 * all others. Call `return()` when done.
 */
export async function watchForMembers<T>(
  needs: MemberWatchNeeds,
  actor: Actor,
  { eventId, operation, channels, read }: Watched<T>,
): Promise<AsyncIterableIterator<T>> {
  const { organizationId } = await requireEventRight(needs, actor, eventId, operation);
  const pulse = await openPulse(needs, [...channels], { everyMs: LOOK_EVERY_MS });
  try {
    let readAt = performance.now();
    const first = await read(readAt);
    const again = async () => {
      // A reading that began before the news may not have it, however fresh it is.
      const heardAt = performance.now();
      await sleep(Math.max(0, readAt + LEAST_MS - heardAt), undefined, { ref: false });
      readAt = performance.now();
      return read(heardAt);
    };
    const states = watchState(pulse, { first, read: again, keyOf: (state) => JSON.stringify(state) });
    return needs.rights.whileAllowed({ actor, operation, organizationId }, states);
  } catch (error) {
    pulse.close();
    throw error;
  }
}
