import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '#db/client.ts';
import { WAITING_ROOMS_CHANNEL } from '#redis/channels.ts';
import type { Heartbeat } from '#redis/heartbeat.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { openPulse } from '#redis/pulse.ts';
import { NotFound } from '../errors.ts';
import type { Rights } from '../organization/rights.ts';
import type { Actor } from '../viewer.ts';
import { watchState } from '../watch-state.ts';
import { findRoomStats, type RoomStats } from './room-stats.ts';

/** The channel carries changes of every room, so an organizer's stats are read at most as often as the rooms tick. */
const LOOK_EVERY_MS = 1_000;

/**
 * The stats now, and again when a tick or an organizer has changed them, until the actor may no longer have them: then it
 * fails with NotAllowed. Throws NotAllowed for a member of the event's organization whose role is too small, and NotFound
 * for all others and without a room. Call `return()` when done.
 */
export async function watchRoomStats(
  needs: { db: Db; pubsub: PubSub; heartbeat: Heartbeat; rights: Pick<Rights, 'requireRight' | 'whileAllowed'> },
  actor: Actor,
  eventId: string,
): Promise<AsyncIterableIterator<RoomStats>> {
  const operation = 'Subscription.waitingRoomStats';
  const find = () => findRoomStats(needs, { actor, eventId, operation });
  if (!(await find())) throw new NotFound('waiting room');
  const pulse = await openPulse(needs, [WAITING_ROOMS_CHANNEL]);
  try {
    const first = await find();
    if (!first) throw new NotFound('waiting room');
    let lookedAt = performance.now();
    const read = async () => {
      await sleep(lookedAt + LOOK_EVERY_MS - performance.now(), undefined, { ref: false });
      lookedAt = performance.now();
      return (await find())?.stats;
    };
    const { stats, organizationId } = first;
    const states = watchState(pulse, { first: stats, read, keyOf: (state) => JSON.stringify(state) });
    return needs.rights.whileAllowed({ actor, operation, organizationId }, states);
  } catch (error) {
    pulse.close();
    throw error;
  }
}
