import { closeDb, openDb } from '#db/client.ts';
import { getSeatMap } from '#domain/inventory/get-seat-map.ts';
import type { SeatChange } from '#domain/inventory/seat-change.ts';
import type { SeatMap } from '#domain/inventory/seat-map.ts';
import { SeatMaps } from '#domain/inventory/seat-maps.ts';
import { seatStatuses } from '#domain/inventory/seat-status.ts';
import { HEARTBEAT_CHANNEL } from '#redis/channels.ts';
import { openRedis } from '#redis/client.ts';
import { openHeartbeat } from '#redis/heartbeat.ts';
import { openPubSub } from '#redis/pubsub.ts';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { until } from '#test/support/system/until.ts';
import { commitSeatChange } from './seat-changes.ts';

export type SeatMapWorld = Awaited<ReturnType<typeof openSeatMapWorld>>;

/** The number of seats of the events of these tests. */
export const SEATS = 300;

/** The seat maps of two API processes on one database and one Redis, with a beating heartbeat. */
export async function openSeatMapWorld() {
  const database = await createBookingDatabase();
  const db = openDb({ url: database.url, poolMax: 5, name: 'seat-maps-test' });
  const url = await testRedisUrl();
  const redis = openRedis({ url, name: 'seat-maps-test' });
  const pubsub = openPubSub({ url, name: 'seat-maps-test' });
  const otherPubsub = openPubSub({ url, name: 'seat-maps-test-other' });
  const beating = setInterval(() => void redis.publish(HEARTBEAT_CHANNEL, '1').catch(() => undefined), 200);
  const heartbeat = openHeartbeat({ pubsub }, { deafAfterMs: 1_000, recheckMs: 100 });
  const seatMaps = new SeatMaps({ db, redis, pubsub, heartbeat });
  const otherProcess = new SeatMaps({ db, redis, pubsub: otherPubsub, heartbeat });
  await until(() => !heartbeat.isDeaf());
  return {
    databaseUrl: database.url,
    db,
    redis,
    pubsub,
    heartbeat,
    seatMaps,
    otherProcess,
    /** Commits a random change of some seats without publishing it. */
    change: (eventId: string): Promise<SeatChange> => commitSeatChange(db, eventId, someStatus(), someSeats()),
    async snapshotOf(eventId: string): Promise<SeatMap> {
      const map = await getSeatMap({ seatMaps }, eventId);
      if (!map) throw new Error('no map');
      return map;
    },
    async close(): Promise<void> {
      clearInterval(beating);
      seatMaps.close();
      otherProcess.close();
      heartbeat.close();
      await Promise.all([pubsub.close(), otherPubsub.close()]);
      redis.disconnect();
      await closeDb(db);
      await database.drop();
    },
  };
}

const someStatus = () => seatStatuses[Math.floor(Math.random() * 4)] ?? 'AVAILABLE';

function someSeats(): number[] {
  const first = Math.floor(Math.random() * (SEATS - 4));
  return Array.from({ length: 1 + Math.floor(Math.random() * 4) }, (_, index) => first + index);
}
