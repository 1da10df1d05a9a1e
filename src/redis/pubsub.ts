import { setTimeout as sleep } from 'node:timers/promises';
import { RedisPubSub } from 'graphql-redis-subscriptions';
import { connectRedis } from './client.ts';

export type PubSub = RedisPubSub;

const CLOSE_PATIENCE_MS = 500;
const PUBLISH_PATIENCE_MS = 500;

/** One subscriber connection a process, however many clients watch. Delivery is at most once: every reader checks for gaps. */
export function openPubSub(options: { url: string; name: string }): PubSub {
  const subscriber = connectRedis(options.url, {
    connectionName: `${options.name}-subscriber`,
    maxRetriesPerRequest: null,
  });
  // RedisPubSub lets go of these promises, and a rejection that nobody handles ends the process at its shutdown.
  const unsubscribe = subscriber.unsubscribe.bind(subscriber);
  const punsubscribe = subscriber.punsubscribe.bind(subscriber);
  Object.assign(subscriber, {
    unsubscribe: (channel: string) => unsubscribe(channel).catch(() => 0),
    punsubscribe: (pattern: string) => punsubscribe(pattern).catch(() => 0),
  });
  const publisher = connectRedis(options.url, {
    connectionName: `${options.name}-publisher`,
    maxRetriesPerRequest: 1,
    commandTimeout: PUBLISH_PATIENCE_MS,
  });
  const pubsub = new RedisPubSub({ publisher, subscriber });
  return Object.assign(pubsub, {
    /** What was published is sent first. The library's own would wait for a Redis that is away, for ever. */
    async close(): Promise<string[]> {
      subscriber.disconnect();
      await Promise.race([
        publisher.quit().catch(() => undefined),
        sleep(CLOSE_PATIENCE_MS, undefined, { ref: false }),
      ]);
      publisher.disconnect();
      return [];
    },
  });
}
