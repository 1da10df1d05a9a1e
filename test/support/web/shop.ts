import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { announceEvents, type SeedEventOptions, type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { noChromium, openChromium, SOFTWARE_WEBGL } from '#test/support/http/chromium.ts';
import { type FaultProxy, openFaultProxy } from '#test/support/network/fault-proxy.ts';
import { type System, startSystem } from '#test/support/system/system.ts';
import { openShopper, type Shopper, type ShopperOptions } from './shopper.ts';

/** The whole product in the production profile with its web client, and a browser for fans. */
export type Shop = {
  readonly system: System;
  readonly db: Db;
  /** Undefined where there is no Chromium; its tests are then skipped. */
  readonly browser: Browser | undefined;
  /** The api as fans behind a bad network reach it. */
  readonly proxy: FaultProxy;
  event(options: SeedEventOptions): Promise<SeededEvent>;
  /** A fan with a browser context of its own. */
  shopper(options?: ShopperOptions & { behindProxy?: boolean }): Promise<Shopper>;
  /** Closes the contexts of all fans. */
  sendHome(): Promise<void>;
  close(): Promise<void>;
};

const root = resolve(import.meta.dirname, '../../..');

export async function openShop(): Promise<Shop> {
  const browser = await openChromium(SOFTWARE_WEBGL);
  await promisify(execFile)(process.execPath, ['scripts/web/build.ts'], { cwd: root });
  // Production accepts the documents of the build and no others.
  // Its address must be known before the api is.
  const proxy = await openFaultProxy('http://127.0.0.1:1');
  const env = {
    ALLOWED_ORIGINS: `http://127.0.0.1:${proxy.port}`,
    FRONTROW_PROFILE: 'production',
    FRONTROW_REHEARSAL: 'sandbox-gateway,no-rate-limits',
    WEB_CLIENT: resolve(root, 'web/dist'),
  };
  const system = await startSystem({ processes: ['gateway-sandbox', 'relay', 'worker', 'api'], env });
  await system.start('payments', { PAYMENT_RETURN_URL: `${system.apiUrl}/paid` });
  const db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  proxy.pointTo(system.apiUrl);
  const shoppers: Shopper[] = [];
  return {
    ...{ system, db, browser, proxy },
    async event(options) {
      const event = await seedEvent(db, options);
      await announceEvents(db, [event.eventId]);
      return event;
    },
    async shopper({ behindProxy = false, ...options } = {}) {
      if (!browser) throw new Error(noChromium);
      const url = behindProxy ? `http://127.0.0.1:${proxy.port}` : system.apiUrl;
      const opened = await openShopper(browser, url, options);
      shoppers.push(opened);
      return opened;
    },
    async sendHome() {
      for (const { context } of shoppers.splice(0)) await context.close();
    },
    async close() {
      await browser?.close();
      await proxy.close();
      await closeDb(db);
      await system.stop();
    },
  };
}

/** A long variant of a test: more of the same, for a run of its own. */
export const isLong = process.env.FRONTROW_LONG_BROWSER_TESTS === '1';
