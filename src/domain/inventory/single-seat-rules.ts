import { isArea } from '../catalog/adjacency-rules.ts';
import { hallFor } from './accessible-pool-rules.ts';
import { blocksNear, neighbourhood } from './alternatives-rules.ts';
import type { InventoryOutcome } from './inventory-command.ts';
import type { InventoryWork } from './inventory-work-rules.ts';
import { refusedSingles, singleSeatsLeft } from './orphan-rules.ts';

/**
 * The refusal of a choice that leaves a seat single although the policy of the event forbids it, with up to three blocks
 * of the same size that leave no seat single; undefined when the choice is accepted.
 */
export function leavesSingle(
  work: InventoryWork,
  seatNos: readonly number[],
  opened: ReadonlySet<string>,
): InventoryOutcome | undefined {
  const hall = hallFor(work, seatNos);
  const isFree = (seatNo: number): boolean => !isArea(hall, seatNo) && work.isOpen(seatNo, opened);
  const singles = refusedSingles(work.sale.orphanPolicy, hall, seatNos, isFree);
  if (singles.length === 0) return undefined;
  const seats = seatNos.filter((seatNo) => !isArea(hall, seatNo));
  const isRight = (block: readonly number[]) => singleSeatsLeft(hall, block, isFree).length === 0;
  const alternatives = blocksNear(seats, neighbourhood(seats, hall), hall, { isFree, isRight });
  return { kind: 'leavesSingle', seatNos: singles, alternatives, version: work.version };
}
