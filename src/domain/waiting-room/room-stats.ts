import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { isUuid } from '#shared/uuid.ts';
import type { Viewer } from '../viewer.ts';
import { isManagedBy } from './change-room.ts';
import { estimateOf, type WaitEstimate } from './estimate-rules.ts';
import { readRooms } from './read-rooms.ts';
import type { Progress, Room } from './room.ts';

/** What an organizer watches. `estimate`: for a fan who joins now; undefined while it is unknown. */
export type RoomStats = Pick<Room, 'eventId' | 'state' | 'isPaused' | 'capacity' | 'joined'> &
  Omit<Progress, 'pace'> & { readonly estimate: WaitEstimate | undefined };

/**
 * The stats of the last tick, a second ago at most. Undefined unless there is a room and the viewer may manage its
 * event.
 */
export async function findRoomStats(
  { db }: { db: Db },
  viewer: Viewer,
  eventId: string,
): Promise<RoomStats | undefined> {
  if (!isUuid(eventId)) return undefined;
  const [managed] = await db.execute(
    sql`select 1 from events e where e.id = ${eventId} and e.status <> 'DRAFT' and ${isManagedBy(viewer)}`,
  );
  if (!managed) return undefined;
  const [room] = await readRooms(db, { eventIds: [eventId] });
  return room && statsOf(room);
}

export function statsOf({ eventId, state, isPaused, capacity, joined, watermark, progress }: Room): RoomStats {
  const { pace, ...measured } = progress;
  const estimate = state === 'DRAWN' ? estimateOf(Math.max(0, joined - watermark), pace) : undefined;
  return { eventId, state, isPaused, capacity, joined, ...measured, estimate };
}
