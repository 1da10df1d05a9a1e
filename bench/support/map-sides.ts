import type { Page } from 'playwright-core';

/** What every map of the bench offers to the measurement, as `globalThis.benchMap` in its page. */
export type BenchMap = {
  isReady(): boolean;
  /** The element that takes wheel and pointer events. */
  target(): Element;
  /** Brings this seat and those around it near. */
  near(seatNo: number): void;
  version(): number;
  /** Calls `act` whenever the map has taken a change over. */
  onChange(act: () => void): void;
  rendererName(): string;
};

export type Side = {
  readonly name: string;
  /** Opens the map of the event in a page that is still empty. */
  open(page: Page, apiUrl: string, eventId: string): Promise<void>;
};

/** The web client as a fan has it; the measurement reads the element from outside. */
function ours(name: string, isForced: boolean): Side {
  return {
    name,
    async open(page, apiUrl, eventId) {
      if (isForced) await page.addInitScript(hideSoftware);
      await page.addInitScript(ourMap);
      await page.goto(`${apiUrl}/events/${eventId}`, { waitUntil: 'commit' });
    },
  };
}

/** A page with the obvious drawing and nothing else, which the api serves too. */
const naive = (name: string, kind: 'svg' | 'konva'): Side => ({
  name,
  async open(page, apiUrl, eventId) {
    await page.goto(`${apiUrl}/naive/${kind}.html?event=${eventId}`, { waitUntil: 'commit' });
  },
});

export const OURS = 'ours';
export const WEBGL = 'ours, if it took WebGL 2 of the processor';
export const SVG = 'an SVG circle for each seat';
export const KONVA = 'a Konva circle for each seat';

export const sides: readonly Side[] = [ours(OURS, false), ours(WEBGL, true), naive(SVG, 'svg'), naive(KONVA, 'konva')];

/** Runs in the page: the processor does not say that it draws WebGL, so the element takes it for a graphics card. */
function hideSoftware(): void {
  WebGL2RenderingContext.prototype.getExtension = () => null;
  const real = WebGL2RenderingContext.prototype.getParameter;
  WebGL2RenderingContext.prototype.getParameter = function (name) {
    return name === this.RENDERER ? 'a card' : real.call(this, name);
  };
}

/** Runs in the page, before everything else. */
function ourMap(): void {
  type Element_ = HTMLElement & {
    rendererName?: string;
    showSection(id: string): void;
    client?: {
      layout?: { sectionOf: Uint16Array; sections: readonly { id: string }[] };
      statuses?: { version: number };
      listen(listener: { change(): void }): void;
    };
  };
  const element = () => document.querySelector<Element_>('frontrow-seatmap');
  const map: BenchMap = {
    isReady: () => element()?.rendererName !== undefined,
    target: () => element()?.shadowRoot?.querySelector('.stage') as Element,
    near(seatNo) {
      const layout = element()?.client?.layout;
      element()?.showSection(layout?.sections[layout.sectionOf[seatNo] ?? 0]?.id ?? '');
    },
    version: () => element()?.client?.statuses?.version ?? -1,
    onChange: (act) => element()?.client?.listen({ change: act }),
    rendererName: () => element()?.rendererName ?? '',
  };
  Object.assign(globalThis, { benchMap: map });
}
