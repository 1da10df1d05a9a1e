import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { NotFound, RateLimited, TryAgain } from '../errors.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Actor } from '../viewer.ts';
import { type ChangeNeeds, changeRoom, type ManagedEvent, type ManagedRoom } from './change-room.ts';
import type { Room } from './room.ts';
import { drawAfter } from './room-settings-rules.ts';

export const openWaitingRoomRefusals = [NotFound, NotAllowed, RateLimited, TryAgain] as const;

/**
 * A closed room opens now, a paused one goes on, and one that has ended goes on with the places as they were. Changes
 * nothing when the room is open already.
 */
export function openWaitingRoom(needs: ChangeNeeds, actor: Actor, { eventId }: { eventId: string }): Promise<Room> {
  return changeRoom(needs, actor, { eventId, operation: 'openWaitingRoom' }, async (tx, room, event) => {
    if (!room) throw new NotFound('waiting room');
    if (room.isDrawn) await goOn(tx, eventId, 'DRAWN');
    else if (room.state === 'OPEN') await goOn(tx, eventId, 'OPEN');
    else await openNow(tx, room, event);
  });
}

async function goOn(tx: Tx, eventId: string, state: 'OPEN' | 'DRAWN'): Promise<void> {
  await tx.execute(sql`
    update waiting_rooms set state = ${state}, paused = false, version = version + 1, updated_at = clock_timestamp()
    where event_id = ${eventId} and (paused or state <> ${state})`);
}

/** A room whose opening time has passed keeps that time: the controller was late, or the room ended and opens again. */
async function openNow(tx: Tx, room: ManagedRoom, event: ManagedEvent): Promise<void> {
  const opensAtMs = Math.min(room.opensAtMs, event.nowMs);
  const drawAtMs = drawAfter(opensAtMs, room, event);
  await tx.execute(sql`
    update waiting_rooms set state = 'OPEN', paused = false,
      opens_at = to_timestamp(${opensAtMs}::float8 / 1000), draw_at = to_timestamp(${drawAtMs}::float8 / 1000),
      version = version + 1, updated_at = clock_timestamp()
    where event_id = ${event.eventId}`);
}
