import type { Layout, Section } from './layout.ts';
import type { Palette } from './palette.ts';
import { TIER_COLOURS } from './palette.ts';
import { type Range, seatRadius } from './renderer.ts';
import { isInside, type Point, type View } from './view.ts';

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
    const isHovered = section === scene.hovered;
    const seats = section.isGeneral ? 0 : seatOpacity;
    context.globalAlpha = (scene.isWanted(section) ? 1 : 0.15) * Math.max(0.06, fullness(free, total) * (1 - seats));
    context.fillStyle = free === 0 ? palette.booked : colour;
    context.fill();
    context.globalAlpha = isHovered ? 1 : 0.35 + 0.65 * (1 - seatOpacity);
    context.strokeStyle = areaStroke(palette, { isHovered, seatOpacity, colour });
    context.lineWidth = isHovered ? 2.5 : 1.2;
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** How strong the color of a section is: a sold-out one is faint. */
const fullness = (free: number, total: number): number => (free === 0 ? 0.12 : 0.35 + 0.65 * (free / total));

function areaStroke(palette: Palette, area: { isHovered: boolean; seatOpacity: number; colour: string }): string {
  if (area.isHovered) return palette.text;
  return area.seatOpacity < 0.5 ? palette.surface : area.colour;
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
  drawSectionLabels(context, scene, radius);
  drawMarks(context, scene, radius);
  if (radius >= 9) drawSeatLabels(context, scene, radius);
}

type Placed = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** Names all sections that have room. Of two labels that would overlap, the second has fewer lines or is left out. */
function drawSectionLabels(context: CanvasRenderingContext2D, scene: Scene, radius: number): void {
  const { layout, view, palette } = scene;
  const placed: Placed[] = [];
  for (const section of layout.sections) {
    const isQuiet = scene.seatOpacity > 0.5 && !section.isGeneral;
    // Seats that can be told apart are not covered by a name.
    if (isQuiet && radius >= 3.5) continue;
    const width = (section.box.right - section.box.left) * view.scale;
    const height = (section.box.bottom - section.box.top) * view.scale;
    const at = view.toScreen(section.center[0], section.center[1]);
    if (at.x < -width || at.y < -height || at.x > view.width + width || at.y > view.height + height) continue;
    const lines = scene.linesOf(section).slice(0, isQuiet ? 1 : Math.max(1, Math.floor(height / 18)));
    const label = fitting(context, lines, { at, view, section, placed });
    if (!label) continue;
    placed.push(label.box);
    const { free, total } = scene.figuresOf(section);
    const isOnColour = !isQuiet && fullness(free, total) > 0.6 && scene.isWanted(section);
    context.globalAlpha = scene.isWanted(section) ? 1 : 0.5;
    label.lines.forEach((line, index) => {
      context.font = fontOf(index);
      const y = at.y + (index - (label.lines.length - 1) / 2) * LINE;
      if (radius > 1.5 && isQuiet) {
        context.strokeStyle = palette.surface;
        context.lineWidth = 5;
        context.strokeText(line, at.x, y);
      }
      context.fillStyle = isOnColour ? palette.surface : palette.text;
      context.fillText(line, at.x, y);
    });
  }
  context.globalAlpha = 1;
}

const LINE = 14;
const fontOf = (line: number): string => (line === 0 ? `650 12px ${FONT}` : `11px ${FONT}`);

type Room = {
  readonly at: Point;
  readonly view: View;
  readonly section: Section;
  readonly placed: readonly Placed[];
};

/** Returns as many of the lines as have room inside of the section; undefined when not even the name has. */
function fitting(context: CanvasRenderingContext2D, all: readonly string[], { at, view, section, placed }: Room) {
  for (let count = all.length; count > 0; count--) {
    const lines = all.slice(0, count);
    const width = Math.max(...lines.map((line, index) => widthOf(context, line, fontOf(index))));
    const height = count * LINE - 4;
    const box = { x: at.x - width / 2, y: at.y - height / 2, width, height };
    const corners = [0, 1, 2, 3].map((corner) =>
      view.toPlan({ x: box.x + (corner & 1) * width, y: box.y + (corner >> 1) * height }),
    );
    if (corners.every(({ x, y }) => isInside(x, y, section.outline)) && !placed.some((other) => meets(box, other)))
      return { lines, box };
  }
  return undefined;
}

const widths = new Map<string, number>();

/** The same few hundred lines are measured in every frame. */
function widthOf(context: CanvasRenderingContext2D, line: string, font: string): number {
  const key = font + line;
  const known = widths.get(key);
  if (known !== undefined) return known;
  context.font = font;
  const { width } = context.measureText(line);
  if (widths.size > 5_000) widths.clear();
  widths.set(key, width);
  return width;
}

const meets = (a: Placed, b: Placed): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

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
    const next =
      layout.rowOf(seatNo + 1) === layout.rowOf(seatNo) ? (layout.x[seatNo + 1] ?? 0) : (layout.x[seatNo] ?? 0);
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
export function drawMinimap(
  context: CanvasRenderingContext2D,
  scene: Scene,
  size: { width: number; height: number },
): void {
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
