import { rowsOf, type SeatPositions } from '../catalog/adjacency-rules.ts';
import { companionPlaces } from '../catalog/companion-rules.ts';
import { seatFlags } from '../catalog/seat-features-rules.ts';

/** A group of fans who want to be together. */
export type Party = { readonly size: number; readonly wheelchairPlaces: number };

/** The party for which these seats were chosen. */
export const partyOf = (plan: SeatPositions, seatNos: readonly number[]): Party => ({
  size: seatNos.length,
  wheelchairPlaces: seatNos.filter((seatNo) => has(plan, seatNo, seatFlags.accessible)).length,
});

const SPECIAL = seatFlags.accessible | seatFlags.companion | seatFlags.soldAsAWhole;

/** True for a seat that any fan may be offered: no wheelchair place, no companion seat, no chair of a whole table. */
export const isOrdinary = (plan: SeatPositions, seatNo: number): boolean => !has(plan, seatNo, SPECIAL);

/**
 * True when these seats may be offered to the party: they have exactly as many wheelchair places as it wants, each
 * companion seat is together with its wheelchair place, and a table that is sold as a whole is there as a whole.
 */
export function suitsParty(plan: SeatPositions, seatNos: ArrayLike<number>, party: Party): boolean {
  let wheelchairPlaces = 0;
  let isPlain = true;
  for (let index = 0; index < seatNos.length; index++) {
    const seatNo = seatNos[index] ?? 0;
    if (isOrdinary(plan, seatNo)) continue;
    isPlain = false;
    if (has(plan, seatNo, seatFlags.accessible)) wheelchairPlaces++;
  }
  if (wheelchairPlaces !== party.wheelchairPlaces) return false;
  return isPlain || isComplete(plan, new Set(Array.from(seatNos)));
}

function isComplete(plan: SeatPositions, seats: ReadonlySet<number>): boolean {
  const isWithPlace = (seatNo: number) => seats.has(companionPlaces(plan).get(seatNo) ?? -1);
  return (
    missingOfTable(plan, seats) === undefined &&
    [...seats].every((seatNo) => !has(plan, seatNo, seatFlags.companion) || isWithPlace(seatNo))
  );
}

/** The companion seats among these whose wheelchair places are not. A companion seat without a place is sold alone. */
export function companionsWithoutPlace(
  plan: SeatPositions,
  seats: ReadonlySet<number>,
): { readonly seatNo: number; readonly placeNo: number }[] {
  return [...seats].flatMap((seatNo) => {
    if (!has(plan, seatNo, seatFlags.companion)) return [];
    const placeNo = companionPlaces(plan).get(seatNo);
    return placeNo === undefined || seats.has(placeNo) ? [] : [{ seatNo, placeNo }];
  });
}

/** A seat that is missing because its table, which is sold as a whole, has another of these seats. */
export function missingOfTable(plan: SeatPositions, seats: ReadonlySet<number>): number | undefined {
  for (const seatNo of seats) {
    if (!has(plan, seatNo, seatFlags.soldAsAWhole)) continue;
    const { order, placeOf, rowAt, rowStarts } = rowsOf(plan);
    const row = rowAt[placeOf[seatNo] ?? 0] ?? 0;
    const missing = order.subarray(rowStarts[row], rowStarts[row + 1]).find((other) => !seats.has(other));
    if (missing !== undefined) return missing;
  }
  return undefined;
}

function has({ flags }: SeatPositions, seatNo: number, bits: number): boolean {
  return flags !== undefined && ((flags[seatNo] ?? 0) & bits) !== 0;
}
