import { isArea, rowsOf } from '../catalog/adjacency-rules.ts';
import type { Hall } from './block-search-rules.ts';
import type { HoldCommand } from './inventory-command.ts';
import type { InventoryWork } from './inventory-work-rules.ts';
import type { Opened } from './seat-state-rules.ts';

type Wish = Pick<HoldCommand, 'seatNos' | 'ticketTypes' | 'areas'>;

/** Places of general admission with numbers that follow each other. `to` is the number after the last one. */
type Area = { readonly section: number; readonly from: number; readonly to: number };

const known = new WeakMap<Hall, readonly Area[]>();

/** In the order of their numbers. Found once for each plan. */
function areasOf(hall: Hall): readonly Area[] {
  const before = known.get(hall);
  if (before) return before;
  const { rowStarts } = rowsOf(hall);
  const areas: Area[] = [];
  for (const [row, from] of rowStarts.entries()) {
    const to = rowStarts[row + 1];
    if (to !== undefined && isArea(hall, from)) areas.push({ section: hall.sectionOf[from] ?? -1, from, to });
  }
  known.set(hall, areas);
  return areas;
}

/**
 * The lowest open places of the first general admission section that has so many; undefined when none has. Places before
 * `startOf` are not looked at.
 */
export function lowestPlaces(
  hall: Hall,
  count: number,
  isOpen: (seatNo: number) => boolean,
  startOf: (area: Area) => number = ({ from }) => from,
): number[] | undefined {
  const bySection = new Map<number, number[]>();
  for (const area of areasOf(hall)) {
    const open = bySection.get(area.section) ?? [];
    bySection.set(area.section, open);
    for (let seatNo = startOf(area); seatNo < area.to; seatNo++) {
      if (!isOpen(seatNo)) continue;
      open.push(seatNo);
      if (open.length === count) return open;
    }
  }
  return undefined;
}

const NO_ALLOCATION: ReadonlySet<string> = new Set();

/** The first place of an area that is open to the public; the first one of all when the caller may have others. */
export function firstOpen(work: InventoryWork, hall: Hall, opened: Opened): (area: Area) => number {
  const isPublic = opened !== 'ALL' && opened.size === 0;
  return ({ from, to }) => (isPublic ? work.openSeats(hall, NO_ALLOCATION).firstFree(from, to) : from);
}

/**
 * The command with the lowest open places of its general admission sections among its seats, by seat number; undefined
 * when a section has too few. Lines of one section get them in the order of the lines.
 */
export function lowestPlacesFor<T extends Wish>(work: InventoryWork, command: T, opened: Opened): T | undefined {
  const { hall, levelOf } = work.rules;
  if (!hall) throw new Error('Places can only be found in a hall.');
  const chosen = new Map(command.seatNos.map((seatNo, index) => [seatNo, command.ticketTypes?.[index]] as const));
  for (const { section, quantity, ticketType } of command.areas ?? []) {
    const isOpen = (seatNo: number): boolean =>
      !chosen.has(seatNo) && levelOf(seatNo) !== undefined && work.isOpen(seatNo, opened);
    const start = firstOpen(work, hall, opened);
    const places = lowestPlaces(hall, quantity, isOpen, (area) => (area.section === section ? start(area) : area.to));
    if (!places) return undefined;
    for (const seatNo of places) chosen.set(seatNo, ticketType);
  }
  const seats = [...chosen].sort(([one], [other]) => one - other);
  return { ...command, seatNos: seats.map(([seatNo]) => seatNo), ticketTypes: seats.map(([, type]) => type) };
}
