import { isArea } from '../catalog/adjacency-rules.ts';
import type { Hall } from './block-search-rules.ts';
import type { HoldCommand } from './inventory-command.ts';
import type { InventoryWork } from './inventory-work-rules.ts';
import type { Opened } from './seat-state-rules.ts';

type Wish = Pick<HoldCommand, 'seatNos' | 'ticketTypes' | 'areas'>;

/** The lowest open places of the first general admission section that has so many; undefined when none has. */
export function lowestPlaces(hall: Hall, count: number, isOpen: (seatNo: number) => boolean): number[] | undefined {
  const bySection = new Map<number, number[]>();
  for (let seatNo = 0; seatNo < hall.seatCount; seatNo++) {
    if (!isArea(hall, seatNo) || !isOpen(seatNo)) continue;
    const section = hall.sectionOf[seatNo] ?? -1;
    const open = bySection.get(section) ?? [];
    bySection.set(section, open);
    open.push(seatNo);
    if (open.length === count) return open;
  }
  return undefined;
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
      hall.sectionOf[seatNo] === section &&
      !chosen.has(seatNo) &&
      levelOf(seatNo) !== undefined &&
      work.isOpen(seatNo, opened);
    const places = lowestPlaces(hall, quantity, isOpen);
    if (!places) return undefined;
    for (const seatNo of places) chosen.set(seatNo, ticketType);
  }
  const seats = [...chosen].sort(([one], [other]) => one - other);
  return { ...command, seatNos: seats.map(([seatNo]) => seatNo), ticketTypes: seats.map(([, type]) => type) };
}
