import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '#db/client.ts';
import { WAITING_ROOMS_CHANNEL } from '#redis/channels.ts';
import type { Heartbeat } from '#redis/heartbeat.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { openPulse } from '#redis/pulse.ts';
import { NotFound } from '../errors.ts';
import type { Viewer } from '../viewer.ts';
import { watchState } from '../watch-state.ts';
import { findRoomStats, type RoomStats } from './room-stats.ts';

/** The channel carries changes of every room, so an organizer's stats are read at most as often as the rooms tick. */
const LOOK_EVERY_MS = 1_000;

/**
 * The stats now, and again when a tick or an organizer has changed them. Throws NotFound unless there is a room and
 * the viewer may manage its event. Call `return()` when done.
 */
export async function watchRoomStats(
  needs: { db: Db; pubsub: PubSub; heartbeat: Heartbeat },
  viewer: Viewer,
  eventId: string,
): Promise<AsyncIterableIterator<RoomStats>> {
  const find = () => findRoomStats(needs, viewer, eventId);
  if (!(await find())) throw new NotFound('waiting room');
  const pulse = await openPulse(needs, [WAITING_ROOMS_CHANNEL]);
  try {
    const first = await find();
    if (!first) throw new NotFound('waiting room');
    let lookedAt = performance.now();
    const read = async () => {
      await sleep(lookedAt + LOOK_EVERY_MS - performance.now(), undefined, { ref: false });
      lookedAt = performance.now();
      return find();
    };
    return watchState(pulse, { first, read, keyOf: (stats) => JSON.stringify(stats) });
  } catch (error) {
    pulse.close();
    throw error;
  }
}
