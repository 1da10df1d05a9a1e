import { sql } from 'drizzle-orm';
import { NotFound, RateLimited, TryAgain } from '../errors.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Actor } from '../viewer.ts';
import { type ChangeNeeds, changeRoom } from './change-room.ts';
import type { Room } from './room.ts';

export const pauseWaitingRoomRefusals = [NotFound, NotAllowed, RateLimited, TryAgain] as const;

/**
 * No further turn begins until the room is opened again; fans may join, and those inside go on. An ended room is not
 * changed.
 */
export function pauseWaitingRoom(needs: ChangeNeeds, actor: Actor, { eventId }: { eventId: string }): Promise<Room> {
  return changeRoom(needs, actor, { eventId, operation: 'pauseWaitingRoom' }, async (tx, room) => {
    if (!room) throw new NotFound('waiting room');
    await tx.execute(sql`
      update waiting_rooms set paused = true, version = version + 1, updated_at = clock_timestamp()
      where event_id = ${eventId} and not paused and state <> 'ENDED'`);
  });
}
