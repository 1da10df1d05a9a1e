import { COMPANION, type Layout, WHEELCHAIR } from './layout.ts';

/** Two seats are neighbours when they follow each other in a row without an aisle, as docs/reference/seating.md says. */
export type Neighbours = { readonly before: Int32Array; readonly after: Int32Array };

const AISLE = 1.6;

/** Finds the neighbours of all seats; -1 where a seat has no neighbour. */
export function neighboursOf(layout: Layout): Neighbours {
  const before = new Int32Array(layout.seatCount).fill(-1);
  const after = new Int32Array(layout.seatCount).fill(-1);
  for (const row of rowsOf(layout)) {
    const gaps = row.slice(1).map((seatNo, index) => distance(layout, row[index] ?? 0, seatNo));
    const usual = gaps.toSorted((a, b) => a - b)[gaps.length >> 1] ?? 0;
    gaps.forEach((gap, index) => {
      const [left, right] = [row[index] ?? 0, row[index + 1] ?? 0];
      if (gap > usual * AISLE) return;
      after[left] = right;
      before[right] = left;
    });
  }
  return { before, after };
}

/** Seats of each row, along the line from one end of the row to the other. */
function rowsOf(layout: Layout): number[][] {
  const rows = new Map<string, number[]>();
  for (let seatNo = 0; seatNo < layout.seatCount; seatNo++) {
    const section = layout.sectionOf[seatNo] ?? 0;
    if (layout.sections[section]?.isGeneral) continue;
    const key = `${section}\n${layout.rowOf(seatNo)}`;
    const row = rows.get(key);
    if (row) row.push(seatNo);
    else rows.set(key, [seatNo]);
  }
  return [...rows.values()].map((row) => alongTheRow(layout, row));
}

function alongTheRow(layout: Layout, row: number[]): number[] {
  const start = farthest(layout, row, row[0] ?? 0);
  const end = farthest(layout, row, start);
  const [dx, dy] = [(layout.x[end] ?? 0) - (layout.x[start] ?? 0), (layout.y[end] ?? 0) - (layout.y[start] ?? 0)];
  const along = (seatNo: number) => (layout.x[seatNo] ?? 0) * dx + (layout.y[seatNo] ?? 0) * dy;
  return row.toSorted((a, b) => along(a) - along(b));
}

function farthest(layout: Layout, row: number[], from: number): number {
  return row.reduce(
    (best, seatNo) => (distance(layout, from, seatNo) > distance(layout, from, best) ? seatNo : best),
    from,
  );
}

const distance = ({ x, y }: Layout, a: number, b: number): number =>
  Math.hypot((x[a] ?? 0) - (x[b] ?? 0), (y[a] ?? 0) - (y[b] ?? 0));

/**
 * Returns the free seats that a choice would leave single between taken ones. The server decides; this shows it before.
 */
export function singlesLeft(
  layout: Layout,
  { before, after }: Neighbours,
  chosen: ReadonlySet<number>,
  isFree: (seatNo: number) => boolean,
): number[] {
  const isOrdinary = (seatNo: number) => ((layout.flags[seatNo] ?? 0) & (WHEELCHAIR | COMPANION)) === 0;
  const isOpen = (seatNo: number) => seatNo >= 0 && !chosen.has(seatNo) && isFree(seatNo) && isOrdinary(seatNo);
  const singles = new Set<number>();
  for (const seatNo of chosen)
    for (const [side, from] of [
      [before, seatNo],
      [after, seatNo],
    ] as const) {
      const beside = side[from] ?? -1;
      if (isOpen(beside) && !isOpen(side[beside] ?? -1)) singles.add(beside);
    }
  return [...singles];
}
