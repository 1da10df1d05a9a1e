import type { SeatPositions, SeatRows } from '../catalog/adjacency-rules.ts';

type Point = readonly [x: number, y: number];

/** A plan with what its seats face. */
export type Hall = SeatPositions & {
  readonly width: number;
  readonly focalPoint?: Point;
  readonly sections?: readonly { readonly kind?: 'GENERAL_ADMISSION'; readonly focalPoint?: Point }[];
};

/** What a block of seats costs its fans and the hall. Fewer single seats win over a shorter distance. */
export type Score = { readonly leavesSingle: boolean; readonly distance: number };

/** What the seats of a section face: their own focal point, the plan's, or else the middle of its upper edge. */
export function focalPointOf(hall: Hall, seatNo: number): Point {
  return hall.sections?.[hall.sectionOf[seatNo] ?? -1]?.focalPoint ?? hall.focalPoint ?? [hall.width / 2, 0];
}

/** The better of two scores is the lower one; of equal ones the first stays. */
export const isBetter = (score: Score, best: Score | undefined): boolean =>
  !best || (score.leavesSingle === best.leavesSingle ? score.distance < best.distance : best.leavesSingle);

/** Squared, from the middle between the ends of a block to what its seats face. */
export function distanceOf(hall: Hall, one: number, other: number): number {
  const [focusX, focusY] = focalPointOf(hall, one);
  const x = ((hall.x[one] ?? 0) + (hall.x[other] ?? 0)) / 2 - focusX;
  const y = ((hall.y[one] ?? 0) + (hall.y[other] ?? 0)) / 2 - focusY;
  return x * x + y * y;
}

/** `to` is the place after the last one. */
export type PlaceRange = { readonly from: number; readonly to: number };

/** The longest runs of open seats next to each other, within these places. */
export function* openRuns(
  { order, runAt }: SeatRows,
  isOpen: (seatNo: number) => boolean,
  within: PlaceRange = { from: 0, to: order.length },
): Generator<PlaceRange> {
  let from = -1;
  for (let place = within.from; place <= within.to; place++) {
    const open = place < within.to && isOpen(order[place] ?? 0);
    const continues = from >= 0 && runAt[place] === runAt[from];
    if (from >= 0 && !(continues && open)) {
      yield { from, to: place };
      from = -1;
    }
    if (open && from < 0) from = place;
  }
}
