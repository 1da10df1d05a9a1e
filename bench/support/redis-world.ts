import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAccessTokens } from '#domain/account/access-tokens.ts';
import { openRedis, type Redis } from '#redis/client.ts';
import { EPOCH } from '#redis/keys.ts';
import { type FaultProxy, openFaultProxy } from '#test/support/network/fault-proxy.ts';
import { type OwnRedis, openOwnRedis } from '#test/support/redis/own-redis.ts';
import { type BenchChild, openChild } from '#test/support/system/child.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { openOurApi, type RunningApi } from './our-api.ts';
import { openOurWorker } from './our-worker.ts';
import { openStores, type Stores } from './stores.ts';

/** An api and a worker process with a Redis that can be killed, emptied or cut off by the network. */
export type RedisWorld = {
  readonly stores: Stores;
  readonly server: OwnRedis;
  readonly proxy: FaultProxy;
  /** Straight to the server, without the proxy. */
  readonly redis: Redis;
  readonly api: RunningApi;
  readonly loader: BenchChild;
  readonly tokens: readonly string[];
  close(): Promise<void>;
};

const BUYERS = 2000;
const WORKERS = ['guard-redis-epoch', 'send-heartbeat'];

export async function openRedisWorld(profile: string | undefined): Promise<RedisWorld> {
  const closers: (() => unknown)[] = [];
  const opened = <T>(value: T, close: (value: T) => unknown): T => {
    closers.push(() => close(value));
    return value;
  };
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const stores = opened(await openStores(), (handle) => handle.close());
    const server = opened(await openOwnRedis(), (handle) => handle.close());
    const proxy = opened(await openFaultProxy(server.url), (handle) => handle.close());
    const redis = opened(openRedis({ url: server.url, name: 'bench' }), (handle) => handle.disconnect());
    const seen = { ...stores, redisUrl: proxy.through(server.url) };
    opened(await openOurWorker(seen, WORKERS), (worker) => worker.close());
    const tokenPrivateKey = newPrivateKey();
    const api = opened(await openOurApi(seen, tokenPrivateKey, profile), (handle) => handle.close());
    const loader = opened(openChild(new URL('./paced-holds.ts', import.meta.url)), (child) => child.close());
    const tokens = await signIn(tokenPrivateKey);
    await untilEpoch(redis);
    return { stores, server, proxy, redis, api, loader, tokens, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function signIn(privateKey: string): Promise<string[]> {
  const accessTokens = openAccessTokens({ privateKey });
  const viewers = Array.from({ length: BUYERS }, () => ({ userId: randomUUIDv7(), sessionId: randomUUIDv7() }));
  return await Promise.all(viewers.map(async (viewer) => (await accessTokens.issue({ ...viewer, role: 'FAN' })).token));
}

const LOOK_EVERY_MS = 2;
const COMES_WITHIN_MS = 60_000;

/** Milliseconds until the worker has begun to rebuild, and until it has written the epoch. */
export async function untilEpoch(redis: Redis): Promise<{ noticedMs: number; doneMs: number }> {
  const beganAt = performance.now();
  let noticedMs: number | undefined;
  for (;;) {
    const epoch = await redis.get(EPOCH).catch(() => undefined);
    const elapsed = performance.now() - beganAt;
    if (epoch?.startsWith('rebuilding:')) noticedMs ??= elapsed;
    else if (epoch) return { noticedMs: noticedMs ?? elapsed, doneMs: elapsed };
    if (elapsed > COMES_WITHIN_MS) throw new Error('The worker does not rebuild.');
    await sleep(LOOK_EVERY_MS);
  }
}
