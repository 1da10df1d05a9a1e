import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { commitmentOf, newDrawSecret } from '../draw-secret-rules.ts';
import { InvalidInput, NotFound, RateLimited, TryAgain } from '../errors.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Actor } from '../viewer.ts';
import { type ChangeNeeds, changeRoom, lockManagedRoom } from './change-room.ts';
import type { Room } from './room.ts';
import { type RoomSettings, type StoredSettings, settle } from './room-settings-rules.ts';

export const configureWaitingRoomRefusals = [InvalidInput, NotFound, NotAllowed, RateLimited, TryAgain] as const;

/**
 * Gives the event a waiting room, or changes its settings, also while it runs: after a cut of the capacity no fan
 * enters until enough have left. The secret of the draw, and with it the commitment, is made once, with the room.
 */
export function configureWaitingRoom(
  needs: ChangeNeeds,
  actor: Actor,
  { eventId, ...input }: { eventId: string } & RoomSettings,
): Promise<Room> {
  return changeRoom(needs, actor, { eventId, operation: 'configureWaitingRoom' }, async (tx, room, event) => {
    if (!room && event.nowMs >= event.offSaleAtMs) throw new InvalidInput('eventId', 'The sale of this event is over.');
    if (!room && (await insertRoom(tx, eventId, settle(input, undefined, event)))) return;
    // Another request made the room since.
    const current = room ?? (await lockManagedRoom(tx, eventId));
    await updateSettings(tx, eventId, settle(input, current, event));
  });
}

const instant = (ms: number) => sql`to_timestamp(${ms}::float8 / 1000)`;

/** False when the room exists already. */
async function insertRoom(tx: Tx, eventId: string, settings: StoredSettings): Promise<boolean> {
  const secret = newDrawSecret();
  const made = await tx.execute(sql`
    insert into waiting_rooms
      (event_id, capacity, session_seconds, grace_seconds, opens_at, draw_at, draw_secret, draw_commitment)
    values (${eventId}, ${settings.capacity}, ${settings.sessionSeconds}, ${settings.graceSeconds},
            ${instant(settings.opensAtMs)}, ${instant(settings.drawAtMs)}, ${secret}, ${commitmentOf(secret)})
    on conflict (event_id) do nothing`);
  return made.count === 1;
}

async function updateSettings(tx: Tx, eventId: string, settings: StoredSettings): Promise<void> {
  await tx.execute(sql`
    update waiting_rooms set capacity = ${settings.capacity}, session_seconds = ${settings.sessionSeconds},
      grace_seconds = ${settings.graceSeconds}, opens_at = ${instant(settings.opensAtMs)},
      draw_at = ${instant(settings.drawAtMs)}, version = version + 1, updated_at = clock_timestamp()
    where event_id = ${eventId}`);
}
