import { createPrivateKey, createPublicKey } from 'node:crypto';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { RedisPubSub } from 'graphql-redis-subscriptions';
import type { YogaInitialContext } from 'graphql-yoga';
import { Redis } from 'ioredis';
import { jwtVerify } from 'jose';
import postgres from 'postgres';
import type { HoldSide } from './hold-side.ts';
import { openStockHolds } from './stock-holds.ts';

export type StockContext = {
  readonly db: PostgresJsDatabase;
  readonly holds: HoldSide;
  readonly pubsub: RedisPubSub;
  readonly userId?: string;
};

/** Verifies the token of each request, as in the documentation of jose. */
export function openStockContext(options: { databaseUrl: string; redisUrl: string; tokenPrivateKey: string }) {
  const db = drizzle(postgres(options.databaseUrl, { onnotice: () => {} }));
  const holds = openStockHolds({ ...options, withRedisLock: true });
  const pubsub = new RedisPubSub({
    publisher: new Redis(options.redisUrl),
    subscriber: new Redis(options.redisUrl),
  });
  const key = createPublicKey(
    createPrivateKey({ key: Buffer.from(options.tokenPrivateKey, 'base64'), format: 'der', type: 'pkcs8' }),
  );
  return async ({ request }: Partial<YogaInitialContext>): Promise<StockContext> => {
    const token = request?.headers.get('authorization')?.slice('Bearer '.length);
    if (token === undefined) return { db, holds, pubsub };
    const { payload } = await jwtVerify(token, key);
    return { db, holds, pubsub, ...(payload.sub !== undefined && { userId: payload.sub }) };
  };
}
