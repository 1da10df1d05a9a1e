import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { prepared } from '#db/prepared.ts';
import { eventChannel } from '#redis/channels.ts';
import type { Redis } from '#redis/client.ts';
import { openLease } from './lease.ts';
import { type OnChanged, publishRoom } from './publish-room.ts';
import { readRooms } from './read-rooms.ts';
import type { Room } from './room.ts';
import { Superseded, tickRoom } from './tick-room.ts';

type Needs = { readonly db: Db; readonly redis: Redis; readonly changed: OnChanged };

export type RoomController = {
  /**
   * One tick of all rooms, if this process is the one that controls them; run it every second. A room that fails does
   * not stop the others: it is left out for some seconds, and the error is thrown when they are done. Answers how many
   * milliseconds there will be nothing to do: 0 while there is a room to look after.
   */
  run(): Promise<number>;
  /** Lets another process take over at once. */
  close(): Promise<void>;
};

const LEASE = 'waiting-rooms';
const AT_ONCE = 4;
const FIRST_REST_MS = 2_000;
const LONGEST_REST_MS = 16_000;

/** Moves the waiting rooms. Open one per process; of several processes one does the work at a time. */
export function openRoomController(needs: Needs): RoomController {
  const lease = openLease({ db: needs.db, name: LEASE });
  const failing = new Map<string, { untilMs: number; restMs: number }>();
  const tick = async (eventId: string, fence: number, canAdmit: boolean): Promise<boolean> => {
    try {
      const { isChanged, places } = await tickRoom(needs.db, eventId, { fence, canAdmit });
      if (isChanged) failpoint('waiting-room.ticked');
      if (places.length > 0) needs.changed(eventId, places);
      failing.delete(eventId);
      return isChanged;
    } catch (error) {
      const restMs = Math.min(2 * (failing.get(eventId)?.restMs ?? FIRST_REST_MS / 2), LONGEST_REST_MS);
      if (!(error instanceof Superseded)) failing.set(eventId, { untilMs: performance.now() + restMs, restMs });
      throw error;
    }
  };
  return {
    async run() {
      const idleMs = await nextRoomInMs(needs.db);
      if (idleMs > 0) return idleMs;
      const fence = await lease.take();
      if (fence === undefined) return 0;
      const eventIds = await dueRooms(needs.db);
      for (const eventId of failing.keys()) if (!eventIds.includes(eventId)) failing.delete(eventId);
      const ready = eventIds.filter((eventId) => (failing.get(eventId)?.untilMs ?? 0) <= performance.now());
      const canAdmit = ready.length > 0 && (await answers(needs.redis));
      const changed: string[] = [];
      const errors: unknown[] = [];
      const lane = async () => {
        for (let eventId = ready.shift(); eventId !== undefined; eventId = ready.shift()) {
          const isChanged = await tick(eventId, fence, canAdmit).catch((error: unknown) => void errors.push(error));
          if (isChanged) changed.push(eventId);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
      if (canAdmit && changed.length > 0) await publishAll(needs, changed);
      if (errors.length > 0) throw errors[0];
      return 0;
    },
    close: () => lease.release(),
  };
}

/** Without Redis the fans would not hear that it is their turn: those inside go on, nobody else's turn begins. */
async function answers(redis: Redis): Promise<boolean> {
  return await redis.ping().then(
    () => true,
    () => false,
  );
}

/** A room that is made meanwhile is found so much later at most. */
const IDLE_MS = 5_000;

/** How long no room has to be looked after; 0 while one has. */
async function nextRoomInMs(db: Db): Promise<number> {
  const [row] = await prepared<{ ms: number | null }>(
    db,
    `select (extract(epoch from min(case when state = 'CLOSED' then opens_at else '-infinity' end)
       - clock_timestamp()) * 1000)::float8 as ms
     from waiting_rooms where state in ('CLOSED', 'OPEN', 'DRAWN')`,
    [],
  );
  return Math.max(0, Math.min(row?.ms ?? IDLE_MS, IDLE_MS));
}

async function dueRooms(db: Db): Promise<string[]> {
  const rows = await prepared<{ id: string }>(
    db,
    `select event_id as id from waiting_rooms
     where state in ('OPEN', 'DRAWN') or (state = 'CLOSED' and opens_at <= clock_timestamp()) order by event_id`,
    [],
  );
  return rows.map(({ id }) => id);
}

/** What Redis loses now is read from PostgreSQL a little later. */
async function publishAll({ db, redis }: Needs, eventIds: readonly string[]): Promise<void> {
  const rooms = await readRooms(db, { eventIds });
  // Whoever watches the event wants to see its room open, and end.
  const tell = (room: Room) => [publishRoom({ redis }, room), redis.publish(eventChannel(room.eventId), room.eventId)];
  await Promise.allSettled(rooms.flatMap(tell));
}
