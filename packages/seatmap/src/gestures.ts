import type { Point, View } from './view.ts';

export type GestureTarget = {
  readonly stage: HTMLElement;
  readonly view: View;
  /** The view was moved by the fan. */
  moved(): void;
  /** Moves to another view, smoothly where the fan wants motion. */
  zoom(at: Point, factor: number): void;
  fit(): void;
  pressed(at: Point): void;
  hovered(at: Point | undefined): void;
};

/** A press that moves less than this many pixels is a click. */
const STILL = 6;
const STEP = 80;

/** Connects wheel, drag, pinch, double tap and keys of the stage to its view. */
export function useGestures(target: GestureTarget, signal: AbortSignal): void {
  const { stage, view } = target;
  const on = <K extends keyof HTMLElementEventMap>(name: K, act: (event: HTMLElementEventMap[K]) => void) =>
    stage.addEventListener(name, act, { signal, passive: false });
  const pointOf = (event: MouseEvent): Point => {
    const { left, top } = stage.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  on('wheel', (event) => {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
    view.zoomAt(pointOf(event), Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.0022)));
    target.moved();
  });
  on('dblclick', (event) => target.zoom(pointOf(event), 2.2));
  on('pointerleave', () => target.hovered(undefined));
  on('keydown', (event) => {
    const act = keys(target)[event.key];
    if (!act || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    act();
  });
  usePointers(target, pointOf, on);
}

function keys({ view, moved, zoom, fit }: GestureTarget): Record<string, () => void> {
  const by = (x: number, y: number) => () => {
    view.moveBy(x, y);
    moved();
  };
  const near = (factor: number) => () => zoom({ x: view.width / 2, y: view.height / 2 }, factor);
  return {
    ...{ ArrowLeft: by(STEP, 0), ArrowRight: by(-STEP, 0), ArrowUp: by(0, STEP), ArrowDown: by(0, -STEP) },
    ...{ '+': near(1.5), '=': near(1.5), '-': near(1 / 1.5), '0': fit },
  };
}

type On = <K extends keyof HTMLElementEventMap>(name: K, act: (event: HTMLElementEventMap[K]) => void) => void;

function usePointers(target: GestureTarget, pointOf: (event: MouseEvent) => Point, on: On): void {
  const { stage, view } = target;
  const pointers = new Map<number, Point>();
  let travelled = 0;
  on('pointerdown', (event) => {
    if (event.button !== 0) return;
    if (pointers.size === 0) travelled = 0;
    pointers.set(event.pointerId, pointOf(event));
    stage.setPointerCapture(event.pointerId);
  });
  on('pointermove', (event) => {
    const at = pointOf(event);
    const before = pointers.get(event.pointerId);
    if (!before) return target.hovered(event.pointerType === 'mouse' ? at : undefined);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    travelled += Math.hypot(at.x - before.x, at.y - before.y);
    pointers.set(event.pointerId, at);
    if (!other && travelled < STILL) return;
    stage.dataset.moving = '';
    view.moveBy((at.x - before.x) / (other ? 2 : 1), (at.y - before.y) / (other ? 2 : 1));
    if (other) view.zoomAt(middle(at, other), distance(at, other) / Math.max(1, distance(before, other)));
    target.hovered(undefined);
    target.moved();
  });
  const end = (event: PointerEvent) => {
    const wasDown = pointers.delete(event.pointerId);
    if (pointers.size > 0) return;
    delete stage.dataset.moving;
    if (wasDown && event.type === 'pointerup' && travelled < STILL) target.pressed(pointOf(event));
  };
  on('pointerup', end);
  on('pointercancel', end);
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);
const middle = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
