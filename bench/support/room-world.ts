import { sql } from 'drizzle-orm';
import { Redis } from 'ioredis';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { type BenchChild, openChild } from '#test/support/system/child.ts';
import type { Watched } from '#test/support/system/cpu.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { seedRoom } from '#test/support/waiting-room/waiting-room.ts';
import { openOurApi } from './our-api.ts';
import { openOurWorker } from './our-worker.ts';
import type { JoinQuestion } from './room-joiner.ts';
import type { StockRoomApiOptions } from './stock-room-api.ts';
import { openStores, type Stores } from './stores.ts';

export type RoomServer = { readonly port: number; readonly watched: readonly Watched[] };

/**
 * A Frontrow waiting room with its controller and one of the stock kind, on the same stores, and the processes that
 * ask them.
 */
export type RoomWorld = {
  readonly stores: Stores;
  readonly eventId: string;
  readonly tokenPrivateKey: string;
  readonly ours: RoomServer;
  readonly stock: RoomServer;
  /** The same with jose's own check of each token. */
  readonly stockJose: RoomServer;
  /** Below GraphQL. */
  readonly joiners: { readonly ours: BenchChild; readonly stock: BenchChild };
  readonly loader: BenchChild;
  readonly worker: Watched;
  /** Answers every request with this body. */
  openNull(body: string): Promise<RoomServer>;
  /** Of everything in Redis, without the memory of the clients' connections. */
  redisBytes(): Promise<number>;
  /** Of the keys of Frontrow's room only. */
  roomKeyBytes(): Promise<number>;
  /** Of the tables of waiting rooms, with their indexes. */
  tableBytes(): Promise<number>;
  close(): Promise<void>;
};

export async function openRoomWorld(profile: string | undefined): Promise<RoomWorld> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  const open = (file: string, nodeArgs: readonly string[] = []): BenchChild => {
    const child = openChild(new URL(file, import.meta.url), { nodeArgs });
    closers.push(() => child.close());
    return child;
  };
  try {
    const stores = await openStores();
    closers.push(() => stores.close());
    const { databaseUrl, redisUrl } = stores;
    const { eventId } = await seedEvent(stores.db, { seats: 200 });
    await seedRoom(stores.db, eventId, { state: 'OPEN', capacity: 100, drawsInSeconds: 3600 });
    const tokenPrivateKey = newPrivateKey();
    const worker = await openOurWorker(stores, ['run-waiting-rooms', 'send-heartbeat', 'guard-redis-epoch']);
    closers.push(() => worker.close());
    const api = await openOurApi(stores, tokenPrivateKey, profile);
    closers.push(() => api.close());
    const watched = (pid: number): Watched[] => [{ role: 'node', pid }, ...stores.watched];
    const openStock = async (tokenCheck: StockRoomApiOptions['tokenCheck']): Promise<RoomServer> => {
      const child = open('./stock-room-api.ts');
      const options: StockRoomApiOptions = { redisUrl, tokenPrivateKey, tokenCheck };
      return { ...(await child.ask<{ port: number }>(options)), watched: watched(child.pid) };
    };
    const openJoiner = async (side: 'ours' | 'stock') => {
      const child = open('./room-joiner.ts', profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []);
      await child.ask({ kind: 'open', side, databaseUrl, redisUrl } satisfies JoinQuestion);
      return child;
    };
    const redis = new Redis(redisUrl);
    closers.push(() => redis.disconnect());
    const workerWatched = { role: 'controller', pid: worker.pid };
    return {
      stores,
      eventId,
      tokenPrivateKey,
      ours: { port: api.port, watched: [...watched(api.pid), workerWatched] },
      stock: await openStock('ours'),
      stockJose: await openStock('jose'),
      joiners: { ours: await openJoiner('ours'), stock: await openJoiner('stock') },
      loader: open('./http-load.ts'),
      worker: workerWatched,
      openNull: async (body) => {
        const child = open('./null-server.ts');
        return { ...(await child.ask<{ port: number }>({ body })), watched: watched(child.pid) };
      },
      redisBytes: async () => Number(/used_memory_dataset:(\d+)/.exec(await redis.info('memory'))?.[1]),
      roomKeyBytes: () => keyBytes(redis, eventId),
      tableBytes: () => tableBytes(stores),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function keyBytes(redis: Redis, eventId: string): Promise<number> {
  let bytes = 0;
  for (const key of await redis.keys(`waiting-room*${eventId}*`))
    bytes += (await redis.memory('USAGE', key, 'SAMPLES', 0)) ?? 0;
  return bytes;
}

async function tableBytes({ db }: Stores): Promise<number> {
  const [row] = await db.execute<{ bytes: number }>(sql`
    select sum(pg_total_relation_size(oid))::float8 as bytes from pg_class
    where relkind = 'r' and relname like 'waiting\\_room%'`);
  return row?.bytes ?? Number.NaN;
}
