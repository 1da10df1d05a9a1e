import { type Palette, rgbOf } from './palette.ts';
import { DIMMED, OWN, SELECTED } from './renderer.ts';
import { BLOCKED, BOOKED, HELD } from './statuses.ts';

/** How a seat of one kind lies in the pixels around it: 32 bits a pixel, as ImageData has them. */
export type Stamp = Uint32Array;

export type StampInput = {
  readonly look: number;
  readonly tier: number;
  readonly isWheelchair: boolean;
  /** In pixels, as are the next two: where in its pixel the middle of the seat is. */
  readonly radius: number;
  readonly fractionX: number;
  readonly fractionY: number;
  readonly opacity: number;
  readonly palette: Palette;
};

/** Pixels from the middle of a stamp to its edge. */
export const reachOf = (radius: number): number => Math.ceil(radius) + 1;

/** Draws one seat by the same formulas as the shader. */
export function makeStamp({
  look,
  tier,
  isWheelchair,
  radius,
  fractionX,
  fractionY,
  opacity,
  palette,
}: StampInput): Stamp {
  const reach = reachOf(radius);
  const width = 2 * reach + 1;
  const stamp = new Uint32Array(width * width);
  const kind = look & 7;
  const [red = 0, green = 0, blue = 0] = rgbOf(colourOf(kind, tier, palette));
  const colour = (Math.round(blue * 255) << 16) | (Math.round(green * 255) << 8) | Math.round(red * 255);
  const strength = opacity * ((look & DIMMED) > 0 ? 0.16 : 1) * 255;
  for (let at = 0; at < stamp.length; at++) {
    const x = ((at % width) - reach + 0.5 - fractionX) / radius;
    const y = (Math.floor(at / width) - reach + 0.5 - fractionY) / radius;
    const cover = Math.min(1, Math.max(0, 0.5 - shapeOf(kind, isWheelchair, x, y) * Math.max(radius, 1)));
    const alpha = Math.round(cover * innerAlpha(kind, x, y) * strength);
    if (alpha > 0) stamp[at] = (alpha << 24) | colour;
  }
  return stamp;
}

function colourOf(kind: number, tier: number, palette: Palette): string {
  if (kind === HELD) return palette.held;
  if (kind === BOOKED || kind === BLOCKED) return palette.booked;
  return kind === SELECTED || kind === OWN ? palette.selected : (palette.tiers[tier] ?? palette.muted);
}

/** Negative inside of the shape, in radii. */
function shapeOf(kind: number, isWheelchair: boolean, x: number, y: number): number {
  if (kind === BOOKED) return cross((x + y) * Math.SQRT1_2, (x - y) * Math.SQRT1_2);
  if (kind === BLOCKED) return Math.hypot(x, y) - 0.3;
  if (kind === SELECTED) return square(x, y, 0.96, 0.25);
  if (kind === OWN) return Math.abs(x) + Math.abs(y) - 0.98;
  return kind === 0 && isWheelchair ? square(x, y, 0.8, 0.2) : Math.hypot(x, y) - 0.84;
}

/** A held seat is a ring around a faint disc. */
function innerAlpha(kind: number, x: number, y: number): number {
  if (kind === BLOCKED) return 0.6;
  return kind === HELD && Math.abs(Math.hypot(x, y) - 0.68) >= 0.17 ? 0.3 : 1;
}

const cross = (x: number, y: number): number =>
  Math.max(Math.min(Math.abs(x), Math.abs(y)) - 0.16, Math.max(Math.abs(x), Math.abs(y)) - 0.72);

function square(x: number, y: number, half: number, round: number): number {
  const [dx, dy] = [Math.abs(x) - half + round, Math.abs(y) - half + round];
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - round;
}
