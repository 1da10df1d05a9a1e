import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { noChromium, openChromium, SOFTWARE_WEBGL } from '#test/support/http/chromium.ts';
import type { Watched } from '#test/support/system/cpu.ts';

/** Chromium with the sizes of its processes. */
export type MapBrowser = {
  readonly browser: Browser;
  readonly version: string;
  /** What draws WebGL, as the browser names it. */
  readonly gpu: string;
  openPage(): Promise<{ context: BrowserContext; page: Page }>;
  /** Its processes, for the cost of a leg. Those of one kind count together. */
  processes(): Promise<Watched[]>;
  /** Bytes that the processes for pages and for drawing do not share, after a collection in the page. */
  privateBytes(page: Page): Promise<number>;
  close(): Promise<void>;
};

const SIZE = { width: 1280, height: 720 };

export async function openMapBrowser(): Promise<MapBrowser> {
  const browser = await openChromium(SOFTWARE_WEBGL);
  if (!browser) throw new Error(noChromium);
  const session = await browser.newBrowserCDPSession();
  const openPage = async () => {
    const context = await browser.newContext({ viewport: SIZE, reducedMotion: 'reduce', locale: 'en-US' });
    return { context, page: await context.newPage() };
  };
  return {
    browser,
    version: browser.version(),
    gpu: await gpuOf(openPage),
    openPage,
    processes: () => processesOf(session),
    async privateBytes(page) {
      const cdp = await page.context().newCDPSession(page);
      for (let round = 0; round < 3; round++) await cdp.send('HeapProfiler.collectGarbage');
      await page.waitForTimeout(500);
      await cdp.detach();
      const pids = (await processesOf(session)).filter(({ role }) => /renderer|gpu/i.test(role));
      return pids.reduce((sum, { pid }) => sum + privateBytesOf(pid), 0);
    },
    close: () => browser.close(),
  };
}

type ProcessInfo = { readonly type: string; readonly id: number };

async function processesOf(session: CDPSession): Promise<Watched[]> {
  const { processInfo } = (await session.send('SystemInfo.getProcessInfo')) as { processInfo: ProcessInfo[] };
  return processInfo.map(({ type, id }) => ({ role: `Chromium ${type} ${id}`, pid: id }));
}

function privateBytesOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm)].reduce(
      (sum, [, kb]) => sum + Number(kb) * 1024,
      0,
    );
  } catch {
    return 0;
  }
}

async function gpuOf(openPage: MapBrowser['openPage']): Promise<string> {
  const { context, page } = await openPage();
  const name = await page.evaluate(() => {
    const gl = document.createElement('canvas').getContext('webgl2');
    const info = gl?.getExtension('WEBGL_debug_renderer_info');
    return String((info && gl?.getParameter(info.UNMASKED_RENDERER_WEBGL)) ?? 'no WebGL 2');
  });
  await context.close();
  return name;
}
