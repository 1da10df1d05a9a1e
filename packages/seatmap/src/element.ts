import { Choice, type ChosenSeat, type SeatFilter } from './choice.ts';
import { type Hold, type Refusal, SeatMapClient, type SeatMapClientOptions } from './client.ts';
import { type Frame, openFrame } from './frame.ts';
import { readTexts } from './languages.ts';
import { COMPANION, RESTRICTED_VIEW, type Section, STEP_FREE, WHEELCHAIR } from './layout.ts';
import { SeatList } from './list.ts';
import { readPalette, TIER_COLOURS } from './palette.ts';
import { OWN, SELECTED } from './renderer.ts';
import { Stage } from './stage.ts';
import { AVAILABLE, type Changed, STATUSES } from './statuses.ts';
import { countText, en, fill, moneyText, type Texts } from './texts.ts';

/** The `detail` of the event `seatmap-select`. */
export type SelectDetail = { readonly seats: readonly ChosenSeat[]; readonly singles: readonly ChosenSeat[] };

/**
 * `<frontrow-seatmap event="Event_..." endpoint="https://tickets.example/graphql">`: the live seat map of an event.
 *
 * Further attributes: `lang` (en, es, de, fr, ar), `theme` (light, dark), `renderer` (canvas2d, webgl2), `view="list"`,
 * `most` (how many seats may be chosen; 0 only shows the map), `blocked` (blocked seats may be chosen too, for a box
 * office, or for a fan whose code opens them). Events: `seatmap-ready`, `seatmap-select`, `seatmap-section` (a section of
 * general admission was pressed), `seatmap-state`, `seatmap-error`.
 */
export class FrontrowSeatmap extends HTMLElement {
  static readonly observedAttributes = ['event', 'endpoint', 'lang', 'theme', 'view', 'renderer'];
  /** Set these before the element is in the document: headers for the API, and a socket that the page has already. */
  connection: Pick<SeatMapClientOptions, 'headers' | 'socket'> = {};
  #client: SeatMapClient | undefined;
  #choice: Choice | undefined;
  #stage: Stage | undefined;
  #list: SeatList | undefined;
  #filter: SeatFilter = {};
  #read: Texts = en;
  #hadSingles = false;
  #stopWatching: (() => void) | undefined;
  readonly #frame: Frame;

  constructor() {
    super();
    this.#frame = openFrame(this.attachShadow({ mode: 'open' }), {
      zoom: (factor) => this.#stage?.zoom(factor),
      fit: () => this.#stage?.fit(),
      toggleList: () => {
        const isList = this.getAttribute('view') !== 'list';
        this.setAttribute('view', isList ? 'list' : 'map');
        if (isList) this.#list?.focus();
      },
    });
  }

  /** The client of the map; undefined while the element is not in a document. */
  get client(): SeatMapClient | undefined {
    return this.#client;
  }

  get selected(): readonly ChosenSeat[] {
    return this.#choice?.seats() ?? [];
  }

  get filter(): SeatFilter {
    return this.#filter;
  }

  set filter(filter: SeatFilter) {
    this.#filter = filter;
    if (!this.#choice) return;
    this.#choice.filter = filter;
    this.#stage?.looksChanged();
  }

  /** The renderer in use: `webgl2` or `canvas2d`. */
  get rendererName(): string | undefined {
    return this.#stage?.rendererName;
  }

  /** The color of each price tier on the map, by its name, as a CSS color. Empty when the map does not show prices by color. */
  get tierColours(): ReadonlyMap<string, string> {
    const { tiers } = readPalette(this);
    const names = this.#client?.layout?.tiers.filter((name) => name !== '') ?? [];
    return new Map(names.map((name, index) => [name, tiers[index % TIER_COLOURS] ?? '']));
  }

  /** Where a seat is in the element, in CSS pixels, with its radius: for tests and for hints of the page. */
  placeOf(seatNo: number): { x: number; y: number; radius: number } | undefined {
    const layout = this.#client?.layout;
    const view = this.#stage?.view;
    if (!layout || !view) return undefined;
    const at = view.toScreen(layout.x[seatNo] ?? 0, layout.y[seatNo] ?? 0);
    return { ...at, radius: layout.radius * view.scale };
  }

  /** Brings a section near. */
  showSection(sectionId: string): void {
    const section = this.#client?.layout?.sections.find(({ id }) => id === sectionId);
    if (section) this.#stage?.show(section.box);
  }

  clearSelection(): void {
    this.#choice?.clear();
    this.#refresh('all');
    this.#tellSelection();
  }

  /** Chooses a free seat, or removes it from the choice. */
  toggle(seatNo: number): void {
    const choice = this.#choice;
    if (!choice) return;
    const texts = this.#texts();
    const most = Number(this.getAttribute('most') ?? this.#client?.facts?.seatsPerBooking ?? 10);
    if (most === 0) return;
    const outcome = choice.toggle(seatNo, most);
    const name = this.#nameOf(seatNo);
    if (outcome === 'refused') this.#frame.announce(`${name}: ${this.#statusText(seatNo)}`);
    if (outcome === 'full') this.#frame.note(fill(texts.full, most), 4_000);
    if (outcome === 'refused' || outcome === 'full') return;
    this.#refresh([seatNo]);
    this.#frame.announce(fill(outcome === 'chosen' ? texts.chosen : texts.removed, name, choice.selected.size));
    this.#tellSelection();
  }

  connectedCallback(): void {
    this.#start();
  }

  disconnectedCallback(): void {
    this.#stop();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.isConnected) return;
    if (name === 'theme') this.#stage?.paletteChanged();
    else if (name === 'view') this.#showView();
    else if (name === 'lang') this.#translate();
    else {
      this.#stop();
      this.#start();
    }
  }

  #start(): void {
    const eventId = this.getAttribute('event');
    if (!eventId) return;
    const endpoint = new URL(this.getAttribute('endpoint') ?? '/graphql', document.baseURI).href;
    const client = new SeatMapClient({ endpoint, eventId, ...this.connection });
    this.#client = client;
    this.#translate();
    this.#frame.empty(this.#texts().loading);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const repaint = () => this.#stage?.paletteChanged();
    scheme.addEventListener('change', repaint);
    const off = client.listen({
      ready: () => this.#ready(),
      change: (changed) => this.#refresh(changed),
      hold: (hold) => this.#held(hold),
      state: () => this.#stateChanged(),
      error: (refusal) => this.#failed(refusal),
    });
    this.#stopWatching = () => {
      off();
      scheme.removeEventListener('change', repaint);
    };
    void client.open();
  }

  #stop(): void {
    this.#stopWatching?.();
    this.#client?.close();
    this.#stage?.dispose();
    this.#client = undefined;
    this.#stage = undefined;
    this.#choice = undefined;
    this.#list = undefined;
  }

  #ready(): void {
    const { layout, statuses } = this.#client ?? {};
    if (!this.#client || !layout || !statuses) return;
    if (this.#stage) {
      this.#refresh('all');
      return;
    }
    const choice = new Choice(this.#client, layout, statuses, () => this.hasAttribute('blocked'));
    choice.filter = this.#filter;
    this.#choice = choice;
    this.#frame.empty('');
    this.#stage = new Stage({
      ...{ root: this.#frame.stage, layout, looks: choice.looks },
      renderer: rendererOf(this.getAttribute('renderer')),
      parts: () => ({
        marked: choice.marked,
        isWanted: (section) => choice.isWanted(section),
        figuresOf: (section) => choice.figuresOf(section),
        linesOf: (section) => [section.label, ...this.#notesOf(section)],
      }),
      pressedSeat: (seatNo) => this.toggle(seatNo),
      pressedSection: (section) => this.#pressSection(section),
      hovered: (at, seatNo, section) => {
        if (!at || (seatNo === undefined && !section)) return this.#frame.tip(undefined);
        if (seatNo !== undefined) this.#frame.tip(at, this.#nameOf(seatNo), this.#noteOf(seatNo));
        else if (section) this.#frame.tip(at, this.#sectionName(section), this.#notesOf(section).join(' · '));
      },
    });
    this.#list = new SeatList({
      ...{ root: this.#frame.list, layout, choice },
      texts: () => this.#texts(),
      sectionNote: (section) => this.#notesOf(section).join(' · '),
      seatNote: (seatNo) => this.#noteOf(seatNo),
      toggle: (seatNo) => this.toggle(seatNo),
      opened: (section) => this.#pressSection(section),
    });
    this.#showView();
    this.#stateChanged();
    this.dispatchEvent(new CustomEvent('seatmap-ready'));
  }

  /** Places of general admission are bought by number, so the page asks how many. */
  #pressSection(section: Section): void {
    if (!section.isGeneral) this.#stage?.show(section.box);
    else this.dispatchEvent(new CustomEvent('seatmap-section', { detail: { id: section.id, label: section.label } }));
  }

  #refresh(changed: Changed): void {
    const lost = this.#choice?.refresh(changed) ?? [];
    this.#stage?.looksChanged(changed === 'all' ? undefined : [...changed, ...lost]);
    if (!this.#frame.list.hidden) this.#list?.refresh();
    if (lost.length > 0) {
      const names = lost.map((seatNo) => this.#nameOf(seatNo)).join(', ');
      this.#frame.note(fill(this.#texts().taken, names), 6_000);
      this.#tellSelection();
    }
    this.#stateChanged();
  }

  #held(hold: Hold | undefined): void {
    for (const seatNo of hold?.seatNos ?? []) this.#choice?.selected.delete(seatNo);
    this.#refresh('all');
    this.#tellSelection();
  }

  #stateChanged(): void {
    const { state, statuses } = this.#client ?? {};
    const texts = this.#texts();
    const stale = statuses?.stale ? texts.stale : '';
    this.#frame.standing(state === 'waiting' ? texts.waiting : stale);
    this.dispatchEvent(new CustomEvent('seatmap-state', { detail: { state, stale: statuses?.stale ?? false } }));
  }

  #failed(refusal: Refusal): void {
    if (!this.#stage) this.#frame.empty(`${this.#texts().failed} ${refusal.message}`);
    this.dispatchEvent(new CustomEvent('seatmap-error', { detail: refusal }));
  }

  #tellSelection(): void {
    const choice = this.#choice;
    if (!choice) return;
    const singles = choice.singles().map((seatNo) => choice.seat(seatNo));
    if (singles.length > 0) this.#frame.note(this.#texts().single, 8_000);
    else if (this.#hadSingles) this.#frame.note('', 0);
    this.#hadSingles = singles.length > 0;
    const detail: SelectDetail = { seats: choice.seats(), singles };
    this.dispatchEvent(new CustomEvent('seatmap-select', { detail }));
  }

  #showView(): void {
    const isList = this.getAttribute('view') === 'list';
    this.#frame.showList(isList, this.#texts());
    if (isList) this.#list?.refresh();
  }

  #translate(): void {
    const language = this.#language();
    void readTexts(language).then((texts) => {
      if (language !== this.#language() || !this.isConnected) return;
      this.#read = texts;
      this.#frame.translate(texts);
      this.#showView();
      this.#stage?.draw();
    });
  }

  #texts(): Texts {
    return this.#read;
  }

  #language(): string {
    return this.lang || document.documentElement.lang || navigator.language;
  }

  #sectionName = (section: Section): string => fill(this.#texts().section, section.label);

  #notesOf(section: Section): string[] {
    const texts = this.#texts();
    const { free } = this.#choice?.figuresOf(section) ?? { free: 0 };
    if (free === 0) return [texts.soldOut];
    const price = this.#client?.priceFrom(section.id);
    const count = countText(this.#language(), free);
    return [fill(texts.free, count), ...(price ? [fill(texts.from, moneyText(this.#language(), price))] : [])];
  }

  #nameOf(seatNo: number): string {
    const seat = this.#choice?.seat(seatNo);
    if (!seat) return '';
    const texts = this.#texts();
    const row = seat.row === '' ? [] : [fill(texts.row, seat.row)];
    const place = seat.row === '' ? texts.place : texts.seat;
    return [fill(texts.section, seat.section), ...row, fill(place, seat.label)].join(' · ');
  }

  #noteOf(seatNo: number): string {
    const isFree = this.#client?.statuses?.codes[seatNo] === AVAILABLE;
    return [...(isFree ? this.#priceTexts(seatNo) : []), this.#statusText(seatNo), ...this.#featuresOf(seatNo)].join(
      ' · ',
    );
  }

  /** What the seat costs, or from how much its section is sold. */
  #priceTexts(seatNo: number): string[] {
    const client = this.#client;
    const price = client?.priceOf(seatNo);
    if (price) return [moneyText(this.#language(), price)];
    const section = client?.layout?.sections[client.layout.sectionOf[seatNo] ?? 0];
    const lowest = section && client?.priceFrom(section.id);
    return lowest ? [fill(this.#texts().from, moneyText(this.#language(), lowest))] : [];
  }

  #statusText(seatNo: number): string {
    const texts = this.#texts();
    const look = (this.#choice?.looks[seatNo] ?? 0) & 7;
    if (look === SELECTED) return texts.selected;
    if (look === OWN) return texts.yours;
    return texts[STATUSES[look] ?? 'BLOCKED'];
  }

  #featuresOf(seatNo: number): string[] {
    const texts = this.#texts();
    const flags = this.#client?.layout?.flags[seatNo] ?? 0;
    return [
      ...((flags & WHEELCHAIR) > 0 ? [texts.wheelchair] : []),
      ...((flags & COMPANION) > 0 ? [texts.companion] : []),
      ...((flags & RESTRICTED_VIEW) > 0 ? [texts.restricted] : []),
      ...((flags & STEP_FREE) > 0 ? [texts.stepFree] : []),
    ];
  }
}

const rendererOf = (name: string | null): 'auto' | 'canvas2d' | 'webgl2' =>
  name === 'canvas2d' || name === 'webgl2' ? name : 'auto';
