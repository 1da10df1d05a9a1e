import { hallFor } from './accessible-pool-rules.ts';
import { bestAvailable } from './best-available-rules.ts';
import type { Hall } from './block-search-rules.ts';
import type { HoldBestCommand } from './inventory-command.ts';
import type { InventoryWork } from './inventory-work-rules.ts';
import { firstOpen, lowestPlaces } from './lowest-places-rules.ts';

/**
 * The best seats for the party among those that are open now, by seat number; undefined when there are none. When only
 * general admission is wanted, or the hall has nothing else: the lowest places of the first section with enough of them.
 */
export function bestSeatsFor(
  work: InventoryWork,
  command: HoldBestCommand,
  opened: ReadonlySet<string>,
): number[] | undefined {
  const { levelOf } = work.rules;
  const { party, sections, level } = command;
  const hall = hallFor(work, party);
  const isWanted = (seatNo: number): boolean =>
    (!sections || sections.has(hall.sectionOf[seatNo] ?? -1)) && isSold(levelOf(seatNo), level);
  const isFree = (seatNo: number): boolean => work.isOpen(seatNo, opened);
  if (!wantsOnlyAreas(hall, sections)) {
    const search = { party, isWanted, isFree, policy: work.sale.orphanPolicy };
    return bestAvailable(hall, search)?.sort((one, other) => one - other);
  }
  if (party.wheelchairPlaces > 0) return undefined;
  return lowestPlaces(hall, party.size, (no) => isWanted(no) && isFree(no), firstOpen(work, opened));
}

/** An event may sell some seats of its plan at no level, and then not at all. */
const isSold = (own: string | undefined, level: string | undefined): boolean =>
  level === undefined ? own !== undefined : own === level;

function wantsOnlyAreas({ sections = [] }: Hall, wanted: ReadonlySet<number> | undefined): boolean {
  const isWanted = (place: number): boolean => !wanted || wanted.has(place);
  return sections.length > 0 && sections.every(({ kind }, place) => kind === 'GENERAL_ADMISSION' || !isWanted(place));
}
