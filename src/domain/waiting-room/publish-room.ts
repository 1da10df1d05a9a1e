import { placeChannel, WAITING_ROOM_JOINED_CHANNEL, WAITING_ROOMS_CHANNEL } from '#redis/channels.ts';
import { type Redis, runScript } from '#redis/client.ts';
import { waitingRoom } from '#redis/keys.ts';
import type { PubSub } from '#redis/pubsub.ts';
import type { Room } from './room.ts';

/** After a restore PostgreSQL may be behind the published version, which is forgotten after this time. */
const VERSION_LIVES_SECONDS = 60;

/**
 * Publishes the room to all API processes, unless a later version was published before. Returns whether it was
 * published. Rejects while Redis is away; the API processes also read PostgreSQL every few seconds.
 */
export async function publishRoom({ redis }: { redis: Redis }, room: Room): Promise<boolean> {
  const answer = await runScript(
    redis,
    'putWaitingRoom',
    [waitingRoom(room.eventId)],
    [WAITING_ROOMS_CHANNEL, VERSION_LIVES_SECONDS, room.version, JSON.stringify(room)],
  );
  return answer === 1;
}

/** Notifies the watchers of the place that its row of `waiting_room_sessions` changed. */
export async function publishPlace(
  { pubsub }: { pubsub: PubSub },
  eventId: string,
  { userId, ordinal }: ChangedPlace,
): Promise<void> {
  await pubsub.publish(placeChannel(eventId, userId), ordinal);
}

/**
 * Wakes the controller of a resting room at once. Errors are ignored, because without Redis no fan is admitted
 * anyway.
 */
export const tellJoined =
  ({ pubsub }: { pubsub: PubSub }) =>
  (eventId: string): void =>
    void pubsub.publish(WAITING_ROOM_JOINED_CHANNEL, eventId).catch(() => undefined);

export type ChangedPlace = { readonly userId: string; readonly ordinal: number };

/** Called after the commit with the places whose session rows it changed. */
export type OnChanged = (eventId: string, places: readonly ChangedPlace[]) => void;

/**
 * The caller does not wait for it. A notification that is lost with Redis does no harm: a redeemed token and the next
 * poll read PostgreSQL.
 */
export const tellPlaces =
  (needs: { pubsub: PubSub }): OnChanged =>
  (eventId, places) => {
    for (const place of places) publishPlace(needs, eventId, place).catch(() => undefined);
  };
