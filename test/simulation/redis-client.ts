import { EventEmitter } from 'node:events';
import type { Redis } from '#redis/client.ts';
import type { PubSub } from '#redis/pubsub.ts';
import type { RedisServer } from './redis-server.ts';
import type { Actor } from './scheduler.ts';

/** After this time ioredis gives a command up; see `openRedis`. */
const COMMAND_TIMEOUT_MS = 500;
const RECONNECT_MS = 200;
const GONE = 'Connection is closed.';

type Scripted = (keyCount: number, ...keysAndArguments: unknown[]) => Promise<unknown>;

/** The part of ioredis that the product uses, connected to a simulated server. */
export function openSimulatedRedis(server: RedisServer, actor: Actor): Redis {
  const ask = <T>(run: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('Command timed out')), COMMAND_TIMEOUT_MS);
      server.command(actor, run, (result) => {
        clearTimeout(timer);
        if (result instanceof Error) reject(result);
        else resolve(result);
      });
    });
  const scripted =
    (run: (keys: string[], args: unknown[]) => unknown): Scripted =>
    (keyCount, ...all) =>
      ask(() => run(all.slice(0, keyCount).map(String), all.slice(keyCount)));
  const events = new EventEmitter();
  const client = {
    status: 'ready',
    on: (event: string, listener: () => void) => events.on(event, listener),
    ping: () => ask(() => 'PONG'),
    info: () => ask(() => `run_id:${server.runId}\n`),
    exists: (...keys: string[]) => ask(() => server.exists(...keys)),
    get: (key: string) => ask(() => server.get(key)),
    set: (key: string, text: string) => ask(() => server.set(key, text)),
    del: (...keys: string[]) => ask(() => server.del(...keys)),
    unlink: (...keys: string[]) => ask(() => server.del(...keys)),
    lrange: (key: string) => ask(() => server.list(key)),
    async *scanStream({ match }: { match: string }) {
      yield await ask(() => server.keysLike(match));
    },
    acquireSeatLocks: scripted((keys, args) => server.acquireSeatLocks(keys, args)),
    releaseSeatLocks: scripted((keys, args) => server.releaseSeatLocks(keys, args)),
    restoreSeatLocks: scripted((keys, args) => server.restoreSeatLocks(keys, args)),
    keepSeatLocks: scripted((keys, args) => server.keepSeatLocks(keys, args)),
    replaceEpoch: scripted((keys, args) => server.replaceEpoch(keys, args)),
    applySeatChanges: scripted((keys, args) => server.applySeatChanges(keys, args)),
    putSeatMap: scripted((keys, args) => server.putSeatMap(keys, args)),
    readSeatMapBuffer: scripted(([key = ''], [known]) => server.readSeatMap(key, Number(known))),
  };
  server.connect(actor, () => {
    client.status = 'reconnecting';
    events.emit('close');
    setTimeout(() => {
      client.status = 'ready';
      events.emit('ready');
    }, RECONNECT_MS);
  });
  return client as unknown as Redis;
}

/** Like graphql-redis-subscriptions: JSON messages, at most once. `cut` acts like a lost connection. */
export function openSimulatedPubSub(server: RedisServer, actor: Actor): PubSub & { cut: () => void } {
  const subscriber = Object.assign(new EventEmitter(), { ping: async () => 'PONG' });
  const subscriptions = new Map<number, { channel: string; hear: (message: string) => void; stop: () => void }>();
  let nextId = 1;
  actor.onDeath.push(() => server.forget(actor));
  return {
    publish: (channel: string, payload: unknown) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(GONE)), COMMAND_TIMEOUT_MS);
        server.command(
          actor,
          () => server.publish(channel, JSON.stringify(payload)),
          () => {
            clearTimeout(timer);
            resolve();
          },
        );
      }),
    subscribe: (channel: string, onMessage: (message: unknown) => void) =>
      new Promise<number>((resolve) => {
        const hear = (message: string) => onMessage(JSON.parse(message));
        let isDone = false;
        // Repeated until the server is there, like the reconnects of the subscriber.
        const attempt = () => {
          if (isDone) return;
          setTimeout(attempt, RECONNECT_MS);
          server.command(
            actor,
            () => server.listen({ actor, channel, hear }),
            (stop) => {
              if (stop instanceof Error) return;
              if (isDone) return stop();
              isDone = true;
              const id = nextId++;
              subscriptions.set(id, { channel, hear, stop });
              resolve(id);
            },
          );
        };
        attempt();
      }),
    unsubscribe: (id: number) => {
      subscriptions.get(id)?.stop();
      subscriptions.delete(id);
    },
    getSubscriber: () => subscriber,
    /** The connection was lost and is made again at once: messages published in between are lost. */
    cut: () => {
      subscriber.emit('close');
      for (const subscription of subscriptions.values()) {
        subscription.stop();
        const { channel, hear } = subscription;
        setTimeout(() => {
          subscription.stop = server.listen({ actor, channel, hear });
        }, RECONNECT_MS);
      }
    },
    close: async () => [],
  } as unknown as PubSub & { cut: () => void };
}
