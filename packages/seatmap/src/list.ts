import type { Choice } from './choice.ts';
import type { Layout, Section } from './layout.ts';
import { fill, type Texts } from './texts.ts';

export type ListInput = {
  readonly root: HTMLElement;
  readonly layout: Layout;
  readonly choice: Choice;
  texts(): Texts;
  /** Lines about a section: how many seats are free, and the lowest price. */
  sectionNote(section: Section): string;
  /** Price, status and features of a seat. */
  seatNote(seatNo: number): string;
  toggle(seatNo: number): void;
  /** A section was opened, so the map can show it. */
  opened(section: Section): void;
};

type Place = { readonly section?: Section; readonly row?: string };
type Item = { key: string; title: string; note: string; isPressed?: boolean; isDisabled?: boolean; act(): void };

/**
 * Every seat as a list in three steps: section, row, seat. One item is in the tab order; arrow keys, Home and End move
 * the focus, Escape goes a step back.
 */
export class SeatList {
  readonly #input: ListInput;
  #place: Place = {};
  #current = 0;

  constructor(input: ListInput) {
    this.#input = input;
    input.root.addEventListener('keydown', (event) => this.#key(event));
  }

  /** Draws the list again, with the focus where it was. */
  refresh(): void {
    const active = (this.#input.root.getRootNode() as ShadowRoot).activeElement;
    const hadFocus = active !== null && this.#input.root.contains(active);
    const wasBack = active instanceof HTMLElement && active.dataset.back !== undefined;
    const top = this.#input.root.scrollTop;
    this.#render();
    this.#input.root.scrollTop = top;
    if (hadFocus) this.#focus(wasBack);
  }

  /** Brings the focus to the present item. */
  focus(): void {
    this.#focus(false);
  }

  #items(): Item[] {
    const { section, row } = this.#place;
    if (!section) return this.#input.layout.sections.map((one) => this.#sectionItem(one));
    if (row === undefined) return this.#rowItems(section);
    return this.#seatItems(section, row);
  }

  #sectionItem(section: Section): Item {
    const { sectionNote, opened, texts } = this.#input;
    return {
      key: section.id,
      title: fill(texts().section, section.label),
      note: section.isGeneral ? `${sectionNote(section)} · ${texts().general}` : sectionNote(section),
      act: () => {
        opened(section);
        if (!section.isGeneral) this.#go({ section });
      },
    };
  }

  #rowItems(section: Section): Item[] {
    const { layout, choice, texts } = this.#input;
    const free = new Map<string, number>();
    for (let seatNo = section.first; seatNo < section.end; seatNo++) {
      const row = layout.rowOf(seatNo);
      free.set(row, (free.get(row) ?? 0) + ((choice.looks[seatNo] ?? 0) % 8 === 0 ? 1 : 0));
    }
    return [...free].map(([row, count]) => ({
      key: row,
      title: fill(texts().row, row),
      note: count === 0 ? texts().soldOut : fill(texts().free, count),
      act: () => this.#go({ section, row }),
    }));
  }

  #seatItems(section: Section, row: string): Item[] {
    const { layout, choice, texts, seatNote, toggle } = this.#input;
    const items: Item[] = [];
    for (let seatNo = section.first; seatNo < section.end; seatNo++) {
      if (layout.rowOf(seatNo) !== row) continue;
      const isPressed = choice.selected.has(seatNo);
      items.push({
        key: String(seatNo),
        title: fill(texts().seat, layout.labelOf(seatNo)),
        note: seatNote(seatNo),
        isPressed,
        isDisabled: !isPressed && (choice.looks[seatNo] ?? 0) % 8 !== 0,
        act: () => toggle(seatNo),
      });
    }
    return items;
  }

  #render(): void {
    const { root, texts } = this.#input;
    const { section, row } = this.#place;
    const items = this.#items();
    this.#current = Math.min(this.#current, Math.max(0, items.length - 1));
    const head = element('div', 'head');
    if (section) {
      const back = element('button', '', texts().back);
      back.dataset.back = '';
      back.addEventListener('click', () => this.#back());
      head.append(back);
    }
    const names = [section && fill(texts().section, section.label), row !== undefined && fill(texts().row, row)];
    head.append(element('h2', '', names.filter(Boolean).join(' · ') || texts().list));
    const list = element('ul', 'items');
    list.append(...items.map((item, index) => this.#button(item, index)));
    root.replaceChildren(head, list);
  }

  #button({ key, title, note, isPressed, isDisabled, act }: Item, index: number): HTMLElement {
    const item = element('li');
    const button = element('button');
    button.append(element('span', '', title), element('small', '', note));
    button.tabIndex = index === this.#current ? 0 : -1;
    button.dataset.key = key;
    if (isPressed !== undefined) button.setAttribute('aria-pressed', String(isPressed));
    if (isDisabled) button.setAttribute('aria-disabled', 'true');
    button.addEventListener('click', () => {
      this.#current = index;
      if (!isDisabled) act();
    });
    item.append(button);
    return item;
  }

  #key(event: KeyboardEvent): void {
    const count = this.#buttons().length;
    const steps: Record<string, number> = {
      ...{ ArrowDown: this.#current + 1, ArrowRight: this.#current + 1 },
      ...{ ArrowUp: this.#current - 1, ArrowLeft: this.#current - 1, Home: 0, End: count - 1 },
    };
    if (event.key === 'Escape' && this.#place.section) {
      event.stopPropagation();
      this.#back();
      return;
    }
    const next = steps[event.key];
    if (next === undefined || count === 0) return;
    event.preventDefault();
    this.#current = Math.min(count - 1, Math.max(0, next));
    this.#focus(false);
  }

  #focus(onBack: boolean): void {
    const buttons = this.#buttons();
    buttons.forEach((button, index) => {
      button.tabIndex = index === this.#current ? 0 : -1;
    });
    const back = this.#input.root.querySelector<HTMLElement>('[data-back]');
    (onBack && back ? back : buttons[this.#current])?.focus();
  }

  #buttons(): HTMLElement[] {
    return [...this.#input.root.querySelectorAll<HTMLElement>('.items button')];
  }

  #go(place: Place): void {
    this.#place = place;
    this.#current = 0;
    this.#render();
    this.#input.root.scrollTop = 0;
    this.#focus(false);
  }

  #back(): void {
    const { section, row } = this.#place;
    this.#place = row !== undefined && section ? { section } : {};
    const items = this.#items();
    const key = row ?? section?.id;
    this.#current = Math.max(
      0,
      items.findIndex((item) => item.key === key),
    );
    this.#render();
    this.#focus(false);
  }
}

/** Makes an element with a class and a text. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className = '',
  text = '',
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}
