import { Redis } from 'ioredis';

/** The obvious queue in Redis: a sorted set of all fans, in the order of joining. */
export type StockRoom = {
  join(eventId: string, userId: string): Promise<void>;
  /** The number of fans in front, or null for a viewer who is not in the queue. */
  rankOf(eventId: string, userId: string): Promise<number | null>;
  close(): void;
};

export function openStockRoom(redisUrl: string): StockRoom {
  const redis = new Redis(redisUrl);
  return {
    async join(eventId, userId) {
      const score = await redis.incr(`stock-room:${eventId}:last`);
      await redis.zadd(stockRoomKey(eventId), 'NX', score, userId);
    },
    rankOf: (eventId, userId) => redis.zrank(stockRoomKey(eventId), userId),
    close: () => redis.disconnect(),
  };
}

const stockRoomKey = (eventId: string): string => `stock-room:${eventId}`;
