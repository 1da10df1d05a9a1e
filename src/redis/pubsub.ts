import { setTimeout as sleep } from 'node:timers/promises';
import { RedisPubSub } from 'graphql-redis-subscriptions';
import { connectRedis, type Redis, type RedisPlace } from './client.ts';

export type PubSub = RedisPubSub;

const CLOSE_PATIENCE_MS = 500;
const PUBLISH_PATIENCE_MS = 500;

/** One subscriber connection a process, however many clients watch. Delivery is at most once: every reader checks for gaps. */
export function openPubSub(options: RedisPlace & { name: string }): PubSub {
  const subscriber = connectRedis(options, {
    connectionName: `${options.name}-subscriber`,
    maxRetriesPerRequest: null,
  });
  waitForReady(subscriber);
  const publisher = connectRedis(options, {
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

/**
 * Before it is ready a connection is looked over with INFO, which fails on one that has subscribed already: then every
 * command under way fails, the connection is dropped and, since RedisPubSub lets go of its promises, a rejection that
 * nobody handles ends the process. So whoever subscribes waits, and unsubscribes behind it.
 */
function waitForReady(subscriber: Redis): void {
  let ready: Promise<void> | undefined;
  const whenReady = (): Promise<void> | undefined => {
    if (subscriber.status === 'ready') return undefined;
    ready ??= new Promise<void>((resolve) => subscriber.once('ready', () => resolve())).then(() => {
      ready = undefined;
    });
    return ready;
  };
  for (const name of ['subscribe', 'unsubscribe', 'punsubscribe'] as const) {
    const send = subscriber[name].bind(subscriber) as (...args: unknown[]) => Promise<unknown>;
    const sendWhenReady = async (...args: unknown[]): Promise<unknown> => {
      for (let wait = whenReady(); wait; wait = whenReady()) await wait;
      return await send(...args);
    };
    // The callback, where there is one, hears of a failure.
    Object.assign(subscriber, { [name]: (...args: unknown[]) => sendWhenReady(...args).catch(() => 0) });
  }
}
