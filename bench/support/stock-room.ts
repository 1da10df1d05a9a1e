import { Redis } from 'ioredis';

/** A queue in Redis as one comes to think of it first: a sorted set of everybody, in the order of joining. */
export type StockRoom = {
  join(eventId: string, userId: string): Promise<void>;
  /** How many stand in front, or null for somebody who does not stand in it. */
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
