import { randomUUIDv7 } from 'node:crypto';
import { type SQL, sql } from 'drizzle-orm';
import { vi } from 'vitest';
import { parseApiConfig } from '#config/api.ts';
import type { Viewer } from '#domain/viewer.ts';
import type { AdmissionClaims } from '#domain/waiting-room/admission-tokens.ts';
import type { LiveRoom } from '#domain/waiting-room/live-room.ts';
import { claimsOf, type Place } from '#domain/waiting-room/place.ts';
import { publishRoom } from '#domain/waiting-room/publish-room.ts';
import { readRooms } from '#domain/waiting-room/read-rooms.ts';
import { openRoomController } from '#domain/waiting-room/run-rooms.ts';
import { openApiResources } from '#resources.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { type SeedRoomOptions, seedRoom } from './waiting-room.ts';

export type RoomApi = Awaited<ReturnType<typeof openRoomApi>>;

/** The id and the secret with which the processes of these tests sign. */
export const admissionKey = { kid: 'k1', secret: 'admissions-of-these-tests-and-no-others' };

export const viewerOf = (userId: string = randomUUIDv7()): Viewer => ({
  userId,
  role: 'FAN',
  sessionId: randomUUIDv7(),
  tokenExpiresAt: new Date(Date.now() + 900_000),
});

/** The handles of this many api processes on one database and one Redis, and a controller that ticks on request. */
export async function openRoomApi({ processes = 1 } = {}) {
  const database = await createBookingDatabase();
  const redisUrl = await testRedisUrl();
  const config = parseApiConfig({
    DATABASE_URL: database.url,
    REDIS_URL: redisUrl,
    TOKEN_PRIVATE_KEY: newPrivateKey(),
    TICKET_PRIVATE_KEY: newPrivateKey(),
    ADMISSION_KEYS: `${admissionKey.kid}:${admissionKey.secret}`,
  });
  const opened = await Promise.all(Array.from({ length: processes }, () => openApiResources(config)));
  const [first, second = first] = opened;
  if (!first || !second) throw new Error('There is no process.');
  const { db, redis, pubsub, changed } = first;
  const controller = openRoomController({ db, redis, pubsub, changed });

  /** Waits until all processes have the state of PostgreSQL. */
  const refresh = () => Promise.all(opened.map(({ waitingRooms }) => waitingRooms.refresh()));

  /** A waiting room of a new event, which all processes know. */
  async function openRoom(options: SeedRoomOptions = {}) {
    const { eventId } = await seedEvent(db, { seats: 4 });
    const { userIds } = await seedRoom(db, eventId, options);
    await refresh();
    const live = (of = first): LiveRoom => {
      const found = of?.waitingRooms.get(eventId);
      if (!found) throw new Error('The room is not known.');
      return found;
    };
    return {
      eventId,
      live,
      /** The fan with this ordinal, in a new session each time. */
      fan: (ordinal: number) => viewerOf(userIds[ordinal]),
      /** Changes the row and publishes it to all processes, as the controller does. */
      async set(assignment: SQL) {
        await db.execute(sql`
          update waiting_rooms set ${assignment}, version = version + 1, updated_at = clock_timestamp()
          where event_id = ${eventId}`);
        const [room] = await readRooms(db, { eventIds: [eventId] });
        if (!room) throw new Error('The room is gone.');
        await publishRoom({ redis }, room);
        await vi.waitUntil(() => opened.every((one) => live(one).room.version >= room.version), 25_000);
      },
      /** Begins the turns up to this position now. */
      async admitUpTo(watermark: number) {
        await db.execute(sql`insert into waiting_room_steps values (${eventId}, ${watermark}, clock_timestamp())`);
        await this.set(sql`watermark = ${watermark}, joined = greatest(joined, ${watermark})`);
      },
      /** Moves everything in the room this many seconds back in time. */
      async passSeconds(seconds: number) {
        const by = sql`make_interval(secs => ${seconds})`;
        await db.execute(sql`update waiting_room_steps set at = at - ${by} where event_id = ${eventId}`);
        await db.execute(sql`
          update waiting_room_sessions set knocked_at = knocked_at - ${by}, called_at = called_at - ${by},
            entered_at = entered_at - ${by}, expires_at = expires_at - ${by} where event_id = ${eventId}`);
        await this.set(sql`fence = fence`);
      },
    };
  }

  return {
    database,
    redisUrl,
    config,
    db,
    api: first,
    otherApi: second,
    refresh,
    openRoom,
    tick: () => controller.run(),
    /** Closes the opened handles; the test may have closed `opened`. */
    async close() {
      await controller.close();
      for (const resources of opened) await resources[Symbol.asyncDispose]();
      await database.drop();
    },
  };
}

/** Tokens of this place, as the API issues them. */
export function tokenOf({ api }: Pick<RoomApi, 'api'>, place: Place, own: Partial<AdmissionClaims> = {}): string {
  const { admission } = place;
  if (!admission) throw new Error(`The place has no admission: ${place.state}`);
  return api.admissionTokens.issue({ ...claimsOf(place, admission, randomUUIDv7()), ...own });
}

/** Collects the results of a subscription. */
export function collect(places: AsyncIterableIterator<Place>) {
  const got: Place[] = [];
  let isOver = false;
  const running = (async () => {
    for await (const place of places) got.push(place);
    isOver = true;
  })();
  return {
    got,
    states: () => got.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1]),
    isOver: () => isOver,
    when: (state: Place['state']) => vi.waitUntil(() => got.findLast((place) => place.state === state), 25_000),
    async stop() {
      await places.return?.();
      await running;
    },
  };
}
