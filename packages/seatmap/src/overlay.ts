import type { Layout, Section } from './layout.ts';
import type { Palette } from './palette.ts';
import { TIER_COLOURS } from './palette.ts';
import { type Range, seatRadius } from './renderer.ts';
import type { View } from './view.ts';

export type SectionFigures = { readonly free: number; readonly total: number };

export type Scene = {
  readonly layout: Layout;
  readonly view: View;
  readonly palette: Palette;
  readonly looks: Uint8Array;
  readonly visible: readonly Range[];
  /** 0: only sections are shown. 1: only seats. */
  readonly seatOpacity: number;
  readonly hovered: Section | undefined;
  /** The seats that the fan has chosen or holds. */
  readonly marked: readonly number[];
  /** True for a section that has seats for the filter of the fan. */
  isWanted(section: Section): boolean;
  figuresOf(section: Section): SectionFigures;
  /** The lines of a section: its name, how many seats are free, the lowest price. */
  linesOf(section: Section): readonly string[];
};

const FONT = 'system-ui, sans-serif';

/** Draws the areas of the sections, which lie below the seats: the fuller the color, the more seats are free. */
export function drawSections(context: CanvasRenderingContext2D, scene: Scene): void {
  const { layout, view, palette, seatOpacity } = scene;
  for (const section of layout.sections) {
    const { free, total } = scene.figuresOf(section);
    const colour = palette.tiers[layout.tiers.indexOf(section.tier) % TIER_COLOURS] ?? palette.muted;
    trace(context, section, view);
    const fullness = free === 0 ? 0 : 0.3 + 0.55 * (free / total);
    context.globalAlpha = (scene.isWanted(section) ? 1 : 0.15) * (fullness * (1 - seatOpacity) + 0.05);
    context.fillStyle = free === 0 ? palette.booked : colour;
    context.fill();
    context.globalAlpha = section === scene.hovered ? 1 : 0.55;
    context.strokeStyle = section === scene.hovered ? palette.text : colour;
    context.lineWidth = section === scene.hovered ? 2 : 1;
    context.stroke();
  }
  context.globalAlpha = 1;
}

function trace(context: CanvasRenderingContext2D, { outline }: Section, view: View): void {
  context.beginPath();
  for (const [x, y] of outline) {
    const at = view.toScreen(x, y);
    context.lineTo(at.x, at.y);
  }
  context.closePath();
}

/** Draws what lies above the seats: names of sections while they are far, numbers in the seats when they are near. */
export function drawLabels(context: CanvasRenderingContext2D, scene: Scene): void {
  const radius = seatRadius(scene.layout, scene.view);
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  if (radius < 9) drawSectionLabels(context, scene, radius);
  drawMarks(context, scene, radius);
  if (radius >= 9) drawSeatLabels(context, scene, radius);
}

function drawSectionLabels(context: CanvasRenderingContext2D, scene: Scene, radius: number): void {
  const { layout, view, palette } = scene;
  context.lineJoin = 'round';
  for (const section of layout.sections) {
    const width = (section.box.right - section.box.left) * view.scale;
    const height = (section.box.bottom - section.box.top) * view.scale;
    const at = view.toScreen(section.center[0], section.center[1]);
    if (at.x < -width || at.y < -height || at.x > view.width + width || at.y > view.height + height) continue;
    const lines = scene.linesOf(section);
    const shown = fitting(context, lines, { width, height, isQuiet: radius > 2.5 });
    shown.forEach((line, index) => {
      context.font = fontOf(index, radius);
      const y = at.y + (index - (shown.length - 1) / 2) * 15;
      context.strokeStyle = palette.surface;
      context.lineWidth = 4;
      context.globalAlpha = 0.85;
      context.strokeText(line, at.x, y);
      context.globalAlpha = scene.isWanted(section) ? 1 : 0.4;
      context.fillStyle = palette.text;
      context.fillText(line, at.x, y);
    });
  }
  context.globalAlpha = 1;
}

const fontOf = (line: number, radius: number): string =>
  line === 0 ? `600 ${radius > 2.5 ? 12 : 13}px ${FONT}` : `12px ${FONT}`;

/** Returns as many of the lines as fit into the section on the screen; above visible seats its name alone. */
function fitting(
  context: CanvasRenderingContext2D,
  lines: readonly string[],
  { width, height, isQuiet }: { width: number; height: number; isQuiet: boolean },
): readonly string[] {
  if (height < 12) return [];
  context.font = `600 13px ${FONT}`;
  const most = isQuiet ? 1 : Math.max(1, Math.floor(height / 17));
  const shown = lines.slice(0, most);
  while (shown.length > 0 && Math.max(...shown.map((line) => context.measureText(line).width)) > width) shown.pop();
  return shown;
}

/** A check mark in each seat that is chosen or held: its form does not depend on a color. */
function drawMarks(context: CanvasRenderingContext2D, { layout, view, palette, marked }: Scene, radius: number): void {
  for (const seatNo of marked) {
    const { x, y } = view.toScreen(layout.x[seatNo] ?? 0, layout.y[seatNo] ?? 0);
    context.beginPath();
    if (radius < 5) {
      context.arc(x, y, 5, 0, Math.PI * 2);
      context.fillStyle = palette.selected;
      context.fill();
      continue;
    }
    const size = radius * 0.55;
    context.moveTo(x - size * 0.7, y);
    context.lineTo(x - size * 0.15, y + size * 0.55);
    context.lineTo(x + size * 0.75, y - size * 0.55);
    context.strokeStyle = palette.surface;
    context.lineWidth = Math.max(1.5, radius * 0.16);
    context.stroke();
  }
}

function drawSeatLabels(context: CanvasRenderingContext2D, scene: Scene, radius: number): void {
  const { layout, palette } = scene;
  context.font = `600 ${Math.min(14, Math.round(radius * 0.75))}px ${FONT}`;
  eachVisible(scene, (seatNo, x, y) => {
    const look = scene.looks[seatNo] ?? 0;
    if (look === 0) {
      context.fillStyle = palette.surface;
      context.fillText(layout.labelOf(seatNo), x, y + 0.5);
    }
    const isFirst = seatNo === 0 || layout.rowOf(seatNo) !== layout.rowOf(seatNo - 1);
    if (!isFirst) return;
    const next = layout.rowOf(seatNo + 1) === layout.rowOf(seatNo) ? (layout.x[seatNo + 1] ?? 0) : (layout.x[seatNo] ?? 0);
    context.fillStyle = palette.muted;
    const side = next >= (layout.x[seatNo] ?? 0) ? -1 : 1;
    context.fillText(layout.rowOf(seatNo), x + side * radius * 2, y);
  });
}

function eachVisible({ layout, view, visible }: Scene, act: (seatNo: number, x: number, y: number) => void): void {
  const { left, top, right, bottom } = view.box;
  for (const { first, end } of visible)
    for (let seatNo = first; seatNo < end; seatNo++) {
      const x = layout.x[seatNo] ?? 0;
      const y = layout.y[seatNo] ?? 0;
      if (x < left || x > right || y < top || y > bottom) continue;
      const at = view.toScreen(x, y);
      act(seatNo, at.x, at.y);
    }
}

/** Draws the whole plan small, with a frame around what the stage shows. */
export function drawMinimap(context: CanvasRenderingContext2D, scene: Scene, size: { width: number; height: number }): void {
  const { layout, view, palette } = scene;
  const { scale, left, top } = minimapPlace(layout, size);
  context.clearRect(0, 0, size.width, size.height);
  for (const section of layout.sections) {
    context.beginPath();
    for (const [x, y] of section.outline) context.lineTo((x - left) * scale, (y - top) * scale);
    context.closePath();
    context.fillStyle = palette.tiers[layout.tiers.indexOf(section.tier) % TIER_COLOURS] ?? palette.muted;
    context.globalAlpha = 0.7;
    context.fill();
  }
  context.globalAlpha = 1;
  const box = view.box;
  context.strokeStyle = palette.text;
  context.lineWidth = 2;
  context.strokeRect(
    (box.left - left) * scale,
    (box.top - top) * scale,
    (box.right - box.left) * scale,
    (box.bottom - box.top) * scale,
  );
}

/** Where the plan lies in the small map. */
export function minimapPlace({ box }: Layout, { width, height }: { width: number; height: number }) {
  const scale = Math.min(width / (box.right - box.left), height / (box.bottom - box.top)) * 0.9;
  return {
    scale,
    left: box.left - (width / scale - (box.right - box.left)) / 2,
    top: box.top - (height / scale - (box.bottom - box.top)) / 2,
  };
}
