import type { Box } from './layout.ts';

export type Point = { readonly x: number; readonly y: number };

/** As in the style of the element: up to this width the buttons are below. */
const NARROW = 560;
const BUTTONS = 64;

/** What of the plan is on the screen: its middle in units of the plan, and pixels for one unit. */
export class View {
  x = 0;
  y = 0;
  scale = 1;
  width = 1;
  height = 1;
  #bounds: Box = { left: 0, top: 0, right: 1, bottom: 1 };
  #fitScale = 1;
  #closest = 1;

  /** Gives the view the plan's box and the radius of a seat, and shows all of it. */
  setBounds(bounds: Box, radius: number): void {
    this.#bounds = bounds;
    this.#measure();
    // Nearest: a seat is 44 pixels wide.
    this.#closest = Math.max(this.#fitScale * 4, 22 / radius);
    this.fit();
  }

  resize(width: number, height: number): void {
    const wasFit = this.isFit;
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.#measure();
    if (wasFit) this.fit();
    else this.#clamp();
  }

  get isFit(): boolean {
    return this.scale <= this.#fitScale * 1.02;
  }

  /** How much nearer than the whole plan: 1 shows all of it. */
  get zoom(): number {
    return this.scale / this.#fitScale;
  }

  fit(): void {
    this.scale = this.#fitScale;
    this.x = (this.#bounds.left + this.#bounds.right) / 2;
    this.y = (this.#bounds.top + this.#bounds.bottom) / 2;
  }

  /** Where the view would be if it showed this box with a margin around it. */
  target(box: Box, margin = 0.85): { x: number; y: number; scale: number } {
    const scale = Math.min(this.width / (box.right - box.left), this.height / (box.bottom - box.top)) * margin;
    return {
      x: (box.left + box.right) / 2,
      y: (box.top + box.bottom) / 2,
      scale: Math.min(this.#closest, Math.max(this.#fitScale, scale)),
    };
  }

  set({ x, y, scale }: { x: number; y: number; scale: number }): void {
    this.x = x;
    this.y = y;
    this.scale = Math.min(this.#closest, Math.max(this.#fitScale, scale));
    this.#clamp();
  }

  /** Changes the scale so that the point of the plan under this pixel stays there. */
  zoomAt(at: Point, factor: number): void {
    const before = this.toPlan(at);
    this.scale = Math.min(this.#closest, Math.max(this.#fitScale, this.scale * factor));
    const after = this.toPlan(at);
    this.x += before.x - after.x;
    this.y += before.y - after.y;
    this.#clamp();
  }

  moveBy(pixelsX: number, pixelsY: number): void {
    this.x -= pixelsX / this.scale;
    this.y -= pixelsY / this.scale;
    this.#clamp();
  }

  toPlan({ x, y }: Point): Point {
    return { x: (x - this.width / 2) / this.scale + this.x, y: (y - this.height / 2) / this.scale + this.y };
  }

  toScreen(x: number, y: number): Point {
    return { x: (x - this.x) * this.scale + this.width / 2, y: (y - this.y) * this.scale + this.height / 2 };
  }

  /** The part of the plan that is on the screen. */
  get box(): Box {
    const { x: left, y: top } = this.toPlan({ x: 0, y: 0 });
    const { x: right, y: bottom } = this.toPlan({ x: this.width, y: this.height });
    return { left, top, right, bottom };
  }

  #measure(): void {
    const { left, top, right, bottom } = this.#bounds;
    // The buttons of the map are at its side, on a phone below it, and cover no seat while the whole plan is shown.
    const isNarrow = this.width <= NARROW;
    const width = this.width - (isNarrow ? 0 : BUTTONS * 2);
    const height = this.height - (isNarrow ? BUTTONS * 2 : 0);
    this.#fitScale = Math.max(1e-6, Math.min(width / (right - left || 1), height / (bottom - top || 1)) * 0.94);
  }

  #clamp(): void {
    if (this.isFit) {
      this.fit();
      return;
    }
    const { left, top, right, bottom } = this.#bounds;
    this.x = Math.min(right, Math.max(left, this.x));
    this.y = Math.min(bottom, Math.max(top, this.y));
  }
}

export const overlaps = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** Returns whether a point is inside of a closed line. */
export function isInside(x: number, y: number, outline: readonly (readonly [number, number])[]): boolean {
  let isOdd = false;
  outline.forEach(([ax, ay], index) => {
    const [bx, by] = outline[(index + 1) % outline.length] ?? [ax, ay];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isOdd = !isOdd;
  });
  return isOdd;
}
