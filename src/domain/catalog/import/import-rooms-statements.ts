import type { TransactionSql } from 'postgres';
import { commitmentOf, newDrawSecret } from '#domain/draw-secret-rules.ts';
import type { EventRecord } from './catalog-records.ts';
import { nameBasedId } from './name-based-id.ts';

/**
 * A waiting room for each event whose record wants one, open from now on. A room that exists stays as it is, with its
 * settings, its secret and its places. Returns how many were made.
 */
export async function importRooms(tx: TransactionSql, events: readonly EventRecord[]): Promise<number> {
  const rooms = events.flatMap(({ key, waitingRoom }) => {
    if (!waitingRoom) return [];
    const secret = newDrawSecret();
    return [
      {
        event_id: nameBasedId(key),
        capacity: waitingRoom.capacity,
        session_seconds: waitingRoom.sessionMinutes * 60,
        grace_seconds: waitingRoom.graceSeconds,
        draw_secret: secret,
        draw_commitment: commitmentOf(secret),
      },
    ];
  });
  if (rooms.length === 0) return 0;
  const made = await tx`
    insert into waiting_rooms
      (event_id, capacity, session_seconds, grace_seconds, opens_at, draw_at, draw_secret, draw_commitment)
    select event.id, r.capacity, session_seconds, grace_seconds, now(), greatest(now(), event.on_sale_at), draw_secret,
           draw_commitment
    from jsonb_to_recordset(${tx.json(rooms)})
      as r(event_id uuid, capacity integer, session_seconds integer, grace_seconds integer, draw_secret text,
           draw_commitment text)
    join events event on event.id = r.event_id
    where event.status = 'PUBLISHED' and event.off_sale_at > now()
    on conflict (event_id) do nothing`;
  return made.count;
}
