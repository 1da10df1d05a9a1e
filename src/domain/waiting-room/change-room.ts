import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { eventChannel } from '#redis/channels.ts';
import type { Redis } from '#redis/client.ts';
import { isUuid } from '#shared/uuid.ts';
import { NotFound } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Viewer } from '../viewer.ts';
import { publishRoom } from './publish-room.ts';
import { readRooms } from './read-rooms.ts';
import type { Room, RoomState } from './room.ts';
import type { EventTimes, StoredSettings } from './room-settings-rules.ts';

export type ChangeNeeds = { readonly db: Db; readonly redis: Redis };

/** The room under its lock, and the fields of its event that matter to it. */
export type ManagedRoom = StoredSettings & {
  readonly state: RoomState;
  readonly isPaused: boolean;
  readonly isDrawn: boolean;
};
export type ManagedEvent = EventTimes & { readonly eventId: string };

/**
 * Runs `change` under the lock of the event's room (undefined without one), and after the commit notifies API
 * processes and watchers. Throws NotFound unless the viewer may manage the event, and TryAgain.
 */
export async function changeRoom(
  { db, redis }: ChangeNeeds,
  viewer: Viewer,
  eventId: string,
  change: (tx: Tx, room: ManagedRoom | undefined, event: ManagedEvent) => Promise<void>,
): Promise<Room> {
  if (!isUuid(eventId)) throw new NotFound('event');
  const room = await orTryAgain(
    inTransaction(db, 'changeWaitingRoom', async (tx) => {
      const event = await findManagedEvent(tx, viewer, eventId);
      if (!event) throw new NotFound('event');
      await change(tx, await lockManagedRoom(tx, eventId), event);
      return (await readRooms(tx, { eventIds: [eventId] }))[0];
    }),
  );
  if (!room) throw new NotFound('waiting room');
  // API processes compare with PostgreSQL every few seconds, so nothing is lost when Redis is away.
  await Promise.allSettled([publishRoom({ redis }, room), redis.publish(eventChannel(eventId), eventId)]);
  return room;
}

/** For statements over `events e`: the events that the viewer may manage. */
export function isManagedBy({ userId, role }: Viewer) {
  if (role === 'ADMIN') return sql`true`;
  return role === 'ORGANIZER' ? sql`e.organizer_id = ${userId}` : sql`false`;
}

const ms = (instant: string) => sql.raw(`floor(extract(epoch from ${instant}) * 1000)::float8`);

async function findManagedEvent(tx: Tx, viewer: Viewer, eventId: string): Promise<ManagedEvent | undefined> {
  const [event] = await tx.execute<ManagedEvent>(sql`
    select e.id as "eventId", ${ms('clock_timestamp()')} as "nowMs", ${ms('e.on_sale_at')} as "onSaleAtMs",
           ${ms('e.off_sale_at')} as "offSaleAtMs"
    from events e where e.id = ${eventId} and e.status <> 'DRAFT' and ${isManagedBy(viewer)}`);
  return event;
}

export async function lockManagedRoom(tx: Tx, eventId: string): Promise<ManagedRoom | undefined> {
  const [room] = await tx.execute<ManagedRoom>(sql`
    select state, paused as "isPaused", drawn_at is not null as "isDrawn", capacity,
           session_seconds as "sessionSeconds", grace_seconds as "graceSeconds",
           ${ms('opens_at')} as "opensAtMs", ${ms('draw_at')} as "drawAtMs"
    from waiting_rooms where event_id = ${eventId} for update`);
  return room;
}
