import type { Layout } from './layout.ts';
import type { Palette } from './palette.ts';
import type { View } from './view.ts';

/** What a seat looks like: its status, or one of these two. */
export const SELECTED = 4;
export const OWN = 5;
/** Added to the look of a seat that the filter of the fan leaves out. */
export const DIMMED = 8;

/** Seat numbers from `first` up to, but not including, `end`. */
export type Range = { first: number; end: number };

/** Draws the seats. `looks` has one byte a seat; the renderer reads it when it is told that it changed. */
export type Renderer = {
  readonly name: 'webgl2' | 'canvas2d';
  /** Looks of these seats changed; of all seats without a list. */
  looksChanged(seatNos?: readonly number[]): void;
  paletteChanged(palette: Palette): void;
  /** Draws seats with this opacity. */
  draw(view: View, visible: readonly Range[], opacity: number, pixelRatio: number): void;
  dispose(): void;
};

export type RendererInput = {
  readonly canvas: HTMLCanvasElement;
  readonly layout: Layout;
  readonly looks: Uint8Array;
  readonly palette: Palette;
};

/** The radius of a seat in pixels at the scale of the view. */
export const seatRadius = (layout: Layout, view: View): number => layout.radius * view.scale;
