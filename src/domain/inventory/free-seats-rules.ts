import { rowsOf, type SeatRows } from '../catalog/adjacency-rules.ts';
import type { Hall } from './block-search-rules.ts';
import { ordinaryPlacesOf } from './hall-places-rules.ts';

/**
 * Which lengths the stretches of free ordinary seats next to each other have. Bit n - 1 is set when a stretch of n seats
 * exists; the highest bit stands for 32 seats and more.
 */
export type Lengths = number;

const LONGEST = 32;
/** Up to so many seats `fittingAlone` says exactly which stretches have a block that leaves no seat single. */
export const EXACT_UP_TO = LONGEST - 2;

const bitOf = (length: number): Lengths => 1 << (Math.min(length, LONGEST) - 1);

/** The lengths of stretches with a block of this size. */
export const fitting = (size: number): Lengths => -bitOf(size);

/** The lengths of stretches with a block of this size that leaves no seat single: one seat more would leave one. */
export const fittingWithoutSingle = (size: number): Lengths =>
  size > EXACT_UP_TO ? fitting(size) : fitting(size) & ~bitOf(size + 1);

/** `byRun`, `byRow`: of the plan's runs of neighbours and its rows. `changed`: the runs whose lengths are outdated. */
type FreeRuns = { readonly byRun: Int32Array; readonly byRow: Int32Array; readonly changed: Set<number> };

/**
 * The free seats of an event, and the lengths of the stretches of free ordinary seats in each run and row. The lengths
 * are kept for each hall that was asked for, which is the plan with or without its pool of wheelchair places, and only
 * those of runs with a changed seat are computed again. So a search for the best seats skips the runs without room,
 * however large the hall is.
 */
export class FreeSeats {
  readonly #taken: Uint8Array;
  readonly #runs: Map<Hall, FreeRuns>;

  /** @param taken by seat number: 1 for a seat that is not free. It must not be changed afterwards. */
  constructor(taken: Uint8Array, runs = new Map<Hall, FreeRuns>()) {
    this.#taken = taken;
    this.#runs = runs;
  }

  /**
   * The same seats, with the lengths in this hall; changes of the one are not seen in the other. Copies a byte for each
   * seat, and some for each row.
   */
  fork(hall: Hall): FreeSeats {
    this.lengthsIn(hall);
    const copied = [...this.#runs].map(
      ([hall, { byRun, byRow, changed }]) =>
        [hall, { byRun: byRun.slice(), byRow: byRow.slice(), changed: new Set(changed) }] as const,
    );
    return new FreeSeats(this.#taken.slice(), new Map(copied));
  }

  isFree(seatNo: number): boolean {
    return this.#taken[seatNo] === 0;
  }

  /** The first free seat from `from` on, before `to`; `to` when there is none. */
  firstFree(from: number, to: number): number {
    const found = this.#taken.indexOf(0, from);
    return found < 0 ? to : Math.min(found, to);
  }

  set(seatNo: number, isFree: boolean): void {
    const taken = isFree ? 0 : 1;
    if (this.#taken[seatNo] === taken) return;
    this.#taken[seatNo] = taken;
    for (const [hall, { changed }] of this.#runs) {
      const { placeOf, runAt } = rowsOf(hall);
      const place = placeOf[seatNo] ?? 0;
      if (ordinaryPlacesOf(hall)[place] === 1) changed.add(runAt[place] ?? 0);
    }
  }

  /** The lengths by run of neighbours, and by row. They may be read until the next change. */
  lengthsIn(hall: Hall): Pick<FreeRuns, 'byRun' | 'byRow'> {
    const known = this.#runs.get(hall);
    if (known?.changed.size === 0) return known;
    const rows = rowsOf(hall);
    const runs = known ?? emptyRuns(rows);
    this.#runs.set(hall, runs);
    const changedRows = new Set<number>();
    for (const run of runs.changed) {
      runs.byRun[run] = this.#lengthsOf(hall, rows, run);
      changedRows.add(rows.rowAt[rows.runStarts[run] ?? 0] ?? 0);
    }
    runs.changed.clear();
    for (const row of changedRows) runs.byRow[row] = lengthsOfRow(rows, runs.byRun, row);
    return runs;
  }

  #lengthsOf(hall: Hall, { order, runStarts }: SeatRows, run: number): Lengths {
    const isOrdinary = ordinaryPlacesOf(hall);
    const [from, to] = [runStarts[run] ?? 0, runStarts[run + 1] ?? 0];
    let lengths = 0;
    let length = 0;
    for (let place = from; place <= to; place++) {
      if (place < to && isOrdinary[place] === 1 && this.#taken[order[place] ?? 0] === 0) length++;
      else if (length > 0) {
        lengths |= bitOf(length);
        length = 0;
      }
    }
    return lengths;
  }
}

/** All runs are outdated. */
function emptyRuns({ runStarts, rowStarts }: SeatRows): FreeRuns {
  const byRun = new Int32Array(runStarts.length - 1);
  return { byRun, byRow: new Int32Array(rowStarts.length - 1), changed: new Set(byRun.keys()) };
}

function lengthsOfRow({ rowStarts, runAt }: SeatRows, byRun: Int32Array, row: number): Lengths {
  const [first, last] = [runAt[rowStarts[row] ?? 0] ?? 0, runAt[(rowStarts[row + 1] ?? 0) - 1] ?? 0];
  let lengths = 0;
  for (let run = first; run <= last; run++) lengths |= byRun[run] ?? 0;
  return lengths;
}
