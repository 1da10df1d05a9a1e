import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { generateSeatingPlan } from '#domain/catalog/seating-plan-generator.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type BenchChild, openChild } from '#test/support/system/child.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { type MapBrowser, openMapBrowser } from './map-browser.ts';
import { openOurApi, type RunningApi } from './our-api.ts';
import { keepRedisAlive } from './redis-upkeep.ts';
import type { SellQuestion } from './seller.ts';
import { openStores, type Stores } from './stores.ts';

/** A stadium on sale at the api process with the web client, a seller, and a browser. */
export type MapWorld = {
  readonly stores: Stores;
  readonly api: RunningApi;
  readonly apiUrl: string;
  readonly event: SeededEvent;
  readonly seller: BenchChild;
  readonly chromium: MapBrowser;
  /** Bytes of the element's script with its style, gzipped. */
  readonly scriptBytes: number;
  close(): Promise<void>;
};

const root = resolve(import.meta.dirname, '../..');

export async function openMapWorld(seats: number, profile: string | undefined): Promise<MapWorld> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const site = await makeSite();
    closers.push(() => rm(site, { recursive: true, force: true }));
    const stores = await openStores();
    closers.push(() => stores.close());
    const { databaseUrl, redisUrl } = stores;
    const event = await seedEvent(stores.db, { seats, draft: generateSeatingPlan({ name: 'Bench', capacity: seats }) });
    closers.push(await keepRedisAlive(stores));
    const api = await openOurApi(stores, newPrivateKey(), profile, { WEB_CLIENT: site });
    closers.push(() => api.close());
    const seller = openChild(new URL('./seller.ts', import.meta.url));
    closers.push(() => seller.close());
    await seller.ask({ kind: 'open', databaseUrl, redisUrl } satisfies SellQuestion);
    const chromium = await openMapBrowser();
    closers.push(() => chromium.close());
    const script = await readFile(join(site, 'seatmap/seatmap.js'));
    return {
      ...{ stores, api, event, seller, chromium, close },
      apiUrl: `http://127.0.0.1:${api.port}`,
      scriptBytes: gzipSync(script, { level: 9 }).length,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The built web client with the pages of the obvious maps beside it. */
async function makeSite(): Promise<string> {
  await promisify(execFile)(process.execPath, ['scripts/web/build.ts'], { cwd: root });
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-site-'));
  const konva = join(dirname(createRequire(import.meta.url).resolve('konva')), '../konva.min.js');
  await cp(resolve(root, 'web/dist'), folder, { recursive: true });
  await cp(join(import.meta.dirname, 'naive-map'), join(folder, 'naive'), { recursive: true });
  await cp(konva, join(folder, 'naive/konva.min.js'));
  return folder;
}
