import { type BenchChild, openChild } from '#test/support/system/child.ts';
import type { Watched } from '#test/support/system/cpu.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { openOurApi } from './our-api.ts';
import { keepRedisAlive } from './redis-upkeep.ts';
import type { StockApiOptions } from './stock-api.ts';
import { openStores, type Stores } from './stores.ts';

/** Frontrow's api process, the stock one and a server that does nothing, on the same stores, and a load generator. */
export type HttpWorld = {
  readonly stores: Stores;
  readonly tokenPrivateKey: string;
  readonly ours: HttpServer;
  readonly stock: HttpServer;
  readonly loader: BenchChild;
  /** Answers every request with this body. */
  openNull(body: string): Promise<HttpServer>;
  /** Starts a module that serves in a process of its own and reports its port. */
  openServer(module: URL, options: object): Promise<HttpServer>;
  close(): Promise<void>;
};
export type HttpServer = { readonly port: number; readonly watched: readonly Watched[] };

/** @param env settings of our api process */
export async function openHttpWorld(
  profile: string | undefined,
  env: Readonly<Record<string, string>> = {},
): Promise<HttpWorld> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  const openOwn = (module: URL): BenchChild => {
    const child = openChild(module);
    closers.push(() => child.close());
    return child;
  };
  try {
    const stores = await openStores();
    closers.push(() => stores.close());
    closers.push(await keepRedisAlive(stores));
    const tokenPrivateKey = newPrivateKey();
    const api = await openOurApi(stores, tokenPrivateKey, profile, env);
    closers.push(() => api.close());
    const { databaseUrl, redisUrl } = stores;
    const stock = openOwn(new URL('./stock-api.ts', import.meta.url));
    const { port } = await stock.ask<{ port: number }>({
      databaseUrl,
      redisUrl,
      tokenPrivateKey,
    } satisfies StockApiOptions);
    const server = (own: { port: number; pid: number }): HttpServer => ({
      port: own.port,
      watched: [{ role: 'node', pid: own.pid }, ...stores.watched],
    });
    const openServer = async (module: URL, options: object) => {
      const child = openOwn(module);
      return server({ ...(await child.ask<{ port: number }>(options)), pid: child.pid });
    };
    const openNull = (body: string) => openServer(new URL('./null-server.ts', import.meta.url), { body });
    const loader = openOwn(new URL('./http-load.ts', import.meta.url));
    return {
      stores,
      tokenPrivateKey,
      ours: server(api),
      stock: server({ port, pid: stock.pid }),
      loader,
      openNull,
      openServer,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
