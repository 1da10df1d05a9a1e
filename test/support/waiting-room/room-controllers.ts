import { sql } from 'drizzle-orm';
import type { Room } from '#domain/waiting-room/room.ts';
import { openRoomController, type RoomController } from '#domain/waiting-room/run-rooms.ts';
import { WAITING_ROOMS_CHANNEL } from '#redis/channels.ts';
import { openRedis } from '#redis/client.ts';
import { openPubSub } from '#redis/pubsub.ts';
import { NO_REDIS } from '#test/support/databases/box.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import type { RoomStores } from './waiting-room-stores.ts';

/** Controllers of the rooms of these stores, with everything that they publish. */
export async function openRoomControllers({ db, changed }: RoomStores) {
  const url = await testRedisUrl();
  const redis = openRedis({ url, name: 'controllers-test' });
  const noRedis = openRedis({ url: NO_REDIS, name: 'controllers-test' });
  const pubsub = openPubSub({ url, name: 'controllers-test' });
  const published: Room[] = [];
  await pubsub.subscribe(WAITING_ROOMS_CHANNEL, (room: Room) => void published.push(room));
  const controllers: RoomController[] = [];
  return {
    redis,
    pubsub,
    /** An address without a listener. */
    noRedis,
    publishedOf: (eventId: string) => published.filter((room) => room.eventId === eventId),
    open(own: Partial<Parameters<typeof openRoomController>[0]> = {}): RoomController {
      const controller = openRoomController({ db, redis, pubsub, changed, ...own });
      controllers.push(controller);
      return controller;
    },
    /** Call it after each test, so that the next one's controllers have only its own rooms. */
    async rest(): Promise<void> {
      for (const controller of controllers.splice(0)) await controller.close();
      await db.execute(sql`update waiting_rooms set state = 'ENDED'`);
    },
    async close(): Promise<void> {
      await pubsub.close();
      for (const connection of [redis, noRedis]) connection.disconnect();
    },
  };
}
