import { bestAvailable } from './best-available-rules.ts';
import type { HoldBestCommand } from './inventory-command.ts';
import type { InventoryWork } from './inventory-work-rules.ts';

/** The best seats for the party among those that are open now, by seat number; undefined when there are none. */
export function bestSeatsFor(work: InventoryWork, command: HoldBestCommand): number[] | undefined {
  const { hall, tierOf } = work.rules;
  if (!hall) throw new Error('The best seats can only be found in a hall.');
  const { party, sections, tier } = command;
  const isWanted = (seatNo: number): boolean =>
    (!sections || sections.has(hall.sectionOf[seatNo] ?? -1)) && (tier === undefined || tierOf(seatNo) === tier);
  const found = bestAvailable(hall, { party, isWanted, isFree: (seatNo) => work.isOpen(seatNo) });
  return found?.sort((a, b) => a - b);
}
