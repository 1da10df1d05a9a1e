import { RedisPubSub } from 'graphql-redis-subscriptions';
import { withDeadline } from '#shared/deadline.ts';
import { connectRedis, type Redis, type RedisPlace } from './client.ts';

export type PubSub = RedisPubSub;

const CLOSE_PATIENCE_MS = 500;
const PUBLISH_PATIENCE_MS = 500;

/**
 * One subscriber connection per process, for any number of watchers. Delivery is at most once: every reader checks
 * for gaps.
 */
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
    /** Sends published messages first. The library's own method would wait for ever for a Redis that is away. */
    async close(): Promise<string[]> {
      subscriber.disconnect();
      const quitting = publisher.quit().catch(() => undefined);
      await withDeadline(quitting, CLOSE_PATIENCE_MS, () => undefined);
      publisher.disconnect();
      return [];
    },
  });
}

/**
 * ioredis checks a connection with INFO before it is ready, which fails on a connection that has subscribed already.
 * Then every command under way fails and the connection is dropped. RedisPubSub does not handle its promises, so the
 * rejection would end the process. Therefore a subscription waits until the connection is ready, and an
 * unsubscription waits behind it.
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
    // The callback, if there is one, gets the failure.
    Object.assign(subscriber, { [name]: (...args: unknown[]) => sendWhenReady(...args).catch(() => 0) });
  }
}
