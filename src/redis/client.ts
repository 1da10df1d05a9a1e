import { readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { Redis as IORedis, type RedisOptions } from 'ioredis';

export type Redis = IORedis;

const folder = new URL('./scripts/', import.meta.url);

/** A connection that is silent for so long is closed, and a new one is opened. */
const SILENT_MS = 2_000;
/** Commands of one turn that are written together. */
const MOST_AT_ONCE = 32;
/** How many commands may wait for an answer or for a connection; further ones are refused at once. */
const MAX_WAITING = 20_000;

type Internals = {
  readonly commandQueue: { readonly length: number };
  readonly offlineQueue: { readonly length: number };
  readonly stream?: Pick<Socket, 'cork' | 'uncork'>;
};

/**
 * The library's queues are unbounded: without an answer they would take everything that a flood sends. The commands of
 * one turn of the event loop are one write, because each write to a socket costs more than the command.
 */
class BoundedRedis extends IORedis {
  /** The connection that holds the commands of this turn back, and how many it got. */
  #corked: Internals['stream'];
  #held = 0;

  override sendCommand(...[command, stream]: Parameters<IORedis['sendCommand']>): unknown {
    const { commandQueue, offlineQueue, stream: socket } = this as unknown as Internals;
    if (commandQueue.length + offlineQueue.length >= MAX_WAITING)
      command.reject(new Error('Too many commands wait for Redis'));
    else {
      if (lastErrors.has(this)) tellWhy(this, command.promise);
      if (socket) this.#hold(socket);
      return super.sendCommand(command, stream);
    }
    return command.promise;
  }

  #hold(socket: NonNullable<Internals['stream']>): void {
    if (this.#corked === socket) {
      this.#held += 1;
      if (this.#held % MOST_AT_ONCE > 0) return;
      // Redis begins while the rest of a long turn follows.
      socket.uncork();
      socket.cork();
      return;
    }
    this.#corked = socket;
    this.#held = 0;
    socket.cork();
    setImmediate(() => {
      if (this.#corked === socket) this.#corked = undefined;
      socket.uncork();
    });
  }
}

/** The place of Redis: `url` itself, or the primary that the sentinels have under the name in the host of `url`. */
export type RedisPlace = {
  readonly url: string;
  readonly sentinels?: readonly { readonly host: string; readonly port: number }[] | undefined;
  readonly sentinelPassword?: string | undefined;
};

/** A connection that always reconnects, and on which every wait is limited. */
export function connectRedis(place: RedisPlace, options: RedisOptions): Redis {
  const redis = new BoundedRedis(place.url, {
    ...throughSentinels(place),
    connectTimeout: 2000,
    // A primary that became a replica refuses writes on a working connection; the next connection leads to its
    // successor.
    reconnectOnError: (error) => error.message.startsWith('READONLY '),
    // TCP alone would continue for a quarter of an hour, and notice the network minutes after it is back.
    socketTimeout: SILENT_MS,
    retryStrategy: (attempt) => Math.min(50 * attempt, 1000),
    ...options,
  });
  // Without a listener ioredis prints the error. Commands only fail with "Connection is closed"; this event has the
  // reason.
  redis.on('error', (error) => lastErrors.set(redis, error));
  redis.on('ready', () => lastErrors.delete(redis));
  return redis;
}

/** The last error of each connection that is not ready. */
const lastErrors = new WeakMap<IORedis, unknown>();

function throughSentinels({ url, sentinels, sentinelPassword }: RedisPlace): RedisOptions {
  if (!sentinels) return {};
  const { hostname, protocol } = new URL(url);
  const isSecure = protocol === 'rediss:';
  return {
    sentinels: [...sentinels],
    name: hostname,
    sentinelMaxConnections: 10,
    sentinelCommandTimeout: 2000,
    sentinelRetryStrategy: (attempt) => Math.min(50 * attempt, 1000),
    // The sentinels report at once that another server is the primary, so that a dead one is not waited for.
    failoverDetector: true,
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(isSecure ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
  };
}

/**
 * Connects once and returns the server's INFO.
 *
 * @throws the error of the connection
 */
export async function tryRedis(place: RedisPlace): Promise<string> {
  const redis = connectRedis(place, {
    lazyConnect: true,
    retryStrategy: null,
    ...(place.sentinels ? { sentinelRetryStrategy: () => null } : {}),
  });
  try {
    await redis.connect();
    return await redis.info();
  } catch (error) {
    throw new Error('Redis does not answer.', { cause: lastErrors.get(redis) ?? error });
  } finally {
    redis.disconnect();
  }
}

/** Rejects when Redis does not answer, with the connection's error as the cause. */
export async function pingRedis(redis: Redis): Promise<void> {
  try {
    await redis.ping();
  } catch (error) {
    throw new Error('Redis does not answer.', { cause: lastErrors.get(redis) ?? error });
  }
}

/** A command that fails because the connection is not ready says "Command timed out"; its cause gets the reason. */
function tellWhy(redis: IORedis, answer: Promise<unknown>): void {
  answer.catch((error: unknown) => {
    const reason = lastErrors.get(redis);
    // The command that signs in fails with the reason itself.
    if (error instanceof Error && error !== reason) error.cause ??= reason;
  });
}

/**
 * A connection that fails fast: no command waits for a reconnect, and none takes longer than `commandTimeoutMs`,
 * because everything in Redis is an early answer that PostgreSQL can give as well. Each file of `scripts/` is a
 * command of its name; call it with `runScript`.
 */
export function openRedis(options: RedisPlace & { name: string; commandTimeoutMs?: number }): Redis {
  const redis = connectRedis(options, {
    connectionName: options.name,
    maxRetriesPerRequest: 1,
    commandTimeout: options.commandTimeoutMs ?? 500,
  });
  for (const file of readdirSync(folder)) {
    if (file.endsWith('.lua'))
      redis.defineCommand(file.slice(0, -4), { lua: readFileSync(new URL(file, folder), 'utf8') });
  }
  return redis;
}

type Script = (keyCount: number, ...keysAndArguments: (string | number | Buffer)[]) => Promise<unknown>;

/** Runs `scripts/<name>.lua`. The top of the file says what it returns. */
export function runScript(
  redis: Redis,
  name: string,
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
): Promise<unknown> {
  const script = Reflect.get(redis, name) as Script | undefined;
  if (!script) throw new Error(`There is no Redis script ${name}.`);
  return script.call(redis, keys.length, ...keys, ...args);
}
