import type { Layout } from './layouts.ts';

const WHEELCHAIR_OR_COMPANION = 5;

/** So many free seats side by side in one row, as near to the focal point of the plan as there are. Empty when there are none. */
export function bestBlock(layout: Layout, isFree: (seatNo: number) => boolean, count: number): number[] {
  const { focalPoint, box } = layout;
  const [fx, fy] = focalPoint ?? [(box.left + box.right) / 2, box.top];
  let best: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  let run: number[] = [];
  for (let seatNo = 0; seatNo < layout.seatCount; seatNo++) {
    const last = run.at(-1);
    const isSameRow = last !== undefined && isBeside(layout, last, seatNo);
    const isGood = isFree(seatNo) && ((layout.flags[seatNo] ?? 0) & WHEELCHAIR_OR_COMPANION) === 0;
    run = isGood ? [...(isSameRow ? run : []), seatNo].slice(-count) : [];
    if (run.length < count) continue;
    const distance = run.reduce(
      (sum, one) => sum + Math.hypot((layout.x[one] ?? 0) - fx, (layout.y[one] ?? 0) - fy),
      0,
    );
    if (distance >= least) continue;
    least = distance;
    best = run;
  }
  return best;
}

const isBeside = (layout: Layout, one: number, other: number): boolean =>
  layout.sectionOf[one] === layout.sectionOf[other] &&
  layout.rowOf(one) === layout.rowOf(other) &&
  !layout.sections[layout.sectionOf[one] ?? 0]?.isGeneral &&
  Math.hypot((layout.x[one] ?? 0) - (layout.x[other] ?? 0), (layout.y[one] ?? 0) - (layout.y[other] ?? 0)) <
    layout.radius * 3.2;
