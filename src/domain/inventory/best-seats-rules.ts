import { rowsOf, type SeatRows } from '../catalog/adjacency-rules.ts';
import { hallFor } from './accessible-pool-rules.ts';
import { bestAvailable, prepareHall } from './best-available-rules.ts';
import type { Hall } from './block-search-rules.ts';
import type { HoldBestCommand } from './inventory-command.ts';
import type { Rules } from './inventory-state.ts';
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
  const { party, sections, level } = command;
  const hall = hallFor(work, party);
  const { levelOf } = work.rules;
  const isWanted = (seatNo: number): boolean =>
    (!sections || sections.has(hall.sectionOf[seatNo] ?? -1)) && isSold(levelOf(seatNo), level);
  if (!wantsOnlyAreas(hall, sections)) {
    const { order, runStarts } = rowsOf(hall);
    const levels = levelsOfRuns(hall, levelOf);
    const mayWant = (run: number): boolean =>
      (!sections || sections.has(hall.sectionOf[order[runStarts[run] ?? 0] ?? 0] ?? -1)) && levels.has(run, level);
    const search = { party, isWanted, mayWant, free: work.openSeats(hall, opened), policy: work.sale.orphanPolicy };
    return bestAvailable(hall, search)?.sort((one, other) => one - other);
  }
  if (party.wheelchairPlaces > 0) return undefined;
  const isFree = (seatNo: number): boolean => work.isOpen(seatNo, opened);
  return lowestPlaces(hall, party.size, (no) => isWanted(no) && isFree(no), firstOpen(work, hall, opened));
}

/** An event may sell some seats of its plan at no level, and then not at all. */
const isSold = (own: string | undefined, level: string | undefined): boolean =>
  level === undefined ? own !== undefined : own === level;

type LevelOf = Rules['levelOf'];
type RunLevels = {
  /** Whether a seat of the run is sold at the level, or at any when it is undefined. */
  has(run: number, level: string | undefined): boolean;
};
const known = new WeakMap<SeatRows, WeakMap<LevelOf, RunLevels>>();

/** The levels of the seats of each run of neighbours. Found once for the levels of a list. */
function levelsOfRuns(hall: Hall, levelOf: LevelOf): RunLevels {
  const rows = rowsOf(hall);
  const ofRows = known.get(rows) ?? new WeakMap<LevelOf, RunLevels>();
  known.set(rows, ofRows);
  const before = ofRows.get(levelOf);
  if (before) return before;
  const levels = findLevels(rows, levelOf);
  ofRows.set(levelOf, levels);
  return levels;
}

function findLevels({ order, runStarts }: SeatRows, levelOf: LevelOf): RunLevels {
  const byRun: ReadonlySet<string>[] = [];
  for (let run = 0; run + 1 < runStarts.length; run++) {
    const levels = new Set<string>();
    let before: string | undefined;
    for (let place = runStarts[run] ?? 0; place < (runStarts[run + 1] ?? 0); place++) {
      const level = levelOf(order[place] ?? 0);
      if (level !== undefined && level !== before) levels.add(level);
      before = level;
    }
    byRun.push(levels);
  }
  return {
    has(run, level) {
      const own = byRun[run];
      return own !== undefined && (level === undefined ? own.size > 0 : own.has(level));
    },
  };
}

/** Computes what is computed once for each plan and price list, so that no search has to do it behind an event's lock. */
export function prepareSearch(hall: Hall, levelOf: LevelOf): void {
  prepareHall(hall);
  levelsOfRuns(hall, levelOf);
}

function wantsOnlyAreas({ sections = [] }: Hall, wanted: ReadonlySet<number> | undefined): boolean {
  const isWanted = (place: number): boolean => !wanted || wanted.has(place);
  return sections.length > 0 && sections.every(({ kind }, place) => kind === 'GENERAL_ADMISSION' || !isWanted(place));
}
