import { readdirSync, readFileSync } from 'node:fs';
import { Redis as IORedis } from 'ioredis';

export type Redis = IORedis;

const folder = new URL('./scripts/', import.meta.url);

/**
 * A connection that fails fast: a command waits for no reconnect, and none takes longer than `commandTimeoutMs`, since
 * everything in Redis is an early answer that PostgreSQL can give as well. Each file of `scripts/` is a command of its
 * name; call it with `runScript`.
 */
export function openRedis(options: { url: string; name: string; commandTimeoutMs?: number }): Redis {
  const redis = new IORedis(options.url, {
    connectionName: options.name,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: true,
    connectTimeout: 2000,
    commandTimeout: options.commandTimeoutMs ?? 500,
    retryStrategy: (attempt) => Math.min(50 * attempt, 1000),
  });
  // Without a listener ioredis prints; whoever sent the command gets the error anyway.
  redis.on('error', () => {});
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
