import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { eventChannel } from '#redis/channels.ts';
import type { Redis } from '#redis/client.ts';
import { NotFound, RateLimited, TryAgain } from '../errors.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Actor } from '../viewer.ts';
import { type ChangeNeeds, changeRoom } from './change-room.ts';
import { publishRoom } from './publish-room.ts';
import { readRooms } from './read-rooms.ts';
import type { Room } from './room.ts';

export const endWaitingRoomRefusals = [NotFound, NotAllowed, RateLimited, TryAgain] as const;

/** From now on all viewers may buy without an admission. Changes nothing when the room has ended already. */
export function endWaitingRoom(needs: ChangeNeeds, actor: Actor, { eventId }: { eventId: string }): Promise<Room> {
  return changeRoom(needs, actor, { eventId, operation: 'endWaitingRoom' }, async (tx, room) => {
    if (!room) throw new NotFound('waiting room');
    await tx.execute(ending(eventId));
  });
}

const ending = (eventId: string) => sql`
  update waiting_rooms set state = 'ENDED', version = version + 1, updated_at = clock_timestamp()
  where event_id = ${eventId} and state <> 'ENDED'`;

/**
 * Ends the room of a cancelled event, if it has one, and notifies the fans in it. Changes nothing when the room has ended
 * already. Rejects while PostgreSQL is away; the controller of the rooms ends an open room within seconds as well.
 */
export async function endRoomOfCancelledEvent({ db, redis }: { db: Db; redis: Redis }, eventId: string): Promise<void> {
  const { count } = await db.execute(ending(eventId));
  if (count === 0) return;
  const [room] = await readRooms(db, { eventIds: [eventId] });
  if (room) await Promise.allSettled([publishRoom({ redis }, room), redis.publish(eventChannel(eventId), eventId)]);
}
