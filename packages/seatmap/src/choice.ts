import type { SeatMapClient } from './client.ts';
import { COMPANION, type Layout, RESTRICTED_VIEW, type Section, STEP_FREE, WHEELCHAIR } from './layout.ts';
import { type Neighbours, neighboursOf, singlesLeft } from './neighbours.ts';
import type { Money } from './pricing.ts';
import { DIMMED, OWN, SELECTED } from './renderer.ts';
import { AVAILABLE, BLOCKED, type Changed, type Statuses } from './statuses.ts';

/** Which seats a fan wants to see. A filter that is left out accepts every seat. */
export type SeatFilter = {
  /** Names of price tiers. */
  readonly tiers?: readonly string[];
  readonly stepFree?: boolean;
  readonly wheelchair?: boolean;
  readonly fullView?: boolean;
};

export type ChosenSeat = {
  readonly seatNo: number;
  readonly id: string;
  readonly section: string;
  readonly row: string;
  readonly label: string;
  readonly price: Money | undefined;
};

/** What toggling a seat did. */
export type Toggled = 'chosen' | 'removed' | 'full' | 'refused';

/** The seats that the fan has chosen, how each seat looks, and how many are free in each section. */
export class Choice {
  readonly looks: Uint8Array;
  readonly selected = new Set<number>();
  readonly #client: SeatMapClient;
  readonly #layout: Layout;
  readonly #statuses: Statuses;
  readonly #free: Int32Array;
  readonly #positions: ReadonlyMap<Section, number>;
  /** Whether blocked seats can be chosen, as the box office may sell them. */
  readonly #takesBlocked: () => boolean;
  #neighbours: Neighbours | undefined;
  #filter: SeatFilter = {};

  constructor(client: SeatMapClient, layout: Layout, statuses: Statuses, takesBlocked: () => boolean = () => false) {
    this.#client = client;
    this.#takesBlocked = takesBlocked;
    this.#layout = layout;
    this.#statuses = statuses;
    this.looks = new Uint8Array(layout.seatCount);
    this.#free = new Int32Array(layout.sections.length);
    this.#positions = new Map(layout.sections.map((section, index) => [section, index]));
    this.refresh();
  }

  get filter(): SeatFilter {
    return this.#filter;
  }

  set filter(filter: SeatFilter) {
    this.#filter = filter;
    this.refresh();
  }

  /** The seats that the fan has chosen or holds. */
  get marked(): number[] {
    return [...this.selected, ...(this.#client.hold?.seatNos ?? [])];
  }

  /** Brings looks and counts up to date. Returns chosen seats that another fan has taken, which are no longer chosen. */
  refresh(changed: Changed = 'all'): number[] {
    const lost = [...this.selected].filter((seatNo) => !this.#isOpen(seatNo));
    for (const seatNo of lost) this.selected.delete(seatNo);
    if (changed === 'all') {
      for (let seatNo = 0; seatNo < this.looks.length; seatNo++) this.looks[seatNo] = this.#lookOf(seatNo);
      this.#layout.sections.forEach((section, index) => {
        this.#free[index] = this.#countFree(section);
      });
      return lost;
    }
    for (const seatNo of changed) this.looks[seatNo] = this.#lookOf(seatNo);
    for (const index of new Set(changed.map((seatNo) => this.#layout.sectionOf[seatNo] ?? 0))) {
      const section = this.#layout.sections[index];
      if (section) this.#free[index] = this.#countFree(section);
    }
    return lost;
  }

  figuresOf(section: Section): { free: number; total: number } {
    return { free: this.#free[this.#positions.get(section) ?? 0] ?? 0, total: section.end - section.first };
  }

  toggle(seatNo: number, most: number): Toggled {
    if (this.selected.delete(seatNo)) {
      this.refresh([seatNo]);
      return 'removed';
    }
    if (!this.#isOpen(seatNo)) return 'refused';
    if (this.selected.size >= most) return 'full';
    this.selected.add(seatNo);
    this.refresh([seatNo]);
    return 'chosen';
  }

  clear(): void {
    const before = [...this.selected];
    this.selected.clear();
    this.refresh(before);
  }

  seats(): ChosenSeat[] {
    return [...this.selected].map((seatNo) => this.seat(seatNo));
  }

  seat(seatNo: number): ChosenSeat {
    const layout = this.#layout;
    return {
      seatNo,
      id: layout.idOf(seatNo),
      section: layout.sections[layout.sectionOf[seatNo] ?? 0]?.label ?? '',
      row: layout.rowOf(seatNo),
      label: layout.labelOf(seatNo),
      price: this.#client.priceOf(seatNo),
    };
  }

  /** Free seats that this choice leaves single, where the event has a rule about them. */
  singles(): number[] {
    if (this.#client.facts?.orphanPolicy === 'OFF' || this.selected.size === 0) return [];
    this.#neighbours ??= neighboursOf(this.#layout);
    const isFree = (seatNo: number) => this.#statuses.codes[seatNo] === AVAILABLE;
    return singlesLeft(this.#layout, this.#neighbours, this.selected, isFree);
  }

  isWanted(section: Section): boolean {
    const { tiers } = this.#filter;
    return !tiers || tiers.length === 0 || tiers.includes(section.tier) || this.#hasWanted(section);
  }

  #isOpen(seatNo: number): boolean {
    const status = this.#statuses.codes[seatNo];
    return status === AVAILABLE || (this.#takesBlocked() && status === BLOCKED);
  }

  #hasWanted({ first, end }: Section): boolean {
    for (let seatNo = first; seatNo < end; seatNo++) if ((this.looks[seatNo] ?? 0) < DIMMED) return true;
    return false;
  }

  #countFree({ first, end }: Section): number {
    let free = 0;
    for (let seatNo = first; seatNo < end; seatNo++) if (this.#statuses.codes[seatNo] === AVAILABLE) free++;
    return free;
  }

  #lookOf(seatNo: number): number {
    if (this.selected.has(seatNo)) return SELECTED;
    if (this.#client.hold?.seatNos.includes(seatNo)) return OWN;
    return (this.#statuses.codes[seatNo] ?? 0) + (this.#passes(seatNo) ? 0 : DIMMED);
  }

  #passes(seatNo: number): boolean {
    const { tiers, stepFree, wheelchair, fullView } = this.#filter;
    const flags = this.#layout.flags[seatNo] ?? 0;
    if (stepFree && (flags & (STEP_FREE | WHEELCHAIR)) === 0) return false;
    if (wheelchair && (flags & (WHEELCHAIR | COMPANION)) === 0) return false;
    if (fullView && (flags & RESTRICTED_VIEW) > 0) return false;
    return !tiers?.length || tiers.includes(this.#layout.tiers[this.#layout.tierOf[seatNo] ?? 0] ?? '');
  }
}
