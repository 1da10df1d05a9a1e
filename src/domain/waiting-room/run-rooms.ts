import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { prepared } from '#db/prepared.ts';
import { eventChannel, WAITING_ROOM_JOINED_CHANNEL, WAITING_ROOMS_CHANNEL } from '#redis/channels.ts';
import type { Redis } from '#redis/client.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { openLease } from './lease.ts';
import { type OnChanged, publishRoom } from './publish-room.ts';
import { readRooms } from './read-rooms.ts';
import type { Room } from './room.ts';
import { Superseded, type TickAnswer, tickRoom } from './tick-room.ts';

type Needs = { readonly db: Db; readonly redis: Redis; readonly pubsub: PubSub; readonly changed: OnChanged };

export type RoomController = {
  /**
   * One tick of all rooms, if this process has the lease; run it every second. A room that fails does not stop the
   * others: it is left out for some seconds, and the error is thrown when the others are done. Returns for how many
   * milliseconds there will be nothing to do, unless `onWake` calls: 0 while a fan waits or is inside.
   */
  run(): Promise<number>;
  /** Calls `wake` when a room changed or a fan joined one, in any process. Returns the function that ends that. */
  onWake(wake: () => void): () => void;
  /** Lets another process take over at once. */
  close(): Promise<void>;
};

const LEASE = 'waiting-rooms';
const AT_ONCE = 4;
const FIRST_REST_MS = 2_000;
const LONGEST_REST_MS = 16_000;

/** Opens, draws, moves and ends the waiting rooms. Open one per process; of several processes one works at a time. */
export function openRoomController(needs: Needs): RoomController {
  const lease = openLease({ db: needs.db, name: LEASE });
  const failing = new Map<string, { untilMs: number; restMs: number }>();
  const tick = async (eventId: string, fence: number, canAdmit: boolean): Promise<TickAnswer> => {
    try {
      const answer = await tickRoom(needs.db, eventId, { fence, canAdmit });
      if (answer.isChanged) failpoint('waiting-room.ticked');
      if (answer.places.length > 0) needs.changed(eventId, answer.places);
      failing.delete(eventId);
      return answer;
    } catch (error) {
      const restMs = Math.min(2 * (failing.get(eventId)?.restMs ?? FIRST_REST_MS / 2), LONGEST_REST_MS);
      if (!(error instanceof Superseded)) failing.set(eventId, { untilMs: performance.now() + restMs, restMs });
      throw error;
    }
  };
  const withoutFailing = (eventIds: readonly string[]): string[] => {
    for (const eventId of failing.keys()) if (!eventIds.includes(eventId)) failing.delete(eventId);
    return eventIds.filter((eventId) => (failing.get(eventId)?.untilMs ?? 0) <= performance.now());
  };
  /** Returns how long all of them rest. */
  const tickAll = async (ready: string[], fence: number, canAdmit: boolean): Promise<number> => {
    const changed: string[] = [];
    const errors: unknown[] = [];
    let restMs = IDLE_MS;
    const lane = async () => {
      for (let eventId = ready.shift(); eventId !== undefined; eventId = ready.shift()) {
        const answer = await tick(eventId, fence, canAdmit).catch((error: unknown) => void errors.push(error));
        if (answer?.isChanged) changed.push(eventId);
        restMs = Math.min(restMs, answer?.restMs ?? 0);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    if (canAdmit && changed.length > 0) await publishAll(needs, changed);
    if (errors.length > 0) throw errors[0];
    return restMs;
  };
  return {
    async run() {
      const { eventIds, nextInMs } = await findRooms(needs.db);
      if (eventIds.length === 0) return nextInMs;
      const fence = await lease.take();
      if (fence === undefined) return 0;
      const ready = withoutFailing(eventIds);
      const isAnyLeftOut = ready.length < eventIds.length;
      const canAdmit = ready.length > 0 && (await answers(needs.redis));
      const restMs = await tickAll(ready, fence, canAdmit);
      return isAnyLeftOut ? 0 : Math.min(restMs, nextInMs);
    },
    onWake(wake) {
      const { pubsub } = needs;
      const ids = [WAITING_ROOMS_CHANNEL, WAITING_ROOM_JOINED_CHANNEL].map((channel) =>
        pubsub.subscribe(channel, wake).catch(() => undefined),
      );
      return () => {
        for (const id of ids) void id.then((known) => known !== undefined && pubsub.unsubscribe(known));
      };
    },
    close: () => lease.release(),
  };
}

/** Without Redis the fans would not learn that it is their turn: those inside go on, but no further turn begins. */
async function answers(redis: Redis): Promise<boolean> {
  return await redis.ping().then(
    () => true,
    () => false,
  );
}

/** A wake-up that Redis lost is made up for after this time at most. */
const IDLE_MS = 10_000;

/** The rooms to look after, and when the next one opens. */
async function findRooms(db: Db): Promise<{ eventIds: string[]; nextInMs: number }> {
  const rows = await prepared<{ id: string; inMs: number }>(
    db,
    `select event_id as id, case when state = 'CLOSED'
       then greatest(0, (extract(epoch from opens_at - clock_timestamp()) * 1000)::float8) else 0 end as "inMs"
     from waiting_rooms where state in ('OPEN', 'DRAWN')
       or (state = 'CLOSED' and opens_at <= clock_timestamp() + make_interval(secs => $1)) order by event_id`,
    [IDLE_MS / 1000],
  );
  const laterMs = rows.flatMap(({ inMs }) => (inMs > 0 ? [inMs] : []));
  return { eventIds: rows.flatMap(({ id, inMs }) => (inMs > 0 ? [] : [id])), nextInMs: Math.min(IDLE_MS, ...laterMs) };
}

/** A message that Redis loses now is read from PostgreSQL a little later. */
async function publishAll({ db, redis }: Needs, eventIds: readonly string[]): Promise<void> {
  const rooms = await readRooms(db, { eventIds });
  // The watchers of the event want to see when its room opens and ends.
  const tell = (room: Room) => [publishRoom({ redis }, room), redis.publish(eventChannel(room.eventId), room.eventId)];
  await Promise.allSettled(rooms.flatMap(tell));
}
