import type { Page } from 'playwright-core';
import type { MapElement } from './map-element.ts';

type Rgb = readonly [number, number, number];

/**
 * Reads the map back from a screenshot, which is what a person sees: the status of each seat by the color in its middle.
 * The cursor is elsewhere and no seat is chosen.
 */
export async function readSeatPixels(page: Page) {
  await page.mouse.move(2, 2);
  const element = page.locator('frontrow-seatmap');
  await page.waitForFunction(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))),
  );
  const picture = (await element.screenshot()).toString('base64');
  const { middles, palette, rendererName, radius } = await page.evaluate(async (base64) => {
    const map = document.querySelector<MapElement>('frontrow-seatmap');
    const layout = map?.client?.layout;
    if (!map || !layout) throw new Error('The map is not there.');
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.width;
    canvas.height = image.height;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context?.drawImage(image, 0, 0);
    const pixels = Array.from({ length: layout.seatCount }, (_, seatNo) => {
      const place = map.placeOf(seatNo) ?? { x: 0, y: 0 };
      const [red = 0, green = 0, blue = 0] =
        context?.getImageData(Math.floor(place.x), Math.floor(place.y), 1, 1).data ?? [];
      return [red, green, blue] as const;
    });
    const style = getComputedStyle(map);
    const colour = (name: string) => {
      if (context) context.fillStyle = style.getPropertyValue(`--frontrow-${name}`).trim();
      return String(context?.fillStyle);
    };
    return {
      middles: pixels,
      palette: { tier: colour('tier-1'), held: colour('held'), booked: colour('booked'), surface: colour('surface') },
      rendererName: map.rendererName,
      radius: map.placeOf(0)?.radius ?? 0,
    };
  }, picture);
  const surface = rgbOf(palette.surface);
  const middleOf: readonly (readonly [string, Rgb])[] = [
    ['AVAILABLE', rgbOf(palette.tier)],
    ['HELD', mix(rgbOf(palette.held), surface, 0.3)],
    ['BOOKED', rgbOf(palette.booked)],
    ['BLOCKED', mix(rgbOf(palette.booked), surface, 0.6)],
  ];
  const shown = middles.map((pixel) => nearest(pixel, middleOf));
  return { shown, rendererName, radius };
}

function rgbOf(colour: string): Rgb {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

const mix = (colour: Rgb, ground: Rgb, share: number): Rgb =>
  colour.map((part, index) => part * share + (ground[index] ?? 0) * (1 - share)) as unknown as Rgb;

const distance = (a: Rgb, b: Rgb): number => Math.hypot(...a.map((part, index) => part - (b[index] ?? 0)));

/** The status whose color is next, or the color itself when it is far from all of them. */
function nearest(pixel: Rgb, statuses: readonly (readonly [string, Rgb])[]): string {
  const [status, colour] = statuses.reduce((best, one) =>
    distance(pixel, one[1]) < distance(pixel, best[1]) ? one : best,
  );
  return distance(pixel, colour) < 40 ? status : `rgb(${pixel.join(', ')})`;
}
