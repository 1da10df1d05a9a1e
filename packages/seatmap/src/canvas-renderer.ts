import { type Box, type Layout, WHEELCHAIR } from './layout.ts';
import { type Palette, TIER_COLOURS } from './palette.ts';
import { DIMMED, OWN, type Range, type Renderer, type RendererInput, SELECTED, seatRadius } from './renderer.ts';
import { AVAILABLE, BLOCKED, BOOKED, HELD } from './statuses.ts';
import type { View } from './view.ts';

type Draw = (path: Path2D, x: number, y: number, radius: number) => void;

const square: Draw = (path, x, y, radius) => path.rect(x - radius, y - radius, radius * 2, radius * 2);
const disc: Draw = (path, x, y, radius) => {
  path.moveTo(x + radius, y);
  path.arc(x, y, radius, 0, Math.PI * 2);
};
const cross: Draw = (path, x, y, radius) => {
  path.moveTo(x - radius, y - radius);
  path.lineTo(x + radius, y + radius);
  path.moveTo(x + radius, y - radius);
  path.lineTo(x - radius, y + radius);
};
const diamond: Draw = (path, x, y, radius) => {
  path.moveTo(x, y - radius);
  path.lineTo(x + radius, y);
  path.lineTo(x, y + radius);
  path.lineTo(x - radius, y);
  path.closePath();
};

/** Draws the seats that are on the screen, one path for each look: for browsers without WebGL 2. */
export function openCanvasRenderer({ canvas, layout, looks, palette: first }: RendererInput): Renderer {
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser has no canvas.');
  let palette = first;

  /** One path for each look and tier, of the seats that are on the screen. */
  function pathsOf(view: View, visible: readonly Range[], ratio: number): Map<number, Path2D> {
    const paths = new Map<number, Path2D>();
    const pathOf = (key: number): Path2D => {
      const path = paths.get(key) ?? new Path2D();
      paths.set(key, path);
      return path;
    };
    const radius = seatRadius(layout, view) * ratio;
    for (const seatNo of seatsIn(layout, view.box, visible)) {
      const look = looks[seatNo] ?? 0;
      const kind = look & 7;
      const tier = kind === AVAILABLE ? (layout.tierOf[seatNo] ?? 0) % TIER_COLOURS : 0;
      const draw = shapeOf(kind, ((layout.flags[seatNo] ?? 0) & WHEELCHAIR) > 0);
      const at = view.toScreen(layout.x[seatNo] ?? 0, layout.y[seatNo] ?? 0);
      draw(pathOf(look * TIER_COLOURS + tier), at.x * ratio, at.y * ratio, radius * sizeOf(kind));
    }
    return paths;
  }

  return {
    name: 'canvas2d',
    looksChanged: () => undefined,
    paletteChanged(next) {
      palette = next;
    },
    draw(view, visible, opacity, ratio) {
      context.clearRect(0, 0, canvas.width, canvas.height);
      if (opacity === 0) return;
      const radius = seatRadius(layout, view) * ratio;
      for (const [key, path] of pathsOf(view, visible, ratio)) {
        const look = Math.floor(key / TIER_COLOURS);
        context.globalAlpha = opacity * ((look & DIMMED) > 0 ? 0.16 : 1);
        paint(context, { path, look: look & 7, tier: key % TIER_COLOURS, radius, palette });
      }
      context.globalAlpha = 1;
    },
    dispose: () => undefined,
  };
}

function* seatsIn({ x, y }: Layout, { left, top, right, bottom }: Box, visible: readonly Range[]): Iterable<number> {
  for (const { first, end } of visible)
    for (let seatNo = first; seatNo < end; seatNo++) {
      const [atX, atY] = [x[seatNo] ?? 0, y[seatNo] ?? 0];
      if (atX >= left && atX <= right && atY >= top && atY <= bottom) yield seatNo;
    }
}

function shapeOf(look: number, isWheelchair: boolean): Draw {
  if (look === BOOKED) return cross;
  if (look === SELECTED) return square;
  if (look === OWN) return diamond;
  return look === 0 && isWheelchair ? square : disc;
}

function sizeOf(look: number): number {
  if (look === BLOCKED) return 0.3;
  if (look === BOOKED) return 0.5;
  if (look === HELD) return 0.7;
  return look === SELECTED || look === OWN ? 0.96 : 0.82;
}

type Paint = { path: Path2D; look: number; tier: number; radius: number; palette: Palette };

function paint(context: CanvasRenderingContext2D, { path, look, tier, radius, palette }: Paint): void {
  const alpha = context.globalAlpha;
  if (look === HELD || look === BOOKED) {
    context.strokeStyle = look === HELD ? palette.held : palette.booked;
    context.lineWidth = radius * 0.32;
    context.stroke(path);
    if (look === BOOKED) return;
    context.globalAlpha = alpha * 0.3;
  }
  if (look === BLOCKED) context.globalAlpha = alpha * 0.6;
  const fills = [palette.tiers[tier] ?? palette.muted, palette.held, palette.booked, palette.booked];
  context.fillStyle = fills[look] ?? palette.selected;
  context.fill(path);
}
