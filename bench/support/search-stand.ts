import { randomBytes, randomUUIDv7 } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '#db/migrate.ts';
import { ensureDatabase } from '#processes/dev/servers/postgres.ts';
import { startTypesense } from '#processes/dev/servers/typesense.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type BenchChild, openChild } from '#test/support/system/child.ts';
import type { Watched } from '#test/support/system/cpu.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { startSystem } from '#test/support/system/system.ts';
import type { ProxyQuestion } from './counting-proxy.ts';
import { insertCatalogue } from './insert-catalogue.ts';
import type { Catalogue } from './large-catalogue.ts';
import { openOurApi } from './our-api.ts';
import { openOurWorker } from './our-worker.ts';
import { keepRedisAlive } from './redis-upkeep.ts';
import { openStores, type Stores } from './stores.ts';

/** PostgreSQL, Valkey and Typesense with a large catalogue; the product's processes start after the index is built. */
export type SearchStand = {
  readonly stores: Stores;
  readonly engine: Engine;
  /** An event with seats, besides the generated ones. */
  readonly concert: SeededEvent;
  readonly insertSeconds: number;
  open(): Promise<OpenStand>;
  close(): Promise<void>;
};
export type Engine = {
  readonly url: string;
  readonly port: number;
  readonly apiKey: string;
  readonly dataDir: string;
  readonly watched: Watched;
};
/** With an api process, which reaches the engine through a counting proxy, a relay and a worker for the index. */
export type OpenStand = {
  readonly apiPort: number;
  readonly tokenPrivateKey: string;
  readonly watched: readonly Watched[];
  readonly loader: BenchChild;
  readonly buyers: BenchChild;
  /** Calls of the api process that reached the engine. */
  engineCalls(): Promise<number>;
};
type Closers = (() => unknown)[];
type StandOptions = { readonly catalogue: Catalogue; readonly events: number; readonly profile: string | undefined };

const CONCERT_SEATS = 4_000;
/** Without the comparison of every five minutes, whose cost is measured apart. */
const WORKERS = ['index-events', 'remove-ended-events', 'refresh-search-words'];

export async function openSearchStand({ catalogue, events, profile }: StandOptions): Promise<SearchStand> {
  const closers: Closers = [];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const stores = await openStores();
    closers.push(() => stores.close());
    closers.push(await keepRedisAlive(stores));
    const engine = await openEngine(closers);
    const beganAt = performance.now();
    await insertCatalogue({ url: stores.databaseUrl, organizerId: randomUUIDv7() }, catalogue, events);
    const insertSeconds = (performance.now() - beganAt) / 1000;
    const concert = await seedEvent(stores.db, {
      seats: CONCERT_SEATS,
      rows: 10,
      sections: 10,
      title: 'Seats for sale',
    });
    const open = () => openProcesses(closers, { stores, engine }, profile);
    return { stores, engine, concert, insertSeconds, open, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openEngine(closers: Closers): Promise<Engine> {
  const dir = await mkdtemp(join(tmpdir(), 'frontrow-bench-search-'));
  const dataDir = join(dir, 'typesense');
  const apiKey = randomBytes(12).toString('hex');
  const log = (line: string) => console.log(line);
  const { url, port, pid, stop } = await startTypesense({ dataDir, apiKey, log, durable: false, disposableDir: dir });
  closers.push(async () => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  });
  return { url, port, apiKey, dataDir, watched: { role: 'Typesense', pid } };
}

/** What the product's processes need to reach the engine. */
export const searchEnv = ({ url, apiKey }: Pick<Engine, 'url' | 'apiKey'>) => ({
  TYPESENSE_URL: url,
  TYPESENSE_API_KEY: apiKey,
});

type Parts = { readonly stores: Stores; readonly engine: Engine };

async function openProcesses(
  closers: Closers,
  { stores, engine }: Parts,
  profile: string | undefined,
): Promise<OpenStand> {
  const openOwn = (name: string): BenchChild => {
    const child = openChild(new URL(`./${name}.ts`, import.meta.url));
    closers.push(() => child.close());
    return child;
  };
  const [loader, buyers, proxy] = [openOwn('search-load'), openOwn('paced-holds'), openOwn('counting-proxy')];
  const { port } = await proxy.ask<{ port: number }>({ kind: 'open', port: engine.port } satisfies ProxyQuestion);
  const tokenPrivateKey = newPrivateKey();
  const through = searchEnv({ ...engine, url: `http://127.0.0.1:${port}` });
  const api = await openOurApi(stores, tokenPrivateKey, profile, through);
  closers.push(() => api.close());
  const worker = await openOurWorker(stores, WORKERS, searchEnv(engine));
  closers.push(() => worker.close());
  const relay = await openRelay(closers, stores);
  return {
    apiPort: api.port,
    tokenPrivateKey,
    loader,
    buyers,
    watched: [
      { role: 'node', pid: api.pid },
      engine.watched,
      ...stores.watched,
      { role: 'worker', pid: worker.pid },
      { role: 'relay', pid: relay },
      { role: 'counting proxy', pid: proxy.pid },
    ],
    engineCalls: async () =>
      (await proxy.ask<{ searches: number }>({ kind: 'count' } satisfies ProxyQuestion)).searches,
  };
}

/** Returns the id of its process. */
async function openRelay(closers: Closers, stores: Stores): Promise<number> {
  const paymentsUrl = await ensureDatabase(stores.databaseUrl, 'payments');
  await migrate({ url: paymentsUrl, folder: 'payments' });
  const kept = (url: string) => ({ url, drop: async () => {} });
  const system = await startSystem({
    processes: ['relay'],
    databases: { booking: kept(stores.databaseUrl), payments: kept(paymentsUrl) },
    redisUrl: stores.redisUrl,
    env: { NODE_ENV: 'production' },
  });
  closers.push(() => system.stop());
  return system.pid('relay');
}
