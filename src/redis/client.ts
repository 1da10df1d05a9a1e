import { readdirSync, readFileSync } from 'node:fs';
import { Redis as IORedis, type RedisOptions } from 'ioredis';

export type Redis = IORedis;

const folder = new URL('./scripts/', import.meta.url);

/** A Redis that says nothing at all for so long is left, and looked for on a new connection. */
const SILENT_MS = 2_000;
/** Commands that wait for an answer or for a connection; more are refused at once. */
const MAX_WAITING = 20_000;

type Queued = {
  readonly commandQueue: { readonly length: number };
  readonly offlineQueue: { readonly length: number };
};

/** The queues of the library have no bounds: without an answer they would take whatever a flood sends. */
class BoundedRedis extends IORedis {
  override sendCommand(...[command, stream]: Parameters<IORedis['sendCommand']>): unknown {
    const { commandQueue, offlineQueue } = this as unknown as Queued;
    if (commandQueue.length + offlineQueue.length >= MAX_WAITING)
      command.reject(new Error('Too many commands wait for Redis'));
    else {
      if (lastErrors.has(this)) tellWhy(this, command.promise);
      return super.sendCommand(command, stream);
    }
    return command.promise;
  }
}

/** Where Redis is: at `url`, or where the sentinels say that the primary is which the host of `url` names. */
export type RedisPlace = {
  readonly url: string;
  readonly sentinels?: readonly { readonly host: string; readonly port: number }[] | undefined;
  readonly sentinelPassword?: string | undefined;
};

/** A connection that never gives up, and on which nothing waits without end. */
export function connectRedis(place: RedisPlace, options: RedisOptions): Redis {
  const redis = new BoundedRedis(place.url, {
    ...throughSentinels(place),
    connectTimeout: 2000,
    // A primary that became a replica refuses writes on a connection that is still good: the next one leads to its successor.
    reconnectOnError: (error) => error.message.startsWith('READONLY '),
    // TCP alone would go on for a quarter of an hour, and come back minutes after the network did.
    socketTimeout: SILENT_MS,
    retryStrategy: (attempt) => Math.min(50 * attempt, 1000),
    ...options,
  });
  // Without a listener ioredis prints. Commands fail with "Connection is closed": why, only this event says.
  redis.on('error', (error) => lastErrors.set(redis, error));
  redis.on('ready', () => lastErrors.delete(redis));
  return redis;
}

/** What went wrong with connections that are not ready. */
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
    // Its sentinels say at once that another server is the primary: a dead one is not waited for.
    failoverDetector: true,
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(isSecure ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
  };
}

/**
 * Connects once and returns what the server says of itself (INFO).
 *
 * @throws what went wrong with the connection
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

/** Rejects when Redis does not answer, with what went wrong with the connection as the cause. */
export async function pingRedis(redis: Redis): Promise<void> {
  try {
    await redis.ping();
  } catch (error) {
    throw new Error('Redis does not answer.', { cause: lastErrors.get(redis) ?? error });
  }
}

/** A command that fails for a connection that is not ready says "Command timed out", and its cause says why. */
function tellWhy(redis: IORedis, answer: Promise<unknown>): void {
  answer.catch((error: unknown) => {
    const reason = lastErrors.get(redis);
    // The command that signs in fails with the reason itself.
    if (error instanceof Error && error !== reason) error.cause ??= reason;
  });
}

/**
 * A connection that fails fast: a command waits for no reconnect, and none takes longer than `commandTimeoutMs`, since
 * everything in Redis is an early answer that PostgreSQL can give as well. Each file of `scripts/` is a command of its
 * name; call it with `runScript`.
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

/** Runs `scripts/<name>.lua`. What it answers is said at the top of the file. */
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
