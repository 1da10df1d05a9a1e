import { type Layout, WHEELCHAIR } from './layout.ts';
import { type Palette, TIER_COLOURS } from './palette.ts';
import { type Range, type Renderer, type RendererInput, seatRadius } from './renderer.ts';
import { makeStamp, reachOf, type Stamp } from './stamps.ts';
import type { View } from './view.ts';

/** A small seat is drawn at this many places within a pixel each way, so that it glides; a large one at fewer. */
const FINE = 4;
const COARSE = 2;
const LARGE = 6;

/**
 * Draws the seats that are on the screen as stamps into the pixels of the canvas: for browsers without WebGL 2, and for
 * those in which the processor draws it, where this is many times as fast.
 */
export function openCanvasRenderer({ canvas, layout, looks, palette: first }: RendererInput): Renderer {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('This browser has no canvas.');
  let palette = first;
  let raster = new Raster(canvas.width, canvas.height);
  let stamps: Stamps | undefined;
  return {
    name: 'canvas2d',
    looksChanged: () => undefined,
    paletteChanged(next) {
      palette = next;
      stamps = undefined;
    },
    draw(view, visible, opacity, ratio) {
      if (opacity === 0) return context.clearRect(0, 0, canvas.width, canvas.height);
      if (raster.width === canvas.width && raster.height === canvas.height) raster.clear();
      else raster = new Raster(canvas.width, canvas.height);
      const radius = seatRadius(layout, view) * ratio;
      if (stamps?.radius !== radius || stamps.opacity !== opacity) stamps = new Stamps(radius, opacity, palette);
      drawSeats({ layout, looks, raster, stamps, view, ratio }, visible);
      context.putImageData(raster.image, 0, 0);
    },
    dispose: () => undefined,
  };
}

type Scene = {
  readonly layout: Layout;
  readonly looks: Uint8Array;
  readonly raster: Raster;
  readonly stamps: Stamps;
  readonly view: View;
  readonly ratio: number;
};

function drawSeats({ layout, looks, raster, stamps, view, ratio }: Scene, visible: readonly Range[]): void {
  const { x, y, tierOf, flags } = layout;
  const { reach } = stamps;
  const scale = view.scale * ratio;
  const { left, top } = view.box;
  const [right, bottom] = [raster.width + reach, raster.height + reach];
  for (const { first, end } of visible)
    for (let seatNo = first; seatNo < end; seatNo++) {
      const atX = ((x[seatNo] ?? 0) - left) * scale;
      const atY = ((y[seatNo] ?? 0) - top) * scale;
      if (atX < -reach || atY < -reach || atX > right || atY > bottom) continue;
      const pixelX = Math.floor(atX);
      const pixelY = Math.floor(atY);
      const kind = ((looks[seatNo] ?? 0) * TIER_COLOURS + ((tierOf[seatNo] ?? 0) % TIER_COLOURS)) * 2;
      const stamp = stamps.of(kind + ((flags[seatNo] ?? 0) & WHEELCHAIR), atX - pixelX, atY - pixelY);
      raster.put(stamp, pixelX - reach, pixelY - reach, stamps.width);
    }
}

/** The stamps for one size of seats, made when they are first wanted. */
class Stamps {
  readonly radius: number;
  readonly opacity: number;
  readonly reach: number;
  readonly width: number;
  readonly #palette: Palette;
  readonly #steps: number;
  readonly #made: (Stamp | undefined)[] = [];

  constructor(radius: number, opacity: number, palette: Palette) {
    this.radius = radius;
    this.opacity = opacity;
    this.reach = reachOf(radius);
    this.width = 2 * this.reach + 1;
    this.#palette = palette;
    this.#steps = radius < LARGE ? FINE : COARSE;
  }

  /** `kind` has the look, the tier and whether it is a wheelchair place; the fractions say where in its pixel the middle is. */
  of(kind: number, fractionX: number, fractionY: number): Stamp {
    const steps = this.#steps;
    const stepX = Math.floor(fractionX * steps);
    const stepY = Math.floor(fractionY * steps);
    const key = (kind * FINE + stepX) * FINE + stepY;
    const made = this.#made[key];
    if (made) return made;
    const { radius, opacity } = this;
    const stamp = makeStamp({
      ...{ radius, opacity, palette: this.#palette },
      look: Math.floor(kind / 2 / TIER_COLOURS),
      tier: (kind >> 1) % TIER_COLOURS,
      isWheelchair: (kind & 1) === 1,
      fractionX: (stepX + 0.5) / steps,
      fractionY: (stepY + 0.5) / steps,
    });
    this.#made[key] = stamp;
    return stamp;
  }
}

/** The pixels of the canvas, 32 bits each. */
class Raster {
  readonly width: number;
  readonly height: number;
  readonly image: ImageData;
  readonly #pixels: Uint32Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.image = new ImageData(Math.max(1, width), Math.max(1, height));
    this.#pixels = new Uint32Array(this.image.data.buffer);
  }

  clear(): void {
    this.#pixels.fill(0);
  }

  /** Where two seats meet, the stronger pixel counts. */
  put(stamp: Stamp, left: number, top: number, size: number): void {
    const pixels = this.#pixels;
    const fromX = Math.max(0, -left);
    const toX = Math.min(size, this.width - left);
    const toY = Math.min(size, this.height - top);
    for (let row = Math.max(0, -top); row < toY; row++) {
      const start = (top + row) * this.width + left;
      for (let column = fromX; column < toX; column++) {
        const pixel = stamp[row * size + column] ?? 0;
        if (pixel >>> 24 > (pixels[start + column] ?? 0) >>> 24) pixels[start + column] = pixel;
      }
    }
  }
}
