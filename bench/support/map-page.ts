import type { Page } from 'playwright-core';
import type { BenchMap } from './map-sides.ts';

export type Usable = {
  /** From the begin of the navigation until the second frame after the map was there. */
  readonly navigationMs: number;
  /** The same from the last byte of the layout. */
  readonly layoutMs: number;
  readonly rendererName: string;
};

type Global = typeof globalThis & { benchMap?: BenchMap; benchPainted?: [version: number, atMs: number][] };

const USABLE_WITHIN_MS = 120_000;

/** Waits in the page until the map is drawn. */
export async function untilUsable(page: Page): Promise<Usable> {
  await page.waitForFunction(() => (globalThis as Global).benchUsable !== undefined, undefined, {
    timeout: USABLE_WITHIN_MS,
  });
  return page.evaluate(() => {
    const { benchMap, benchUsable = Number.NaN } = globalThis as Global;
    const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    const layout = entries.find(({ name }) => name.includes('/layouts/'));
    return {
      navigationMs: benchUsable,
      layoutMs: benchUsable - (layout?.responseEnd ?? Number.NaN),
      rendererName: benchMap?.rendererName() ?? '',
    };
  });
}

declare global {
  var benchUsable: number | undefined;
}

/** Runs in the page before everything else: notes the second frame after the map is there. */
export function watchUsable(): void {
  const look = () => {
    if (!(globalThis as Global).benchMap?.isReady()) return requestAnimationFrame(look);
    return requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        globalThis.benchUsable ??= performance.now();
      }),
    );
  };
  requestAnimationFrame(look);
}

/** Zooms in and out and drags for some milliseconds, and returns the time of each frame. */
export function moveAround(page: Page, forMs: number): Promise<number[]> {
  return page.evaluate(
    (ms) =>
      new Promise<number[]>((resolve) => {
        const target = (globalThis as Global).benchMap?.target();
        if (!target) throw new Error('The map is not there.');
        const { left, top, width, height } = target.getBoundingClientRect();
        const at = { clientX: left + width * 0.3, clientY: top + height * 0.4, bubbles: true, cancelable: true };
        const pointer = (name: string, x: number, y: number) =>
          target.dispatchEvent(
            new PointerEvent(name, { ...at, pointerId: 1, pointerType: 'mouse', clientX: x, clientY: y }),
          );
        const frames: number[] = [];
        let beganAt = 0;
        let before = 0;
        let zoomed = 0;
        pointer('pointerdown', at.clientX, at.clientY);
        const step = (now: number) => {
          if (before > 0) frames.push(now - before);
          else beganAt = now;
          before = now;
          const passed = now - beganAt;
          if (passed > ms) {
            pointer('pointerup', at.clientX, at.clientY);
            return resolve(frames);
          }
          // In 1.6 s from the whole plan to twelve times as near and back, and meanwhile a circle with the pointer.
          const wanted = (1 - Math.cos((passed / 1_600) * 2 * Math.PI)) * 0.5 * Math.log(12);
          target.dispatchEvent(new WheelEvent('wheel', { ...at, deltaY: -(wanted - zoomed) / 0.0022 }));
          zoomed = wanted;
          const angle = (passed / 700) * 2 * Math.PI;
          pointer('pointermove', at.clientX + Math.sin(angle) * 90, at.clientY + (1 - Math.cos(angle)) * 60);
          requestAnimationFrame(step);
        };
        requestAnimationFrame(step);
      }),
    forMs,
  );
}

/** Brings the seat near and notes from now on when which version of the map was on the screen. */
export async function watchPainted(page: Page, seatNo: number): Promise<void> {
  await page.evaluate((seat) => {
    const world = globalThis as Global;
    const map = world.benchMap;
    if (!map) throw new Error('The map is not there.');
    const painted: [number, number][] = [];
    world.benchPainted = painted;
    map.near(seat);
    let isAsked = false;
    map.onChange(() => {
      if (isAsked) return;
      isAsked = true;
      // The map asked for its frame before, so this runs in the same frame, after the map has drawn.
      requestAnimationFrame(() => {
        isAsked = false;
        const version = map.version();
        // The frame after it begins when the one before has been handed over to be shown.
        requestAnimationFrame(() => painted.push([version, performance.timeOrigin + performance.now()]));
      });
    });
  }, seatNo);
}

export const readPainted = (page: Page): Promise<[version: number, atMs: number][]> =>
  page.evaluate(() => (globalThis as Global).benchPainted ?? []);

export const versionOf = (page: Page): Promise<number> =>
  page.evaluate(() => (globalThis as Global).benchMap?.version() ?? -1);
