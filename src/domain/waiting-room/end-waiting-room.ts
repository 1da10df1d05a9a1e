import { sql } from 'drizzle-orm';
import { NotFound, RateLimited, TryAgain } from '../errors.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Actor } from '../viewer.ts';
import { type ChangeNeeds, changeRoom } from './change-room.ts';
import type { Room } from './room.ts';

export const endWaitingRoomRefusals = [NotFound, NotAllowed, RateLimited, TryAgain] as const;

/** From now on all viewers may buy without an admission. Changes nothing when the room has ended already. */
export function endWaitingRoom(needs: ChangeNeeds, actor: Actor, { eventId }: { eventId: string }): Promise<Room> {
  return changeRoom(needs, actor, { eventId, operation: 'endWaitingRoom' }, async (tx, room) => {
    if (!room) throw new NotFound('waiting room');
    await tx.execute(sql`
      update waiting_rooms set state = 'ENDED', version = version + 1, updated_at = clock_timestamp()
      where event_id = ${eventId} and state <> 'ENDED'`);
  });
}
