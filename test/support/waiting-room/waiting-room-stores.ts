import { randomUUIDv7 } from 'node:crypto';
import { type SQL, sql } from 'drizzle-orm';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { openPlaces } from '#domain/waiting-room/places.ts';
import type { ChangedPlace } from '#domain/waiting-room/publish-room.ts';
import { readRooms } from '#domain/waiting-room/read-rooms.ts';
import { openRoomSessions, type RoomSessions } from '#domain/waiting-room/room-sessions.ts';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { type SeedRoomOptions, seedRoom } from './waiting-room.ts';

export type RoomStores = Awaited<ReturnType<typeof openRoomStores>>;

/** A database, and this many processes on it that let fans into waiting rooms. */
export async function openRoomStores({ processes = 1, poolMax = 4 } = {}) {
  const database = await createBookingDatabase();
  const pools = Array.from({ length: processes }, () => openDb({ url: database.url, poolMax, name: 'rooms-test' }));
  const [db] = pools as [Db, ...Db[]];
  const news: (ChangedPlace & { eventId: string })[] = [];
  const changed = (eventId: string, places: readonly ChangedPlace[]) =>
    void news.push(...places.map(({ userId, ordinal }) => ({ eventId, userId, ordinal })));
  const sessions = pools.map((pool) => openRoomSessions({ db: pool, changed })) as [RoomSessions, ...RoomSessions[]];
  const places = openPlaces({ db, changed });

  /** A room with this many fans, in the order of their positions; by default all turns run. */
  async function openRoom(options: SeedRoomOptions & { eventId?: string } = {}) {
    const joined = options.joined ?? 10;
    const seed = { watermark: joined, ...options, joined };
    const { eventId, userIds } = await seedRoom(db, options.eventId, seed);
    const comers = userIds.map((userId, ordinal) => ({
      ordinal,
      position: ordinal + 1,
      userId,
      signInId: randomUUIDv7(),
    }));
    const comer = (ordinal: number) => {
      const found = comers[ordinal];
      if (!found) throw new Error(`No fan has the ordinal ${ordinal}.`);
      return found;
    };
    const enter = async (ordinal: number, process = sessions[0]) => (await process.enter(eventId, comer(ordinal))).kind;
    return {
      eventId,
      comers,
      comer,
      enter,
      enterAll: (ordinals: readonly number[]) => Promise.all(ordinals.map((ordinal) => enter(ordinal))),
      end: (ordinal: number) => sessions[0].end(eventId, comer(ordinal).userId, 'LEFT'),
      leave: ({ ordinal, userId, signInId: sessionId, position }: (typeof comers)[number], isTurn: boolean) =>
        places.leave(eventId, { userId, sessionId }, { ordinal, position, isTurn }),
      /** The ordinals whose watchers were notified of a change, in order. */
      news: () => news.filter((one) => one.eventId === eventId).map(({ ordinal }) => ordinal),
      set: (assignment: SQL) => db.execute(sql`update waiting_rooms set ${assignment} where event_id = ${eventId}`),
      async read() {
        const [room] = await readRooms(db, { eventIds: [eventId] });
        if (!room) throw new Error('The room is gone.');
        return room;
      },
      /** Moves everything in the room this many seconds back in time. */
      async passSeconds(seconds: number) {
        const by = sql`make_interval(secs => ${seconds})`;
        await db.execute(sql`update waiting_room_steps set at = at - ${by} where event_id = ${eventId}`);
        await db.execute(sql`
          update waiting_room_sessions set knocked_at = knocked_at - ${by}, called_at = called_at - ${by},
            entered_at = entered_at - ${by}, expires_at = expires_at - ${by}, ended_at = ended_at - ${by}
          where event_id = ${eventId}`);
      },
      /** An unpaid booking of that fan, with a hold of five minutes. */
      async book(ordinal: number): Promise<string> {
        const id = randomUUIDv7();
        await db.execute(sql`
          insert into bookings (id, user_id, event_id, status, total_minor, currency, hold_expires_at, idempotency_key,
            request_hash, version)
          values (${id}, ${comer(ordinal).userId}, ${eventId}, 'PENDING_PAYMENT', 5000, 'USD',
            clock_timestamp() + interval '300 seconds', ${id}, '', 1)`);
        return id;
      },
    };
  }

  return {
    url: database.url,
    db,
    pools,
    sessions,
    places,
    changed,
    openRoom,
    async close() {
      await Promise.all(pools.map(closeDb));
      await database.drop();
    },
  };
}
