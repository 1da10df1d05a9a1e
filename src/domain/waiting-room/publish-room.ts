import { placeChannel, WAITING_ROOM_JOINED_CHANNEL, WAITING_ROOMS_CHANNEL } from '#redis/channels.ts';
import { type Redis, runScript } from '#redis/client.ts';
import { waitingRoom } from '#redis/keys.ts';
import type { PubSub } from '#redis/pubsub.ts';
import type { Room } from './room.ts';

/** After a restore PostgreSQL may be behind what was published; that is forgotten so soon. */
const VERSION_LIVES_SECONDS = 60;

/**
 * Tells all API processes of the room, unless a later version was told before. Answers whether it was told. Rejects while
 * Redis is away: the API processes read PostgreSQL every few seconds anyway.
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

/** Tells whoever watches the place that its row of `waiting_room_sessions` changed. */
export async function publishPlace(
  { pubsub }: { pubsub: PubSub },
  eventId: string,
  { userId, ordinal }: ChangedPlace,
): Promise<void> {
  await pubsub.publish(placeChannel(eventId, userId), ordinal);
}

/** A room whose controller rests is looked after at once; without Redis nobody is admitted anyway. */
export const tellJoined =
  ({ pubsub }: { pubsub: PubSub }) =>
  (eventId: string): void =>
    void pubsub.publish(WAITING_ROOM_JOINED_CHANNEL, eventId).catch(() => undefined);

export type ChangedPlace = { readonly userId: string; readonly ordinal: number };

/** Called after the commit with the places whose session rows were changed by it. */
export type OnChanged = (eventId: string, places: readonly ChangedPlace[]) => void;

/** Nobody waits for it, and what is lost with Redis costs nothing: a redeemed token and the next poll read PostgreSQL. */
export const tellPlaces =
  (needs: { pubsub: PubSub }): OnChanged =>
  (eventId, places) => {
    for (const place of places) publishPlace(needs, eventId, place).catch(() => undefined);
  };
