import { element } from './list.ts';
import { STYLES } from './styles.ts';
import type { Texts } from './texts.ts';
import type { Point } from './view.ts';

export type Frame = {
  readonly stage: HTMLElement;
  readonly list: HTMLElement;
  translate(texts: Texts): void;
  showList(isList: boolean, texts: Texts): void;
  /** Says it to screen readers only. */
  announce(text: string): void;
  /** Shows it on the map and says it, for some milliseconds. */
  note(text: string, forMs: number): void;
  /** Shows it until it is another text; an empty text hides it. */
  standing(text: string): void;
  /** A text in place of the map; an empty text shows the map. */
  empty(text: string): void;
  tip(at: Point | undefined, title?: string, text?: string): void;
};

type Actions = { zoom(factor: number): void; fit(): void; toggleList(): void };

const icons = {
  zoomIn: 'M12 5v14M5 12h14',
  zoomOut: 'M5 12h14',
  whole: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  list: 'M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01',
} as const;

/** Builds what is inside of the element, beside the canvases. */
export function openFrame(root: ShadowRoot, actions: Actions): Frame {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLES);
  root.adoptedStyleSheets = [sheet];
  const stage = element('div', 'stage');
  stage.tabIndex = 0;
  stage.setAttribute('role', 'application');
  const list = element('div', 'list');
  const tools = element('div', 'tools');
  const buttons = {
    list: button(icons.list, actions.toggleList),
    zoomIn: button(icons.zoomIn, () => actions.zoom(1.7)),
    zoomOut: button(icons.zoomOut, () => actions.zoom(1 / 1.7)),
    whole: button(icons.whole, actions.fit),
  };
  tools.append(...Object.values(buttons));
  const tip = element('div', 'tip');
  const note = element('div', 'note');
  const empty = element('div', 'empty');
  const help = element('div', 'out');
  help.id = 'help';
  stage.setAttribute('aria-describedby', 'help');
  const live = element('div', 'out');
  live.setAttribute('aria-live', 'polite');
  tip.setAttribute('aria-hidden', 'true');
  for (const one of [tip, note, list]) one.hidden = true;
  root.append(stage, list, tools, note, tip, empty, help, live);
  return {
    ...{ stage, list },
    ...texts({ stage, help, buttons }),
    ...notices({ note, live, empty }),
    showList(isList, { list: open, showMap }) {
      stage.hidden = isList;
      list.hidden = !isList;
      for (const one of [buttons.zoomIn, buttons.zoomOut, buttons.whole]) one.hidden = isList;
      buttons.list.setAttribute('aria-pressed', String(isList));
      buttons.list.ariaLabel = isList ? showMap : open;
      buttons.list.title = isList ? showMap : open;
    },
    tip(at, title = '', text = '') {
      tip.hidden = at === undefined;
      if (!at) return;
      tip.replaceChildren(element('b', '', title), text);
      const x = Math.min(at.x + 16, stage.clientWidth - tip.offsetWidth - 8);
      const y = at.y + 20 + tip.offsetHeight > stage.clientHeight ? at.y - tip.offsetHeight - 12 : at.y + 20;
      tip.style.transform = `translate(${Math.max(8, x)}px, ${y}px)`;
      tip.style.left = '0';
      tip.style.top = '0';
    },
  };
}

type Named = 'list' | 'zoomIn' | 'zoomOut' | 'whole';
type Labelled = { stage: HTMLElement; help: HTMLElement; buttons: Record<Named, HTMLButtonElement> };

function texts({ stage, help, buttons }: Labelled): Pick<Frame, 'translate'> {
  return {
    translate(all) {
      stage.ariaLabel = all.map;
      help.textContent = all.mapHelp;
      for (const name of ['zoomIn', 'zoomOut', 'whole'] as const) {
        buttons[name].ariaLabel = all[name];
        buttons[name].title = all[name];
      }
    },
  };
}

type Outlets = { note: HTMLElement; live: HTMLElement; empty: HTMLElement };

function notices({ note, live, empty }: Outlets): Pick<Frame, 'announce' | 'note' | 'standing' | 'empty'> {
  let standing = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  const show = (text: string) => {
    note.textContent = text;
    note.hidden = text === '';
  };
  const announce = (text: string) => {
    live.textContent = text;
  };
  return {
    announce,
    note(text, forMs) {
      show(text);
      announce(text);
      clearTimeout(timer);
      timer = setTimeout(() => {
        timer = undefined;
        show(standing);
      }, forMs);
    },
    standing(text) {
      if (text === standing) return;
      standing = text;
      announce(text);
      if (timer === undefined) show(text);
    },
    empty(text) {
      empty.textContent = text;
      empty.hidden = text === '';
    },
  };
}

function button(path: string, act: () => void): HTMLButtonElement {
  const made = element('button');
  made.type = 'button';
  const icon = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  icon.setAttribute('viewBox', '0 0 24 24');
  icon.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  line.setAttribute('d', path);
  icon.append(line);
  made.append(icon);
  made.addEventListener('click', act);
  return made;
}
