import { type PointerEvent, useEffect, useRef, useState } from 'react';
import { useOrganizerTexts } from '../texts/organizer.ts';
import type { Layout } from './layouts.ts';

type Props = {
  readonly layout: Layout;
  readonly label: string;
  /** The color of a seat, as CSS. Another function draws the plan again. */
  readonly colourOf: (seatNo: number) => string;
  /** Makes the drawing a thing to press. */
  readonly pressed?: (seatNo: number) => void;
};

const MARGIN = 12;
const ZOOMS = [1, 2, 4, 8];

/** All seats of a plan in their colours. Everything that can be pressed here is also in the list beside it. */
export function PlanDrawing({ layout, label, colourOf, pressed }: Props) {
  const texts = useOrganizerTexts();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [zoom, setZoom] = useState(0);
  const [width, setWidth] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const scale = scaleOf(layout, width) * (ZOOMS[zoom] ?? 1);
  useEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (canvas.current && scale > 0) draw(canvas.current, { layout, scale, colourOf });
  }, [layout, scale, colourOf]);
  const press = (event: PointerEvent<HTMLCanvasElement>) => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    const seatNo = nearest(
      layout,
      (event.clientX - left - MARGIN) / scale + layout.box.left,
      (event.clientY - top - MARGIN) / scale + layout.box.top,
    );
    if (seatNo !== undefined) pressed?.(seatNo);
  };
  return (
    <div className="drawing">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable with the keyboard. */}
      <section className="drawing-box" aria-label={label} ref={box} tabIndex={0}>
        <canvas ref={canvas} role="img" aria-label={label} className={pressed && 'pressable'} onPointerUp={press} />
      </section>
      <div className="actions">
        <button type="button" className="button" disabled={zoom === 0} onClick={() => setZoom(zoom - 1)}>
          {texts.zoomOut}
        </button>
        <button type="button" className="button" disabled={zoom === ZOOMS.length - 1} onClick={() => setZoom(zoom + 1)}>
          {texts.zoomIn}
        </button>
      </div>
    </div>
  );
}

/** The whole plan fits into the width, and into a height that leaves room for the page. */
function scaleOf({ box }: Layout, width: number): number {
  if (width === 0) return 0;
  const most = Math.min(640, Math.max(320, width * 0.75));
  return Math.min((width - 2 * MARGIN) / (box.right - box.left), (most - 2 * MARGIN) / (box.bottom - box.top));
}

type Drawn = { layout: Layout; scale: number; colourOf: (seatNo: number) => string };

function draw(canvas: HTMLCanvasElement, { layout, scale, colourOf }: Drawn): void {
  const { box, sections, x, y, radius } = layout;
  const width = (box.right - box.left) * scale + 2 * MARGIN;
  const height = (box.bottom - box.top) * scale + 2 * MARGIN;
  const ratio = Math.min(devicePixelRatio, 4_000 / Math.max(width, height));
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  // A rule of the content security policy refuses style attributes in HTML, not the properties.
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const context = canvas.getContext('2d');
  if (!context) return;
  const style = getComputedStyle(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const at = (px: number, py: number) => [(px - box.left) * scale + MARGIN, (py - box.top) * scale + MARGIN] as const;
  context.strokeStyle = style.getPropertyValue('--line');
  for (const { outline } of sections) {
    context.beginPath();
    for (const [px, py] of outline) context.lineTo(...at(px, py));
    context.closePath();
    context.stroke();
  }
  const size = Math.max(1, radius * 1.7 * scale);
  const general = new Set(sections.flatMap(({ isGeneral }, index) => (isGeneral ? [index] : [])));
  for (let seatNo = 0; seatNo < layout.seatCount; seatNo++) {
    if (general.has(layout.sectionOf[seatNo] ?? 0)) continue;
    const [px, py] = at(x[seatNo] ?? 0, y[seatNo] ?? 0);
    context.fillStyle = colourOf(seatNo);
    context.fillRect(px - size / 2, py - size / 2, size, size);
  }
  drawNames(
    context,
    { layout, scale, colourOf },
    { at, ink: style.getPropertyValue('--ink'), paper: style.getPropertyValue('--paper') },
  );
}

type Pen = { at: (px: number, py: number) => readonly [number, number]; ink: string; paper: string };

/** Areas without seats are filled, and each section that has room for its name has it. */
function drawNames(
  context: CanvasRenderingContext2D,
  { layout, scale, colourOf }: Drawn,
  { at, ink, paper }: Pen,
): void {
  context.font = '600 13px system-ui, sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (const { label, outline, center, isGeneral, first, box } of layout.sections) {
    if (isGeneral) {
      context.beginPath();
      for (const [px, py] of outline) context.lineTo(...at(px, py));
      context.fillStyle = colourOf(first);
      context.fill();
    }
    const { width } = context.measureText(label);
    if (label === '' || width > (box.right - box.left) * scale) continue;
    const [px, py] = at(...center);
    context.strokeStyle = paper;
    context.lineWidth = 4;
    context.lineJoin = 'round';
    context.strokeText(label, px, py);
    context.fillStyle = ink;
    context.fillText(label, px, py);
  }
}

/** The seat at this place of the plan, if one is near. */
function nearest(layout: Layout, px: number, py: number): number | undefined {
  let best: number | undefined;
  let least = (layout.radius * 3) ** 2;
  for (let seatNo = 0; seatNo < layout.seatCount; seatNo++) {
    const distance = ((layout.x[seatNo] ?? 0) - px) ** 2 + ((layout.y[seatNo] ?? 0) - py) ** 2;
    if (distance >= least) continue;
    least = distance;
    best = seatNo;
  }
  if (best !== undefined) return best;
  const area = layout.sections.find(
    ({ box, isGeneral }) => isGeneral && px >= box.left && px <= box.right && py >= box.top && py <= box.bottom,
  );
  return area?.first;
}
