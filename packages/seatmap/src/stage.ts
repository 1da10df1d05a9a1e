import { openCanvasRenderer } from './canvas-renderer.ts';
import { useGestures } from './gestures.ts';
import { SeatGrid } from './grid.ts';
import type { Layout, Section } from './layout.ts';
import { drawLabels, drawMinimap, drawSections, minimapPlace, type Scene } from './overlay.ts';
import { type Palette, readPalette } from './palette.ts';
import { type Range, type Renderer, type RendererInput, seatRadius } from './renderer.ts';
import { isInside, overlaps, type Point, View } from './view.ts';
import { openWebglRenderer } from './webgl-renderer.ts';

type SceneParts = Pick<Scene, 'isWanted' | 'figuresOf' | 'linesOf' | 'marked'>;

export type StageInput = {
  readonly root: HTMLElement;
  readonly layout: Layout;
  readonly looks: Uint8Array;
  /** `auto`: WebGL where a graphics card draws it. */
  readonly renderer: 'auto' | 'canvas2d' | 'webgl2';
  parts(): SceneParts;
  pressedSeat(seatNo: number): void;
  pressedSection(section: Section): void;
  hovered(at: Point | undefined, seatNo: number | undefined, section: Section | undefined): void;
};

/** Between these radii in pixels sections fade into seats. */
const FAINT = 1.3;
const CLEAR = 2.2;
/** A finger needs this many pixels. */
const REACH = 22;
const GLIDE_MS = 260;

/** The canvases of the map: areas of sections, seats, labels, and the small map. Draws when something changed. */
export class Stage {
  readonly view = new View();
  readonly #input: StageInput;
  readonly #grid: SeatGrid;
  readonly #end = new AbortController();
  readonly #layers: Record<'back' | 'seats' | 'front' | 'minimap', HTMLCanvasElement>;
  #palette: Palette;
  #renderer: Renderer;
  #frame = 0;
  #glide: { from: Position; to: Position; startedAt: number } | undefined;
  #hovered: Section | undefined;

  constructor(input: StageInput) {
    this.#input = input;
    this.#grid = new SeatGrid(input.layout);
    this.#palette = readPalette(input.root);
    this.#layers = { back: layer(), seats: layer(), front: layer(), minimap: layer('minimap') };
    input.root.replaceChildren(...Object.values(this.#layers));
    this.view.setBounds(input.layout.box, input.layout.radius);
    this.#renderer = this.#openRenderer();
    this.#watch();
  }

  get rendererName(): Renderer['name'] {
    return this.#renderer.name;
  }

  /** True while single seats can be pressed. */
  get showsSeats(): boolean {
    return this.#seatOpacity() > 0.5;
  }

  looksChanged(seatNos?: readonly number[]): void {
    this.#renderer.looksChanged(seatNos);
    this.draw();
  }

  paletteChanged(): void {
    this.#palette = readPalette(this.#input.root);
    this.#renderer.paletteChanged(this.#palette);
    this.draw();
  }

  show(box: Parameters<View['target']>[0], margin?: number): void {
    this.#glideTo(this.view.target(box, margin));
  }

  zoom(factor: number, at: Point = { x: this.view.width / 2, y: this.view.height / 2 }): void {
    const { x, y, scale } = this.view;
    this.view.zoomAt(at, factor);
    const to = { x: this.view.x, y: this.view.y, scale: this.view.scale };
    this.view.set({ x, y, scale });
    this.#glideTo(to);
  }

  fit(): void {
    this.#glideTo(this.view.target(this.#input.layout.box, 0.94));
  }

  /** Draws before the next frame. */
  draw(): void {
    this.#frame ||= requestAnimationFrame((now) => this.#paint(now));
  }

  dispose(): void {
    this.#end.abort();
    cancelAnimationFrame(this.#frame);
    this.#renderer.dispose();
    this.#input.root.replaceChildren();
  }

  #openRenderer(): Renderer {
    const { layout, looks, renderer } = this.#input;
    const input: RendererInput = { canvas: this.#layers.seats, layout, looks, palette: this.#palette };
    if (renderer === 'canvas2d') return openCanvasRenderer(input);
    return openWebglRenderer(input, renderer === 'webgl2') ?? openCanvasRenderer(this.#withNewCanvas(input));
  }

  /** A canvas that had WebGL, or was asked for it, gives no 2D context. */
  #withNewCanvas(input: RendererInput): RendererInput {
    const canvas = layer();
    this.#layers.seats.replaceWith(canvas);
    this.#layers.seats = canvas;
    return { ...input, canvas };
  }

  #watch(): void {
    const { signal } = this.#end;
    const { root } = this.#input;
    const resized = new ResizeObserver(() => this.#resize());
    resized.observe(root);
    signal.addEventListener('abort', () => resized.disconnect());
    this.#layers.seats.addEventListener(
      'webglcontextlost',
      () => {
        const { layout, looks } = this.#input;
        const input = { canvas: this.#layers.seats, layout, looks, palette: this.#palette };
        this.#renderer = openCanvasRenderer(this.#withNewCanvas(input));
        this.#resize();
      },
      { signal, once: true },
    );
    useGestures(
      {
        stage: root,
        view: this.view,
        moved: () => {
          this.#glide = undefined;
          this.draw();
        },
        zoom: (at, factor) => this.zoom(factor, at),
        fit: () => this.fit(),
        pressed: (at) => this.#press(at),
        hovered: (at) => this.#hover(at),
      },
      signal,
    );
    const stop = (event: Event) => event.stopPropagation();
    for (const name of ['pointerup', 'pointermove', 'dblclick', 'wheel'] as const)
      this.#layers.minimap.addEventListener(name, stop, { signal });
    this.#layers.minimap.addEventListener('pointerdown', (event) => this.#jump(event), { signal });
  }

  #jump(event: PointerEvent): void {
    event.stopPropagation();
    const { width, height } = this.#layers.minimap.getBoundingClientRect();
    const { scale, left, top } = minimapPlace(this.#input.layout, { width, height });
    this.#glideTo({ x: event.offsetX / scale + left, y: event.offsetY / scale + top, scale: this.view.scale });
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#input.root;
    if (clientWidth === 0 || clientHeight === 0) return;
    const ratio = pixelRatio();
    const { back, seats, front } = this.#layers;
    for (const canvas of [back, seats, front]) {
      canvas.width = Math.round(clientWidth * ratio);
      canvas.height = Math.round(clientHeight * ratio);
    }
    this.view.resize(clientWidth, clientHeight);
    this.#paint(performance.now());
  }

  #sectionAt({ x, y }: Point): Section | undefined {
    return this.#input.layout.sections.find(({ box, outline }) => isIn(x, y, box) && isInside(x, y, outline));
  }

  #seatAt(at: Point): number | undefined {
    const { x, y } = this.view.toPlan(at);
    const radius = seatRadius(this.#input.layout, this.view);
    return this.#grid.nearest(x, y, Math.max(radius, Math.min(REACH, radius * 2)) / this.view.scale);
  }

  #press(at: Point): void {
    const section = this.#sectionAt(this.view.toPlan(at));
    const seatNo = this.showsSeats ? this.#seatAt(at) : undefined;
    // A finger cannot meet a seat of a few pixels, so the first press brings the section near.
    const isNear = !section?.isGeneral && seatRadius(this.#input.layout, this.view) >= 4;
    if (seatNo !== undefined && isNear) this.#input.pressedSeat(seatNo);
    else if (section) this.#input.pressedSection(section);
  }

  #hover(at: Point | undefined): void {
    const section = at && this.#sectionAt(this.view.toPlan(at));
    const seatNo = at && !section?.isGeneral && this.showsSeats ? this.#seatAt(at) : undefined;
    this.#input.root.dataset.over = seatNo === undefined && !section ? '' : 'seat';
    if (section !== this.#hovered) this.draw();
    this.#hovered = section;
    this.#input.hovered(at, seatNo, section);
  }

  #glideTo(to: Position): void {
    const { x, y, scale } = this.view;
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) this.view.set(to);
    else this.#glide = { from: { x, y, scale }, to, startedAt: performance.now() };
    this.draw();
  }

  #seatOpacity(): number {
    const radius = seatRadius(this.#input.layout, this.view);
    return Math.min(1, Math.max(0, (radius - FAINT) / (CLEAR - FAINT)));
  }

  #visible(): Range[] {
    const box = this.view.box;
    const ranges: Range[] = [];
    for (const section of this.#input.layout.sections) {
      if (section.isGeneral || !overlaps(section.box, box) || section.end <= section.first) continue;
      const last = ranges.at(-1);
      if (last?.end === section.first) last.end = section.end;
      else ranges.push({ first: section.first, end: section.end });
    }
    return ranges;
  }

  #paint(now: number): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#advance(now);
    const { layout, looks, parts } = this.#input;
    const ratio = pixelRatio();
    const seatOpacity = this.#seatOpacity();
    const visible = seatOpacity > 0 ? this.#visible() : [];
    const scene: Scene = {
      ...{ layout, looks, visible, seatOpacity, view: this.view, palette: this.#palette, hovered: this.#hovered },
      ...parts(),
    };
    paintOn(this.#layers.back, ratio, (context) => drawSections(context, scene));
    this.#renderer.draw(this.view, visible, seatOpacity, ratio);
    paintOn(this.#layers.front, ratio, (context) => drawLabels(context, scene));
    const { minimap } = this.#layers;
    minimap.hidden = this.view.zoom < 1.3 || this.view.width < 480;
    if (!minimap.hidden) this.#paintMinimap(scene, ratio);
  }

  #paintMinimap(scene: Scene, ratio: number): void {
    const { minimap } = this.#layers;
    const size = { width: minimap.clientWidth, height: minimap.clientHeight };
    minimap.width = size.width * ratio;
    minimap.height = size.height * ratio;
    paintOn(minimap, ratio, (context) => drawMinimap(context, scene, size));
  }

  #advance(now: number): void {
    if (!this.#glide) return;
    const { from, to, startedAt } = this.#glide;
    const share = Math.min(1, Math.max(0, (now - startedAt) / GLIDE_MS));
    const eased = 1 - (1 - share) ** 3;
    const between = (a: number, b: number) => a + (b - a) * eased;
    // The scale grows by factors, so that the motion looks even.
    const scale = from.scale * (to.scale / from.scale) ** eased;
    this.view.set({ x: between(from.x, to.x), y: between(from.y, to.y), scale });
    if (share < 1) this.draw();
    else this.#glide = undefined;
  }
}

type Position = { readonly x: number; readonly y: number; readonly scale: number };

const pixelRatio = (): number => Math.min(3, globalThis.devicePixelRatio || 1);

function layer(name = ''): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.className = name;
  return canvas;
}

function paintOn(canvas: HTMLCanvasElement, ratio: number, draw: (context: CanvasRenderingContext2D) => void): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, canvas.width / ratio, canvas.height / ratio);
  draw(context);
}

const isIn = (x: number, y: number, { left, top, right, bottom }: Section['box']): boolean =>
  x >= left && x <= right && y >= top && y <= bottom;
