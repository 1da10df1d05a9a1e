import { BLOCKED, BOOKED, HELD } from './statuses.ts';
import { WHEELCHAIR } from './layout.ts';
import { TIER_COLOURS, type Palette } from './palette.ts';
import { DIMMED, OWN, type Renderer, type RendererInput, SELECTED, seatRadius } from './renderer.ts';
import { overlaps, type View } from './view.ts';

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

  function pathsOf(view: View, visible: readonly { first: number; end: number }[], ratio: number): Map<number, Path2D> {
    const paths = new Map<number, Path2D>();
    const radius = seatRadius(layout, view) * ratio;
    const { x: xs, y: ys, tierOf, flags } = layout;
    const { left, top, right, bottom } = view.box;
    for (const range of visible)
      for (let seatNo = range.first; seatNo < range.end; seatNo++) {
        const x = xs[seatNo] ?? 0;
        const y = ys[seatNo] ?? 0;
        if (!overlaps({ left, top, right, bottom }, { left: x, right: x, top: y, bottom: y })) continue;
        const look = looks[seatNo] ?? 0;
        const key = look * TIER_COLOURS + ((look & 7) === 0 ? (tierOf[seatNo] ?? 0) % TIER_COLOURS : 0);
        let path = paths.get(key);
        if (!path) paths.set(key, (path = new Path2D()));
        const draw = shapeOf(look & 7, ((flags[seatNo] ?? 0) & WHEELCHAIR) > 0);
        const { x: atX, y: atY } = view.toScreen(x, y);
        draw(path, atX * ratio, atY * ratio, radius * sizeOf(look & 7));
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
