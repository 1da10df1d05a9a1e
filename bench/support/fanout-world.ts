import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type BenchChild, openChild } from '#test/support/system/child.ts';
import type { Watched } from '#test/support/system/cpu.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { openOurApi } from './our-api.ts';
import { keepRedisAlive } from './redis-upkeep.ts';
import type { SellQuestion } from './seller.ts';
import type { StockApiOptions } from './stock-api.ts';
import { openStores, type Stores } from './stores.ts';

/** Stores, a seller, and watchers; the servers start and stop in between. */
export type FanoutWorld = {
  readonly stores: Stores;
  readonly seller: BenchChild;
  readonly watchers: BenchChild;
  readonly plan: SeededEvent;
  close(): Promise<void>;
};

export async function openFanoutWorld(): Promise<FanoutWorld> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const stores = await openStores();
    closers.push(() => stores.close());
    closers.push(await keepRedisAlive(stores));
    const plan = await seedEvent(stores.db, { seats: 20_000, rows: 20, sections: 50 });
    const seller = openChild(new URL('./seller.ts', import.meta.url));
    closers.push(() => seller.close());
    const { databaseUrl, redisUrl } = stores;
    await seller.ask({ kind: 'open', databaseUrl, redisUrl } satisfies SellQuestion);
    const watchers = openChild(new URL('./watchers.ts', import.meta.url));
    closers.push(() => watchers.close());
    return { stores, seller, watchers, plan, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export type SocketServer = {
  readonly port: number;
  readonly node: Watched;
  heapBytes(): Promise<number>;
  close(): Promise<void>;
};

export async function openOurSockets({ stores }: FanoutWorld, profile: string | undefined): Promise<SocketServer> {
  const api = await openOurApi(stores, newPrivateKey(), profile);
  return { port: api.port, node: { role: 'node', pid: api.pid }, heapBytes: api.heapBytes, close: api.close };
}

export async function openStockSockets({ stores }: FanoutWorld): Promise<SocketServer> {
  const child = openChild(new URL('./stock-api.ts', import.meta.url));
  const { databaseUrl, redisUrl } = stores;
  const options: StockApiOptions = { databaseUrl, redisUrl, tokenPrivateKey: newPrivateKey() };
  const { port } = await child.ask<{ port: number }>(options);
  return { port, node: { role: 'node', pid: child.pid }, heapBytes: child.heapBytes, close: child.close };
}
