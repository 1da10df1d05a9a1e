import { HEARTBEAT_CHANNEL } from '#redis/channels.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { type TimedWorker, worker } from './run-worker.ts';

/**
 * Shows every API process that pub/sub delivers; a process that receives nothing for five seconds reads from
 * PostgreSQL instead.
 */
export const sendHeartbeat = worker<{ pubsub: PubSub }, TimedWorker<{ pubsub: PubSub }>>({
  name: 'send-heartbeat',
  everyMs: 1000,
  run: async ({ pubsub }) => {
    await pubsub.publish(HEARTBEAT_CHANNEL, Date.now());
    return undefined;
  },
});
