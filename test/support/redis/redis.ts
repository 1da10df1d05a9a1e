import { Redis } from 'ioredis';
import { connectionOf } from '#test/support/servers/connection.ts';

const counterKey = 'frontrow-test:databases';

/**
 * The url of an empty Redis database that no other test file of this run uses. Channels are not separated by
 * database: publish and subscribe see the whole server.
 */
export async function testRedisUrl(): Promise<string> {
  const { url } = await connectionOf('redis');
  const redis = new Redis(url);
  try {
    const [, databases] = (await redis.config('GET', 'databases')) as [string, string];
    // Database 0 keeps the count.
    const number = 1 + (((await redis.incr(counterKey)) - 1) % (Number(databases) - 1));
    await redis.select(number);
    await redis.flushdb();
    return `${url}/${number}`;
  } finally {
    redis.disconnect();
  }
}
